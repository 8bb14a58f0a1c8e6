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

/**
 * Reads files and folders as `opa eval --data` does: `.rego` files are modules; JSON and YAML files are documents, merged
 * into `data` at their root when they are named themselves, and under their folder's path when they stand in a named
 * folder. `a.b:PATH` puts them under `data.a.b`. Other files in a folder are passed over; hidden ones are not. Without
 * `documents` modules alone are read.
 * @throws PosternError `not_found`, `input.malformed`, `input.invalid`, `conflict`
 */
export function loadPaths(
  paths: readonly string[],
  from: string,
  { documents = true }: { readonly documents?: boolean } = {},
): Loaded {
  const modules: Record<string, string> = {};
  const data = new DataTree();
  for (const given of paths) {
    const { prefix, path } = split(given);
    for (const { file, below } of filesOf(path, from)) {
      const location = resolve(from, file);
      const kind = extname(file);
      if (kind === ".rego") modules[file] = decode(readFileSync(location), file);
      else if (documents && (below === undefined || DOCUMENT.test(kind)))
        data.put([...prefix, ...(below ?? [])], readDocument(location, file), file);
    }
  }
  return { modules, data };
}

const DOCUMENT = /^\.(json|ya?ml)$/;
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

function* filesOf(path: string, from: string): Generator<Found> {
  const found = statSync(resolve(from, path), { throwIfNoEntry: false });
  if (found?.isDirectory()) yield* walk(normalize(path), from, []);
  else if (found?.isFile()) yield { file: normalize(path), below: undefined };
  else {
    throw new PosternError("not_found", "no such file or folder", {
      where: path,
      remedy: "name a .rego, .json or .yaml file, or a folder of them",
    });
  }
}

/** In order of name. A link to a file counts, a link to a folder does not, so that no loop is walked. */
function* walk(folder: string, from: string, below: readonly string[]): Generator<Found> {
  const entries = readdirSync(resolve(from, folder), { withFileTypes: true });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const file = join(folder, entry.name);
    if (entry.isDirectory()) yield* walk(file, from, [...below, entry.name]);
    else if (entry.isFile()) yield { file, below };
    else if (statSync(resolve(from, file), { throwIfNoEntry: false })?.isFile() === true)
      yield { file, below };
  }
}

/** Reads a JSON or YAML file as one value, its numbers exactly. @throws PosternError `input.malformed` */
export function readDocument(location: string, name: string): Value {
  let text: string;
  try {
    text = decode(readFileSync(location === "-" ? 0 : location), name);
  } catch (cause) {
    if (cause instanceof PosternError) throw cause;
    throw new PosternError("not_found", "the file cannot be read", { where: name, cause });
  }
  try {
    return extname(basename(name)) === ".json" ? parseValue(text) : readYaml(text);
  } catch (error) {
    // JSON that is none, a number out of all bounds, YAML that is none
    if (!(error instanceof SyntaxError || error instanceof RangeError || error instanceof EvaluationError))
      throw error;
    throw new PosternError("input.malformed", `this is no document: ${error.message}`, { where: name });
  }
}

/** YAML as the language itself reads it. */
export function readYaml(text: string): Value {
  const [solution] = compile({}).evaluate("x = yaml.unmarshal(input)", text, { strictBuiltinErrors: true });
  return solution?.bindings["x"] ?? null;
}

function decode(content: Uint8Array, name: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(content);
  } catch (cause) {
    throw new PosternError("input.malformed", "this file is not UTF-8 text", { where: name, cause });
  }
}
