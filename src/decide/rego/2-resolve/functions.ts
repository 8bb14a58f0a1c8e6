/** Which functions there are, and whether each call and each `with` names one that fits. */
import { nearest } from "#kernel";
import { DECLARATIONS } from "../builtins/declarations.ts";
import type { CallTerm, Term, With } from "../syntax.ts";
import type { Findings } from "./draft.ts";
import type { Arity } from "./pieces.ts";
import { findRules, pathText, type Rules } from "./tree.ts";

const ARITIES: ReadonlyMap<string, number> = new Map(
  [...DECLARATIONS].map(([name, { signature }]) => [name, operandCount(signature)]),
);

/** Counts the operands of `(string, (null | [...string])) => boolean`. */
function operandCount(signature: string): number {
  let depth = 0;
  let count = 0;
  for (const char of signature) {
    if (depth === 1 && count === 0 && char !== ")") count = 1;
    if (char === "," && depth === 1) count += 1;
    if ("([{".includes(char)) depth += 1;
    if (")]}".includes(char)) depth -= 1;
    if (depth === 0) break;
  }
  return count;
}

/** The operator's name or path as written in source. */
function operatorText(operator: CallTerm["operator"]): string {
  if (operator.kind === "var") return operator.label ?? operator.name;
  const head = operator.head.kind === "var" ? (operator.head.label ?? operator.head.name) : "";
  return [head, ...operator.path.map((step) => (step.kind === "string" ? step.value : "_"))].join(".");
}

/** The full name of the built-in that the operator is, if it is one. */
export function builtinName(operator: Term): string | undefined {
  if (operator.kind === "var") return ARITIES.has(operator.name) ? operator.name : undefined;
  if (operator.kind !== "ref" || operator.head.kind !== "var" || operator.head.name === "data")
    return undefined;
  const steps = operator.path.map((step) => (step.kind === "string" ? step.value : ""));
  const name = [operator.head.name, ...steps].join(".");
  return ARITIES.has(name) ? name : undefined;
}

/** The path under `data` of a ground reference, else undefined. */
function dataPath(term: Term): readonly string[] | undefined {
  if (term.kind !== "ref" || term.head.kind !== "var" || term.head.name !== "data") return undefined;
  const path: string[] = [];
  for (const step of term.path) {
    if (step.kind !== "string") return undefined;
    path.push(step.value);
  }
  return path;
}

function functionArity(rules: Rules, term: Term): number | undefined {
  const path = dataPath(term);
  const group = path && findRules(rules, path)?.group;
  return group?.kind === "function" ? group.arity : undefined;
}

export class Functions {
  readonly #root: Rules;
  readonly #findings: Findings;
  readonly #notFunctions: CallTerm[] = [];
  constructor(root: Rules, findings: Findings) {
    this.#root = root;
    this.#findings = findings;
  }

