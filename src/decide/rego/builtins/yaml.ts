/** YAML texts (OPA policy reference, "Encoding"), read as Go's yaml.v3 reads them on the way to JSON. The first document counts. */
import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  type Node,
  parseAllDocuments,
  type Scalar,
  type YAMLMap,
} from "yaml";
import { isNumber, numberText, RegoObject, type Value } from "../values/index.ts";
import { type Evaluation, failure, type Implementations, stringOperand } from "./builtin.ts";
import { reading } from "./data-error.ts";
import { marshalYaml } from "./yaml/marshal.ts";
import { numberScalar, plainScalar } from "./yaml/scalar.ts";

class Unreadable extends Error {}

function parse(evaluation: Evaluation, text: string): Value {
  if (/^\.\.\.$/m.test(text) && text.trim() === "...")
    throw new Unreadable("did not find expected document start");
  const documents = parseAllDocuments(text, {
    schema: "failsafe",
    uniqueKeys: false,
    strict: true,
    logLevel: "silent",
  });
  if (!Array.isArray(documents)) return null;
  for (const { errors } of documents as Document[]) {
    const [error] = errors;
    if (error !== undefined) throw new Unreadable(error.message.split("\n")[0]);
  }
  const [first] = documents as Document[];
  return first === undefined || first.contents === null
    ? null
    : new Reader(evaluation, first).value(first.contents as Node);
}

class Reader {
  readonly #evaluation: Evaluation;
  readonly #document: Document;
  readonly #open = new Set<Node>();
  constructor(evaluation: Evaluation, document: Document) {
    this.#evaluation = evaluation;
    this.#document = document;
  }

  value(node: Node | null): Value {
    this.#evaluation.charge(1);
    if (node === null) return null;
    if (isAlias(node)) return this.value(this.#target(node));
    if (this.#open.has(node)) throw new Unreadable("anchor contains itself");
    this.#open.add(node);
    const found = this.#inner(node);
    this.#open.delete(node);
    return found;
  }

  #inner(node: Node): Value {
    if (isScalar(node)) return scalar(node);
    if (isSeq(node)) return node.items.map((item) => this.value(item as Node | null));
    if (isMap(node)) return this.#object(node);
    throw new Unreadable("unexpected node");
  }

  #target(alias: Alias): Node {
    const found = alias.resolve(this.#document);
    if (found === undefined) throw new Unreadable(`unknown anchor '${alias.source}' referenced`);
    return found;
  }

  #object(map: YAMLMap): Value {
    const members = new RegoObject();
    const merged: Value[] = [];
    for (const pair of map.items) {
      if (!isPair(pair)) continue;
      const key = pair.key as Node | null;
      if (isScalar(key) && key.value === "<<" && key.type === "PLAIN") {
        const source = this.value(pair.value as Node | null);
        merged.push(...(Array.isArray(source) ? source : [source]));
      } else members.put(this.#key(key), this.value(pair.value as Node | null));
    }
    for (const source of merged) {
      if (!(source instanceof RegoObject))
        throw new Unreadable("map merge requires map or sequence of maps as the value");
      for (const [key, item] of source.unsorted()) if (members.get(key) === undefined) members.put(key, item);
    }
    return members;
  }

  /** Scalar keys become texts, as JSON has no others. */
  #key(node: Node | null): string {
    const key = this.value(node);
    if (typeof key === "string") return key;
    if (typeof key === "boolean") return String(key);
    if (isNumber(key)) return numberText(key);
    throw new Unreadable("unsupported type of map key");
  }
}

function scalar(node: Scalar): Value {
  const text = node.source ?? String(node.value);
  const tag = node.tag?.replace("tag:yaml.org,2002:", "!!");
  switch (tag) {
    case undefined: {
      if (node.type !== "PLAIN") return text;
      const found = plainScalar(text);
      if (found === undefined) throw new Unreadable("json: unsupported value");
      return found;
    }
    case "!!int":
    case "!!float": {
      const found = numberScalar(text);
      if (found === undefined) throw new Unreadable(`cannot decode as ${tag}`);
      return found;
    }
    case "!!bool":
    case "!!null":
      return plainScalar(text) ?? null;
    case "!!binary":
      return Buffer.from(text, "base64").toString("utf8");
    default:
      return text;
  }
}

export const YAML: Implementations = {
  "yaml.marshal": reading("yaml.marshal", (_, value) => marshalYaml(value)),
  "yaml.unmarshal": (evaluation, value) => {
    try {
      return parse(evaluation, stringOperand("yaml.unmarshal", 1, value));
    } catch (error) {
      if (error instanceof Unreadable) throw failure("yaml.unmarshal", `yaml: ${error.message}`);
      throw error;
    }
  },
  "yaml.is_valid": (evaluation, value) => {
    if (typeof value !== "string") return false;
    try {
      parse(evaluation, value);
      return true;
    } catch (error) {
      if (error instanceof Unreadable) return false;
      throw error;
    }
  },
};
