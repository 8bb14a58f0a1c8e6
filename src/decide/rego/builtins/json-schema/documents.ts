/** Schema documents by their address, and the references between them (JSON Schema draft 7 §8). */
import { createRequire } from "node:module";
import {
  isArray,
  isObject,
  member,
  objectOf,
  parseValue,
  sortedEntries,
  stringify,
  type Value,
} from "../../values/index.ts";
import { DataError } from "../data-error.ts";
import { parseUrl } from "../go-url.ts";
import type { Draft, Fetch } from "./schema.ts";

export interface SchemaDocument {
  readonly value: Value;
  readonly draft: Draft;
}

/** Members whose values are values, not schemas. */
const LITERAL: ReadonlySet<Value> = new Set<Value>(["const", "enum"]);
/** Members that hold schemas by names of their own. */
const NAMED: ReadonlySet<Value> = new Set<Value>(["properties", "dependencies", "patternProperties"]);

const require = createRequire(import.meta.url);

/** The schemas of schemas, each read where a schema refers to it. */
const DRAFTS: ReadonlyMap<string, { readonly draft: Draft; readonly read: () => unknown }> = new Map([
  [
    "http://json-schema.org/draft-04/schema",
    {
      draft: "draft4",
      read: (): unknown => require("ajv-draft-04/dist/refs/json-schema-draft-04.json"),
    },
  ],
  [
    "http://json-schema.org/draft-06/schema",
    { draft: "draft6", read: (): unknown => require("ajv/dist/refs/json-schema-draft-06.json") },
  ],
  [
    "http://json-schema.org/draft-07/schema",
    { draft: "draft7", read: (): unknown => require("ajv/dist/refs/json-schema-draft-07.json") },
  ],
]);

function draftOf(value: Value): Draft {
  const name = isObject(value) ? member(value, "$schema") : undefined;
  if (name === undefined) return "hybrid";
  if (typeof name !== "string") throw new DataError("$schema must be of type string");
  return DRAFTS.get(withoutFragment(name))?.draft ?? "hybrid";
}

function withoutFragment(address: string): string {
  const hash = address.indexOf("#");
  return hash < 0 ? address : address.slice(0, hash);
}

/** @throws DataError on what is no URL */
function resolved(base: string, reference: string): string {
  try {
    parseUrl(reference);
  } catch (error) {
    if (error instanceof DataError)
      throw new DataError(`parse ${JSON.stringify(reference)}: ${error.message}`);
    throw error;
  }
  if (reference === "" || reference.startsWith("#")) return withoutFragment(base) + reference;
  if (/^[A-Za-z][A-Za-z0-9+.-]*:/.test(reference)) return reference;
  if (base === "") return reference;
  return URL.parse(reference, base)?.href ?? reference;
}

export class Documents {
  readonly #documents = new Map<string, SchemaDocument>();
  readonly #fetch: Fetch;
  readonly root: SchemaDocument;
  /** @throws DataError where an identifier of the root is taken twice, or is no URL */
  constructor(root: Value, fetch: Fetch) {
    this.#fetch = fetch;
    this.root = this.#take("", root);
  }

  /** Keeps a document and those within it that have identifiers; every reference in it becomes an absolute one. */
  #take(address: string, value: Value): SchemaDocument {
    const draft = draftOf(value);
    const document = { value: this.#absolute(value, address, draft), draft };
    this.#documents.set(address, document);
    return document;
  }

  #absolute(value: Value, base: string, draft: Draft): Value {
    if (isArray(value)) return value.map((item) => this.#absolute(item, base, draft));
    if (!isObject(value)) return value;
    const name = member(value, "id") === undefined ? "$id" : "id";
    const id = member(value, name);
    const own = typeof id === "string" ? resolved(base, id) : base;
    const members = sortedEntries(value).map(([key, item]): readonly [Value, Value] => {
      if (LITERAL.has(key)) return [key, item];
      if (key === "$ref" && typeof item === "string") return [key, resolved(own, item)];
      if (!NAMED.has(key) || !isObject(item)) return [key, this.#absolute(item, own, draft)];
      const named = sortedEntries(item).map(([inner, schema]): readonly [Value, Value] => [
        inner,
        this.#absolute(schema, own, draft),
      ]);
      return [key, objectOf(named)];
    });
    const found = objectOf(members);
    if (typeof id === "string" && own !== "") {
      if (this.#documents.has(own)) throw new DataError(`Reference already exists: ${JSON.stringify(own)}`);
      this.#documents.set(own.replace(/#$/, ""), { value: found, draft });
    }
    return found;
  }

  /** @throws DataError where there is nothing at that address */
  at(reference: string): SchemaDocument {
    const known = this.#documents.get(reference.replace(/#$/, ""));
    if (known !== undefined) return known;
    const address = withoutFragment(reference);
    const document = this.#documents.get(address) ?? this.#load(address);
    const fragment = reference.slice(address.length + 1);
    if (!fragment.startsWith("/")) return document;
    return { value: pointed(document.value, fragment), draft: document.draft };
  }

  #load(address: string): SchemaDocument {
    const known = DRAFTS.get(address);
    if (known !== undefined) return this.#take(address, parseValue(JSON.stringify(known.read())));
    if (!/^[A-Za-z][A-Za-z0-9+.-]*:/.test(address))
      throw new DataError(`Reference ${address.startsWith("/") ? "" : "/"}${address} must be canonical`);
    return this.#take(address, this.#fetch(address));
  }
}

/** JSON Pointer (RFC 6901) as a URL's fragment. */
function pointed(document: Value, pointer: string): Value {
  let value = document;
  for (const part of pointer.slice(1).split("/")) {
    const step = unescaped(part);
    if (isArray(value)) {
      const index = /^\d+$/.test(step) ? Number(step) : undefined;
      if (index === undefined) throw new DataError(`Invalid array index '${step}'`);
      if (index >= value.length)
        throw new DataError(`Out of bound array[0,${value.length}] index '${index}'`);
      value = value[index] as Value;
    } else if (isObject(value)) {
      const found = member(value, step);
      if (found === undefined) throw new DataError(`Object has no key '${step}'`);
      value = found;
    } else throw new DataError(`Invalid token reference '${stringify(value)}'`);
  }
  return value;
}

function unescaped(part: string): string {
  let text = part;
  try {
    text = decodeURIComponent(part);
  } catch (error) {
    if (!(error instanceof URIError)) throw error;
  }
  return text.replaceAll("~1", "/").replaceAll("~0", "~");
}
