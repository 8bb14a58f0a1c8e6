import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { PosternError } from "#kernel";
import { isArray, isObject, member, type PlainObject, parseValue, type Value } from "#rego";

/** One case of the OPA compliance suite, as `../shared/conformance/README.md` describes them. */
export interface RegoCase {
  readonly note: string;
  /** Its folder, such as `v1/aggregates`. */
  readonly category: string;
  readonly file: string;
  readonly dialect: "v0" | "v1";
  readonly query: string;
  readonly modules: readonly string[];
  readonly data: PlainObject;
  readonly input: Value | undefined;
  /** The input as Rego text, for inputs that JSON cannot say. */
  readonly inputTerm: string | undefined;
  readonly wantResult: readonly PlainObject[] | undefined;
  readonly wantDefined: boolean | undefined;
  /** Part of the error's text. */
  readonly wantError: string | undefined;
  readonly wantErrorCode: string | undefined;
  readonly strictError: boolean;
  readonly sortBindings: boolean;
  readonly env: PlainObject;
}

/** Stands beside the cases and holds none. */
const CAPABILITIES = "capabilities.json";

/** Reads every case below a folder, numbers exactly. Cases below a folder `v0` are in that syntax. @throws PosternError */
export function readCases(folder: string): readonly RegoCase[] {
  let names: readonly string[];
  try {
    names = readdirSync(folder, { recursive: true, encoding: "utf8" });
  } catch (cause) {
    throw new PosternError("not_found", "the cases cannot be read", { where: folder, cause });
  }
  return names
    .filter((name) => name.endsWith(".json") && name !== CAPABILITIES)
    .sort()
    .flatMap((name) => casesOf(folder, name));
}

function casesOf(folder: string, file: string): readonly RegoCase[] {
  const document = parseValue(readFileSync(join(folder, file), "utf8"));
  const cases = isObject(document) ? member(document, "cases") : undefined;
  if (!isArray(cases)) throw invalid(file, "has no cases");
  // The folder given may be that of one syntax or one category.
  const path = resolve(folder, file).split("/");
  const category = relative(resolve(folder), dirname(resolve(folder, file))) || (path.at(-2) ?? "");
  const dialect = path.includes("v0") ? "v0" : "v1";
  return cases.map((each) => ({ ...caseOf(each, file), category, file, dialect }));
}

function caseOf(value: Value, file: string): Omit<RegoCase, "category" | "file" | "dialect"> {
  if (!isObject(value)) throw invalid(file, "has a case that is no object");
  const get = (name: string): Value | undefined => member(value, name);
  const text = (name: string): string | undefined => {
    const found = get(name);
    if (found !== undefined && typeof found !== "string") throw invalid(file, `${name} is no text`);
    return found;
  };
  const object = (found: Value | undefined, name: string): PlainObject => {
    if (!isObject(found)) throw invalid(file, `${name} is no object`);
    return found as PlainObject;
  };
  const list = (name: string): readonly Value[] | undefined => {
    const found = get(name) ?? undefined;
    if (found !== undefined && !isArray(found)) throw invalid(file, `${name} is no list`);
    return found;
  };
  const defined = get("want_defined");
  return {
    note: text("note") ?? "(without a note)",
    query: text("query") ?? "",
    modules: (list("modules") ?? []).map(String),
    data: object(get("data") ?? {}, "data"),
    input: get("input"),
    inputTerm: text("input_term"),
    wantResult: list("want_result")?.map((row) => object(row, "want_result")),
    wantDefined: typeof defined === "boolean" ? defined : undefined,
    wantError: text("want_error"),
    wantErrorCode: text("want_error_code"),
    strictError: get("strict_error") === true,
    sortBindings: get("sort_bindings") === true,
    env: object(get("env") ?? {}, "env"),
  };
}

function invalid(file: string, what: string): PosternError {
  return new PosternError("input.invalid", `this file of cases ${what}`, { where: file });
}