  readonly arity: Arity = (operator: Term): number | undefined => {
    const builtin = builtinName(operator);
    if (builtin !== undefined) return ARITIES.get(builtin);
    return functionArity(this.#root, operator);
  };

  /** A call gives as many operands as the function takes; one that stands alone may take its result as one more. */
  checkCall(call: CallTerm, alone: boolean): void {
    const path = dataPath(call.operator);
    const isRule = path !== undefined && findRules(this.#root, path)?.group !== undefined;
    const arity = this.arity(call.operator) ?? (isRule ? 0 : undefined);
    const name = operatorText(call.operator);
    if (arity === undefined) {
      this.#undefined(call, name);
      return;
    }
    const given = call.args.length;
    if (isRule && arity === 0 && alone && given === 1) this.#notFunctions.push(call);
    if (given === arity || (alone && given === arity + 1)) return;
    const message =
      call.operator.kind === "var"
        ? `${name}: arity mismatch`
        : `function ${name} has arity ${arity}, got ${given} ${given === 1 ? "argument" : "arguments"}`;
    const takes = `${name} takes ${arity} ${arity === 1 ? "argument" : "arguments"}`;
    this.#findings.add("rego_type_error", call.at, message, takes);
  }

  /** Late in OPA's order: calls of rules that are no functions. */
  checkRuleCalls(): void {
    for (const call of this.#notFunctions) this.#undefined(call, operatorText(call.operator));
  }

  /** `f()` is `f`, where `f() := input.x` is a rule: whether one may write so depends on its type. */
  withoutCall(term: Term): Term {
    if (term.kind !== "call" || term.operator.kind !== "ref" || term.args.length > 0) return term;
    const path = dataPath(term.operator);
    const group = path && findRules(this.#root, path)?.group;
    if (group === undefined || group.kind === "function") return term;
    return { ...term.operator, at: term.at, called: true };
  }

  #undefined(call: CallTerm, name: string): void {
    const near = nearest(name, this.#names(call));
    const hint = near === undefined ? undefined : `did you mean ${near}?`;
    this.#findings.add("rego_type_error", call.at, `undefined function ${name}`, hint);
  }

  /** What could have been meant: built-ins, or the rules beside the path. */
  #names(call: CallTerm): Iterable<string> {
    const path = dataPath(call.operator);
    if (path === undefined) return ARITIES.keys();
    const beside = findRules(this.#root, path.slice(0, -1))?.children.keys() ?? [];
    return [...beside].map((name) => pathText([...path.slice(0, -1), name]));
  }

  /** A `with` replaces `input`, `data`, what is below them, or a function; of rules only whole ones. */
  checkWith(item: With): With {
    const { target, at } = item;
    const builtin = builtinName(target);
    if (target.kind === "var" && (target.name === "input" || target.name === "data")) return item;
    if (builtin !== undefined) {
      const why = notReplaceable(builtin);
      if (why !== undefined)
        this.#findings.add(
          "rego_compile_error",
          target.at,
          `with keyword replacing built-in function: ${why}`,
        );
      this.#checkArity(target, builtin, item);
      return {
        ...item,
        target: { kind: "var", name: builtin, at: target.at },
        ...this.#functionValue(item),
      };
    }
    if (
      target.kind !== "ref" ||
      target.head.kind !== "var" ||
      !["input", "data"].includes(target.head.name)
    ) {
      const message = "with keyword target must reference existing input, data, or a function";
      this.#findings.add("rego_type_error", at, message);
      return item;
    }
    if (target.head.name !== "data") return item;
    this.#checkWhole(target, item);
    return this.arity(target) === undefined ? item : { ...item, ...this.#functionValue(item) };
  }

  /** What is called in a function's place: a built-in by its name; a rule, which is evaluated only when it is. */
  #functionValue({ value }: With): Pick<With, "value" | "lenient"> {
    const name = builtinName(value);
    if (name !== undefined) return { value: { kind: "var", name, at: value.at } };
    const path = dataPath(value);
    const group = path && findRules(this.#root, path)?.group;
    return group === undefined || group.kind === "function" ? { value } : { value, lenient: true };
  }

  #checkWhole(target: Extract<Term, { kind: "ref" }>, item: With): void {
    let node: Rules | undefined = this.#root;
    const last = target.path.length - 1;
    for (const [index, step] of target.path.entries()) {
      if (step.kind !== "string") return;
      node = node.children.get(step.value);
      if (node === undefined) return;
      const { group } = node;
      if (group?.kind === "function" && index === last) this.#checkArity(target, pathText(group.path), item);
      if (group && index < last) {
        const message = "with keyword cannot partially replace virtual document(s)";
        this.#findings.add("rego_compile_error", target.at, message);
        return;
      }
    }
  }

  /** A function that stands in for another takes as many operands. */
  #checkArity(target: Term, name: string, item: With): void {
    const expected = this.arity(target);
    const given = item.value.kind === "ref" || item.value.kind === "var" ? this.arity(item.value) : undefined;
    if (expected !== undefined && given !== undefined && expected !== given)
      this.#findings.add("rego_type_error", item.at, `${name}: arity mismatch`);
  }
}

const RELATIONS: ReadonlySet<string> = new Set(
  [...DECLARATIONS.values()].filter(({ relation }) => relation).map(({ name }) => name),
);

/** Why a built-in cannot be replaced; undefined when it can. */
function notReplaceable(name: string): string | undefined {
  if (name === "print") return "target must not be a void function";
  if (name.startsWith("internal.")) return `replacement of internal function ${JSON.stringify(name)} invalid`;
  if (name === "eq" || name.startsWith("rego.metadata."))
    return `replacement of ${JSON.stringify(name)} invalid`;
  return RELATIONS.has(name) ? "target must not be a relation" : undefined;
}

/** Whether a `with` names a built-in as the replacement, which looks like a variable and is none. */
export function isBuiltinValue({ target, value }: With): boolean {
  if (value.kind !== "var" || !ARITIES.has(value.name)) return false;
  const root = target.kind === "ref" ? target.head : target;
  return root.kind === "var" && root.name !== "input";
}
