import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, extname, join, normalize, resolve } from "node:path";
import { PosternError } from "#kernel";
import { compile, EvaluationError, parseValue, type Value } from "#rego";
import { DataTree } from "./data-tree.ts";

/** Policies and base documents that a command works on. */
export interface Loaded {
  /** Texts of modules by the path that they are spoken of by. */
  readonly modules: { readonly [file: string]: string };
  readonly data: DataTree;
}

export interface LoadOptions {
  /** Whether documents are read, or modules alone; they are unless this says no. */
  readonly documents?: boolean;
  /** Names of files and folders within folders that are passed over; `*` and `?` stand for any characters and for one. */
  readonly ignore?: readonly string[];
  /** Folders that are bundles: of documents, only files named `data.json` or `data.yaml` count. */
  readonly bundles?: readonly string[];
}

/**
 * Reads files and folders as `opa eval --data` does: `.rego` files are modules; JSON and YAML files are documents, merged
 * into `data` at their root when they are named themselves, and under their folder's path when they stand in a named
 * folder. `a.b:PATH` puts them under `data.a.b`. Other files in a folder are passed over; hidden ones are not. A file that
 * is named twice counts once.
 * @throws PosternError `not_found`, `input.malformed`, `input.invalid`, `conflict`
 */
export function loadPaths(paths: readonly string[], from: string, options: LoadOptions = {}): Loaded {
  const { documents = true, bundles = [] } = options;
  const modules: Record<string, string> = {};
  const data = new DataTree();
  const read = new Set<string>();
  const take = ({ file, below }: Found, prefix: readonly string[], isDocument: boolean): void => {
    const location = resolve(from, file);
    const path = [...prefix, ...(below ?? [])];
    const key = JSON.stringify([location, path]);
    if (read.has(key)) return;
    read.add(key);
    if (extname(file) === ".rego") modules[file] = decode(readFile(location, file), file);
    else if (documents && isDocument) data.put(path, readDocument(location, file), file);
  };
  for (const given of paths) {
    const { prefix, path } = split(given);
    for (const found of filesOf(path, from, options))
      take(found, prefix, found.below === undefined || DOCUMENT.test(extname(found.file)));
  }
  for (const path of bundles) {
    if (statSync(resolve(from, path), { throwIfNoEntry: false })?.isFile())
      throw new PosternError("input.invalid", "a bundle is read from its folder, not from an archive", {
        where: path,
        remedy: `mkdir bundle && tar -xzf ${path} -C bundle, then -b bundle`,
      });
    for (const found of filesOf(path, from, options)) take(found, [], BUNDLED.test(basename(found.file)));
  }
  return { modules, data };
}

const DOCUMENT = /^\.(json|ya?ml)$/;
const BUNDLED = /^data\.(json|ya?ml)$/;
const PREFIXED = /^([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*):(.+)$/;

/** `a.b:PATH` in its parts; `file:` URLs are paths. */
function split(given: string): { readonly prefix: readonly string[]; readonly path: string } {
  const found = given.startsWith("file:") ? null : PREFIXED.exec(given);
  const path = (found?.[2] ?? given).replace(/^file:\/\//, "");
  return { prefix: found?.[1]?.split(".") ?? [], path };
}

interface Found {
  readonly file: string;
  /** The folders between the one that was named and the file; undefined for a file that was named itself. */
  readonly below: readonly string[] | undefined;
}

/** The files that a path names: itself, or all in that folder, in order of name. */
export function* filesOf(path: string, from: string, { ignore = [] }: LoadOptions): Generator<Found> {
  const found = statSync(resolve(from, path), { throwIfNoEntry: false });
  if (found?.isDirectory()) yield* walk(normalize(path), { from, ignored: ignore.map(namePattern) }, []);
  else if (found?.isFile()) yield { file: normalize(path), below: undefined };
  else {
    throw new PosternError("not_found", "no such file or folder", {
      where: path,
      remedy: "name a .rego, .json or .yaml file, or a folder of them",
    });
  }
}

/** In order of name. A link to a file counts, a link to a folder does not, so that no loop is walked. */
function* walk(
  folder: string,
  within: { readonly from: string; readonly ignored: readonly RegExp[] },
  below: readonly string[],
): Generator<Found> {
  const { from, ignored } = within;
  const entries = reading(folder, () => readdirSync(resolve(from, folder), { withFileTypes: true }));
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (ignored.some((pattern) => pattern.test(entry.name))) continue;
    const file = join(folder, entry.name);
    if (entry.isDirectory()) yield* walk(file, within, [...below, entry.name]);
    else if (entry.isFile()) yield { file, below };
    else if (statSync(resolve(from, file), { throwIfNoEntry: false })?.isFile() === true)
      yield { file, below };
  }
}

function namePattern(name: string): RegExp {
  const escaped = name.replace(/[.+^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`^${escaped.replaceAll("*", ".*").replaceAll("?", ".")}$`, "su");
}

/** @throws PosternError `not_found` for what is not there, or may not be read */
function reading<T>(name: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
    throw new PosternError("not_found", `this cannot be read${REASONS.get(code) ?? ""}`, {
      where: name,
      cause,
    });
  }
}

const REASONS: ReadonlyMap<string, string> = new Map([
  ["ENOENT", ": there is no such file"],
  ["EACCES", ": it is not open to you"],
  ["EISDIR", ": it is a folder"],
]);

/** The bytes of a file; `-` is standard input. */
export function readFile(location: string, name: string): Uint8Array {
  return reading(name, () => readFileSync(location === "-" ? 0 : location));
}

/** Reads a JSON or YAML file as one value, its numbers exactly. @throws PosternError `input.malformed` */
export function readDocument(location: string, name: string): Value {
  const text = decode(readFile(location, name), name);
  try {
    if (/\.ya?ml$/.test(name)) return readYaml(text);
    return /\.json$/.test(name) || /^\s*[{[]/.test(text) ? parseValue(text) : readYaml(text);
  } catch (error) {
    // JSON that is none, a number out of all bounds, YAML that is none
    if (!(error instanceof SyntaxError || error instanceof RangeError || error instanceof EvaluationError))
      throw error;
    const what = error.message.replace(/^yaml\.unmarshal: (yaml: )?/, "").replace(/:\s*$/, "");
    throw new PosternError("input.malformed", `this is no document: ${what}`, { where: name });
  }
}

/** YAML as the language itself reads it. */
export function readYaml(text: string): Value {
  const [solution] = compile({}).evaluate("x = yaml.unmarshal(input)", text, { strictBuiltinErrors: true });
  return solution?.bindings["x"] ?? null;
}

/** @throws PosternError `input.malformed` */
export function decode(content: Uint8Array, name: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(content);
  } catch (cause) {
    throw new PosternError("input.malformed", "this file is not UTF-8 text", { where: name, cause });
  }
}
