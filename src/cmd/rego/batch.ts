import {
  EvaluationError,
  isObject,
  member,
  objectOf,
  type PlainObject,
  parseValue,
  plain,
  SourceError,
  stringify,
  type Value,
} from "#rego";
import { compileLoaded } from "./compile.ts";
import { evaluateOptions, type Reach } from "./evaluation.ts";

/** The path of one document: its value is the answer, not bindings. */
const DOCUMENT = /^data(?:\.[A-Za-z_]\w*|\["(?:[^"\\]|\\.)*"\])*$/;
const DEADLINE_MS = 9_000;

/**
 * Answers one line of `--batch`: `{"id", "modules", "data", "input", "query", "v0", "strict"}` with
 * `{"id", "result": […]}` or `{"id", "error": {"code", "message"}}`.
 */
export function answerLine(line: string, reach: Reach): string {
  let id: Value = null;
  try {
    const asked = parseValue(line);
    if (!isObject(asked)) throw new TypeError("a line is one JSON object");
    id = member(asked, "id") ?? null;
    return stringify(
      objectOf([
        ["id", id],
        ["result", resultOf(asked as PlainObject, reach)],
      ]),
    );
  } catch (error) {
    return stringify(
      objectOf([
        ["id", id],
        ["error", errorOf(error)],
      ]),
    );
  }
}

function resultOf(asked: PlainObject, reach: Reach): readonly Value[] {
  const query = asked["query"];
  if (typeof query !== "string") throw new TypeError("query is missing");
  const modules = objectIn(asked, "modules");
  const texts = Object.entries(modules).map(([name, text]) => {
    if (typeof text !== "string") throw new TypeError(`module ${name} is no text`);
    return [name, text] as const;
  });
  const policy = compileLoaded(Object.fromEntries(texts), objectIn(asked, "data"), {
    dialect: asked["v0"] === true ? "v0" : "v1",
  });
  const options = {
    ...evaluateOptions(DEADLINE_MS, reach),
    strictBuiltinErrors: asked["strict"] === true,
  };
  const input = asked["input"];
  if (!DOCUMENT.test(query)) return policy.evaluate(query, input, options).map(({ bindings }) => bindings);
  const value = policy.value(query, input, options);
  return value === undefined ? [] : [value];
}

function objectIn(asked: PlainObject, name: string): PlainObject {
  const value = asked[name] ?? {};
  const members = isObject(value) ? plain(value) : undefined;
  if (members === undefined) throw new TypeError(`${name} is no object`);
  return members;
}

/** A fault of the engine answers its own line and lets the others be answered. */
function errorOf(error: unknown): Value {
  if (error instanceof SourceError) {
    const [first] = error.findings;
    return { code: first?.code ?? "rego_compile_error", message: error.message };
  }
  if (error instanceof EvaluationError) return { code: error.code, message: error.message };
  return {
    code: "internal_error",
    message: error instanceof Error ? (error.stack ?? error.message) : String(error),
  };
}
