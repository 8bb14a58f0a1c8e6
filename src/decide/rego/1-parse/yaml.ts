/** The YAML of annotations, as Go's yaml.v3 reads it. The library is loaded when a module first has some. */
import { createRequire } from "node:module";
import type { Document, Node, Scalar } from "yaml";
import { plainScalar } from "../builtins/yaml/scalar.ts";
import { objectOf, type Value } from "../values/index.ts";

/** A text that is no YAML, and the line of it, from 1. */
export class YamlFailure {
  readonly message: string;
  readonly line: number;
  constructor(message: string, line: number) {
    this.message = message;
    this.line = line;
  }
}

/** Aliases may stand for more than anybody meant. */
const MAX_NODES = 100_000;

let library: typeof import("yaml") | undefined;

/**
 * Reads the first document of a text. Members named in `texts` keep the spelling of what they hold.
 * @throws YamlFailure
 */
export function readYaml(text: string, texts: ReadonlySet<string>): Value {
  library ??= createRequire(import.meta.url)("yaml") as typeof import("yaml");
  const { isAlias, isMap, isScalar, isSeq, parseAllDocuments } = library;
  const documents = parseAllDocuments(text, { schema: "failsafe", strict: true, logLevel: "silent" });
  const [document] = Array.isArray(documents) ? (documents as Document[]) : [];
  const [error] = document?.errors ?? [];
  if (error !== undefined)
    throw new YamlFailure(
      (error.message.split("\n")[0] ?? "").replace(/ at line \d+, column \d+:?$/, ""),
      error.linePos?.[0].line ?? 1,
    );
  let count = 0;
  const read = (node: Node | null, depth: number, spelled: boolean): Value => {
    if (++count > MAX_NODES) throw new YamlFailure("document contains excessive aliasing", 1);
    if (node === null) return null;
    if (isAlias(node)) {
      const target = document === undefined ? undefined : node.resolve(document);
      if (target === undefined) throw new YamlFailure(`unknown anchor '${node.source}' referenced`, 1);
      return read(target, depth, spelled);
    }
    if (isSeq(node)) return node.items.map((item) => read(item as Node | null, depth + 1, spelled));
    if (isMap(node))
      return objectOf(
        node.items.map(({ key, value }): [Value, Value] => {
          const name = read(key as Node | null, depth + 1, depth === 0);
          const isText = depth === 0 && typeof name === "string" && texts.has(name);
          return [name, read(value as Node | null, depth + 1, isText)];
        }),
      );
    return isScalar(node) ? scalarValue(node, spelled) : null;
  };
  return document === undefined ? null : read(document.contents as Node | null, 0, false);
}

function scalarValue(node: Scalar, spelled: boolean): Value {
  const text = node.source ?? String(node.value);
  if (node.type !== "PLAIN" || node.tag === "tag:yaml.org,2002:str") return text;
  const known = plainScalar(text);
  const value = known === undefined ? text : known;
  if (spelled && value !== null) return text;
  return /^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : value;
}
