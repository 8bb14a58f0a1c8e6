/** What is known of the variables of one body, and what its terms can be. */
import type { CallTerm, ObjectTerm, RefTerm, Term } from "../syntax.ts";
import { constantOf, scalarOf } from "./constant.ts";
import { isCollection, select, valuesOf } from "./members.ts";
import { signatureOf } from "./signature.ts";
import {
  ANY,
  arrayOf,
  BOOLEAN,
  bounded,
  dictionary,
  type FunctionType,
  keyOf,
  NULL,
  NUMBER,
  objectType,
  or,
  orAll,
  type Property,
  type Rest,
  STRING,
  type Type,
} from "./types.ts";

/** The documents that references lead to. */
export interface Documents {
  readonly input: Type;
  /** What is at a path into `data`. */
  dataAt(path: readonly Term[]): Type | undefined;
}

/**
 * The result of a call, and the value of a comprehension, are as variables that stand for them: they become known once the
 * term was checked, and stay unknown where that failed.
 */
export class Environment {
  readonly documents: Documents;
  readonly #variables = new Map<string, Type>();
  readonly #terms = new Map<Term, Type>();
  readonly #outer: Environment | undefined;
  constructor(documents: Documents, outer?: Environment) {
    this.documents = documents;
    this.#outer = outer;
  }

  /** What `with` makes of the input for the expression at hand. */
  replacedInput: Type | undefined;

  get input(): Type {
    const outer = this.#outer;
    return this.replacedInput ?? (outer === undefined ? this.documents.input : outer.input);
  }

  /** Of a closure, which sees what is around it. */
  inner(): Environment {
    return new Environment(this.documents, this);
  }

  variable(name: string): Type | undefined {
    return this.#variables.get(name) ?? this.#outer?.variable(name);
  }

  /** From here on the variable, or what stands for a term, is of that type. */
  learn(term: Term, type: Type): void {
    if (term.kind === "var") this.#variables.set(term.name, type);
    else this.#terms.set(term, type);
  }

  #learned(term: Term): Type | undefined {
    return this.#terms.get(term) ?? (this.#outer === undefined ? undefined : this.#outer.#learned(term));
  }

  /** Variables of a pattern that nothing is known of can be anything. */
  settle(term: Term): void {
    switch (term.kind) {
      case "var":
        if (this.variable(term.name) === undefined) this.learn(term, ANY);
        return;
      case "array":
      case "set":
        for (const item of term.items) this.settle(item);
        return;
      case "object":
        for (const member of term.members) for (const part of member) this.settle(part);
        return;
      case "boolean":
      case "call":
      case "comprehension":
      case "null":
      case "number":
      case "ref":
      case "string":
      case "template":
        return;
    }
  }

  typeOf(term: Term): Type | undefined {
    switch (term.kind) {
      case "null":
        return NULL;
      case "boolean":
        return BOOLEAN;
      case "number":
        return NUMBER;
      case "string":
      case "template":
        return STRING;
      case "var":
        if (term.name === "input") return this.input;
        return term.name === "data" ? this.documents.dataAt([]) : this.variable(term.name);
      case "ref":
        return this.#learned(term) ?? this.#ofReference(term);
      case "array":
        return bounded(arrayOf(term.items.map((item) => this.typeOf(item))));
      case "set":
        return bounded({ kind: "set", of: orAll(term.items.map((item) => this.typeOf(item))) });
      case "object":
        return bounded(this.#ofObject(term));
      case "call":
      case "comprehension":
        return this.#learned(term);
    }
  }

  /** The function that a name or reference stands for. */
  functionOf(term: Term): FunctionType | undefined {
    if (term.kind === "var")
      return this.variable(term.name) === undefined ? signatureOf(term.name) : undefined;
    const type = term.kind === "ref" ? this.#ofReference(term) : undefined;
    return type?.kind === "function" ? type : undefined;
  }

  #ofObject({ members }: ObjectTerm): Type {
    const known: Property[] = [];
    let rest: Rest | undefined;
    for (const [key, value] of members) {
      const constant = constantOf(key);
      const type = this.typeOf(value);
      if (constant !== undefined) known.push({ key: keyOf(constant), type });
      else rest = { key: or(rest?.key, this.typeOf(key)), value: or(rest?.value, type) };
    }
    return objectType(known, rest);
  }

  #ofReference({ head, path }: RefTerm): Type | undefined {
    if (head.kind === "var" && head.name === "data") return this.documents.dataAt(path);
    // What is bound by nothing that is typed, such as the names of `every`, can be anything.
    return follow(this.typeOf(head) ?? (head.kind === "var" ? ANY : undefined), path);
  }
}

/** The type at the end of a path into a type. */
export function follow(type: Type | undefined, path: readonly Term[]): Type | undefined {
  let found = type;
  for (const step of path) {
    const key = scalarOf(step);
    if (key !== undefined) found = select(found, key);
    // What is in an empty collection is not known to be anything.
    else if (isCollection(found)) found = valuesOf(found) ?? ANY;
    else return undefined;
  }
  return found;
}

/** The type of a comprehension, by those of its key and value. */
export function comprehensionType(
  of: "array" | "set" | "object",
  key: Type | undefined,
  value: Type | undefined,
): Type {
  if (of === "object") return dictionary(key, value);
  return of === "set" ? { kind: "set", of: value } : { kind: "array", items: [], rest: value };
}

/** The operands that a call must fit, its result being the last. */
export function operandsOf(call: CallTerm, { operands, result, variadic }: FunctionType): readonly Type[] {
  if (variadic) return call.args.map(() => ANY);
  return result === undefined ? operands : [...operands, result];
}
