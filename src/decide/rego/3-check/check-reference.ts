/** References must lead somewhere: into what has members, by keys that it can have (OPA "Type Checking"). */
import type { RefTerm, Term } from "../syntax.ts";
import type { Value } from "../values/index.ts";
import { scalarOf } from "./constant.ts";
import type { DocumentNode } from "./documents.ts";
import type { Environment } from "./environment.ts";
import { type Findings, namesOf } from "./findings.ts";
import { isCollection, keysOf, select, valuesOf } from "./members.ts";
import { ANY, ofValue, orAll, STRING, type Type, unifies } from "./types.ts";
import { unifyTerm } from "./unify.ts";

export class ReferenceChecker {
  readonly #environment: Environment;
  readonly #findings: Findings;
  /** The root of `data`. */
  readonly #root: DocumentNode;
  constructor(environment: Environment, findings: Findings, root: DocumentNode) {
    this.#environment = environment;
    this.#findings = findings;
    this.#root = root;
  }

  /** Whether nothing is wrong with it. Variables that it iterates over are known from here on. */
  check(ref: RefTerm): boolean {
    const { head } = ref;
    if (head.kind === "var" && head.name === "data") return this.#inDocuments(ref, this.#root, 0, false);
    // A scalar that is written out has no members, which leaves the expression undefined.
    if (scalarOf(head) !== undefined) return true;
    const type = this.#environment.typeOf(head);
    if (type === undefined && head.kind === "var") this.#environment.learn(head, ANY);
    return this.#inType(ref, type ?? ANY, 0, false);
  }

  /**
   * Steps through documents that rules are somewhere below of. Of several that a variable leads to, none is wrong (`quiet`):
   * there may be others in base documents.
   */
  #inDocuments(ref: RefTerm, node: DocumentNode, index: number, quiet: boolean): boolean {
    const step = ref.path[index];
    if (step === undefined) return true;
    const key = scalarOf(step);
    const child = key === undefined ? undefined : node.child(key);
    if (child !== undefined) return this.#inDocument(ref, child, index + 1, quiet);
    if (typeof key === "string") return this.#inType(ref, ANY, index + 1, quiet);
    if (step.kind === "var" || step.kind === "ref" || step.kind === "call") {
      const known = this.#environment.typeOf(step);
      const keys = orAll([STRING, ...node.names.map(ofValue)]) ?? STRING;
      if (known === undefined) {
        if (step.kind === "var") this.#environment.learn(step, keys);
      } else if (!unifies(keys, known)) return quiet || this.#wrongKey(ref, index, known, keys, node.names);
    } else if (index < PACKAGE_DEPTH && node.names.length > 0)
      return quiet || this.#wrongKey(ref, index, this.#environment.typeOf(step), STRING, node.names);
    for (const one of node.children()) {
      if (!this.#hasUnknown(ref, index + 1)) break;
      this.#inDocument(ref, one, index + 1, true);
    }
    return true;
  }

  #inDocument(ref: RefTerm, node: DocumentNode, index: number, quiet: boolean): boolean {
    const type = node.value;
    return type === undefined
      ? this.#inDocuments(ref, node, index, quiet)
      : this.#inType(ref, type, index, quiet);
  }

  /** Whether there are variables left that something may be learnt of. */
  #hasUnknown(ref: RefTerm, from: number): boolean {
    return ref.path.some(
      (step, index) =>
        index >= from && step.kind === "var" && this.#environment.variable(step.name) === undefined,
    );
  }

  #inType(ref: RefTerm, start: Type, from: number, quiet: boolean): boolean {
    let type = start;
    for (let index = from; index < ref.path.length; index += 1) {
      const step = ref.path[index] as Term;
      if (!isCollection(type)) {
        if (!quiet) this.#findings.noMembers(ref, index - 1, type);
        return quiet;
      }
      const key = scalarOf(step);
      if (key !== undefined) {
        const found = select(type, key);
        if (found === undefined)
          return quiet || this.#wrongKey(ref, index, undefined, keysOf(type), namesOf(type));
        type = found;
      } else {
        if (!this.#fitsKeys(step, keysOf(type) ?? ANY)) {
          const have = this.#environment.typeOf(step);
          const names = isComposite(step) ? [] : namesOf(type);
          return quiet || this.#wrongKey(ref, index, have, keysOf(type), names);
        }
        type = valuesOf(type) ?? ANY;
      }
    }
    if (type.kind === "function" && !quiet) this.#findings.noMembers(ref, ref.path.length - 1, type);
    return type.kind !== "function" || quiet;
  }

  #fitsKeys(step: Term, keys: Type): boolean {
    if (isComposite(step)) return unifyTerm(this.#environment, step, keys);
    const known = this.#environment.typeOf(step);
    if (known !== undefined) return unifies(known, keys);
    if (step.kind === "var") this.#environment.learn(step, keys);
    return true;
  }

  #wrongKey(
    ref: RefTerm,
    index: number,
    have: Type | undefined,
    want: Type | undefined,
    names: readonly Value[],
  ): boolean {
    this.#findings.noMember(ref, index, have, want, names);
    return false;
  }
}

/** What stands this near to `data` are packages, whose names are strings. */
const PACKAGE_DEPTH = 2;

function isComposite(step: Term): boolean {
  return step.kind === "array" || step.kind === "object" || step.kind === "set";
}
