/** The signatures of built-ins as types: the notation of `declarations.ts`, read once each. */
import { DECLARATIONS } from "../builtins/declarations.ts";
import {
  ANY,
  arrayOf,
  BOOLEAN,
  type FunctionType,
  NULL,
  NUMBER,
  objectType,
  type Property,
  type Rest,
  STRING,
  type Type,
} from "./types.ts";

const KNOWN = new Map<string, FunctionType>();

/** The signature of a built-in, or undefined for a name that is none. */
export function signatureOf(name: string): FunctionType | undefined {
  const known = KNOWN.get(name);
  if (known !== undefined) return known;
  const text = DECLARATIONS.get(name)?.signature;
  if (text === undefined) return undefined;
  const signature = new Reader(text).signature();
  KNOWN.set(name, signature);
  return signature;
}

class Reader {
  readonly #tokens: readonly string[];
  #at = 0;
  constructor(text: string) {
    this.#tokens = text.match(/"[^"]*"|[A-Za-z]+|=>|\.\.\.|[()[\]{}:,|]/g) ?? [];
  }

  signature(): FunctionType {
    this.#take("(");
    const operands: Type[] = [];
    let variadic = false;
    while (!this.#ahead(")")) {
      if (this.#ahead("...")) {
        this.#take("...");
        variadic = true;
      }
      operands.push(this.#type());
      if (this.#ahead(",")) this.#take(",");
    }
    this.#take(")");
    this.#take("=>");
    const result = this.#ahead("nothing") ? undefined : this.#type();
    return { kind: "function", operands: variadic ? [] : operands, result, variadic };
  }

  #ahead(token: string): boolean {
    return this.#tokens[this.#at] === token;
  }

  #take(token: string): void {
    if (!this.#ahead(token))
      throw new Error(`signature: expected ${token}, found ${this.#tokens[this.#at] ?? "the end"}`);
    this.#at++;
  }

  #type(): Type {
    const token = this.#tokens[this.#at++];
    switch (token) {
      case "any":
        return ANY;
      case "null":
        return NULL;
      case "boolean":
        return BOOLEAN;
      case "number":
        return NUMBER;
      case "string":
        return STRING;
      case "array":
        return arrayOf([]);
      case "set": {
        this.#take("[");
        const of = this.#type();
        this.#take("]");
        return { kind: "set", of };
      }
      case "(": {
        const of = [this.#type()];
        while (this.#ahead("|")) {
          this.#take("|");
          of.push(this.#type());
        }
        this.#take(")");
        return of.length === 1 && of[0] !== undefined ? of[0] : { kind: "any", of };
      }
      case "[":
        return this.#array();
      case "{":
        return this.#object();
      case undefined:
        throw new Error("signature: unexpected end");
      default:
        throw new Error(`signature: unexpected ${token}`);
    }
  }

  #array(): Type {
    const items: Type[] = [];
    let rest: Type | undefined;
    while (!this.#ahead("]")) {
      if (this.#ahead("...")) {
        this.#take("...");
        rest = this.#type();
      } else items.push(this.#type());
      if (this.#ahead(",")) this.#take(",");
    }
    this.#take("]");
    return arrayOf(items, rest);
  }

  #object(): Type {
    const members: Property[] = [];
    let rest: Rest | undefined;
    while (!this.#ahead("}")) {
      if (this.#ahead("[")) {
        this.#take("[");
        const key = this.#type();
        this.#take("]");
        this.#take(":");
        rest = { key, value: this.#type() };
      } else {
        const key = (this.#tokens[this.#at++] ?? '""').slice(1, -1);
        this.#take(":");
        members.push({ key, type: this.#type() });
      }
      if (this.#ahead(",")) this.#take(",");
    }
    this.#take("}");
    return objectType(members, rest);
  }
}
