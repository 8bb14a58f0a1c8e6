/** Terms to JavaScript: each gives an expression without effect, whose value is defined, after the statements that it needs. */

import type { RuleTree } from "../2-resolve/program.ts";
import { where } from "../source.ts";
import type { CallTerm, ComprehensionTerm, RefTerm, Term } from "../syntax.ts";
import { body } from "./body.ts";
import { INLINE } from "./inline.ts";
import { constantOf, isIdentity, textLiteral } from "./literal.ts";
import { NAMES_OF_PROTOTYPES } from "./runtime.ts";
import { Scope } from "./scope.ts";
import { UnboundError } from "./unbound.ts";
import { unifyValue } from "./unify.ts";
import { variablesOf } from "./variables.ts";

export function term(scope: Scope, node: Term): string {
  const constant = constantOf(node);
  if (constant !== undefined) return scope.unit.constant(constant);
  callsFirst(scope, node);
  switch (node.kind) {
    case "var":
      return variable(scope, node.name);
    case "ref":
      return reference(scope, node);
    case "call":
      return scope.calls.get(node) ?? call(scope, node, node.args.length);
    case "array":
      return scope.keep(`[${node.items.map((item) => term(scope, item)).join(", ")}]`);
    case "set":
      return scope.keep(`R.setOf([${node.items.map((item) => term(scope, item)).join(", ")}])`);
    case "object":
      return object(scope, node.members);
    case "comprehension":
      return comprehension(scope, node);
    case "boolean":
    case "null":
    case "number":
    case "string":
    case "template":
      throw new Error(`a ${node.kind} has no place in a resolved tree`);
  }
}

/** Evaluates the calls within a term, the inner ones first: OPA has them in expressions of their own before this one. */
export function callsFirst(scope: Scope, node: Term): void {
  const within = (inner: Term): void => {
    if (inner.kind === "call") {
      if (scope.calls.has(inner)) return;
      for (const arg of inner.args) within(arg);
      scope.calls.set(inner, call(scope, inner, inner.args.length));
    } else if (inner.kind === "array" || inner.kind === "set") for (const item of inner.items) within(item);
    else if (inner.kind === "object")
      for (const [key, value] of inner.members) {
        within(key);
        within(value);
      }
    else if (inner.kind === "ref") {
      if (inner.head.kind !== "var") within(inner.head);
      for (const step of inner.path) within(step);
    }
  };
  if (node.kind === "call") for (const arg of node.args) within(arg);
  else within(node);
}

function variable(scope: Scope, name: string): string {
  if (name === "input") return scope.defined("S.input");
  if (name === "data") return document(scope, scope.unit.program.tree, [], []);
  const bound = scope.bound.get(name);
  if (bound === undefined) throw new UnboundError(`variable ${name} is not bound`);
  return bound;
}

function object(scope: Scope, members: readonly (readonly [Term, Term])[]): string {
  const parts = members.map(([key, value]) => [term(scope, key), term(scope, value)] as const);
  const names = members.map(([key]) => constantOf(key));
  const plain = names.every((name) => typeof name === "string") && new Set(names).size === names.length;
  return scope.keep(
    plain
      ? `{${parts.map(([key, value]) => `${memberName(key)}: ${value}`).join(", ")}}`
      : `R.objectLiteral([${parts.map(([key, value]) => `[${key}, ${value}]`).join(", ")}])`,
  );
}

/** A computed key defines a member of its own, where `"__proto__"` would set the prototype. */
function memberName(literal: string): string {
  return literal === '"__proto__"' ? `[${literal}]` : literal;
}

/** Whether a term has variables to be bound by matching it against a value. */
export function isPattern(scope: Scope, node: Term): boolean {
  switch (node.kind) {
    case "var":
      return node.name !== "input" && node.name !== "data" && !scope.bound.has(node.name);
    case "array":
    case "set":
      return node.items.some((item) => isPattern(scope, item));
    case "object":
      return node.members.some(([key, value]) => isPattern(scope, key) || isPattern(scope, value));
    case "boolean":
    case "call":
    case "comprehension":
    case "null":
    case "number":
    case "ref":
    case "string":
    case "template":
      return false;
  }
}

function comprehension(scope: Scope, node: ComprehensionTerm): string {
  const { unit } = scope;
  const indexed = scope.loops > 0 && node.of !== "object" ? indexedComprehension(scope, node) : undefined;
  if (indexed !== undefined) return indexed;
  const all = unit.fresh("c");
  const before = scope.keep("S.conflict");
  const made = { array: "[]", set: "new R.RegoSet()", object: "new R.RegoObject()" }[node.of];
  scope.write(`const ${all} = ${made};`);
  scope.block((inner) => {
    body(inner, node.body);
    const key = node.key === undefined ? undefined : term(inner, node.key);
    const value = term(inner, node.value);
    if (node.of === "array") inner.write(`${all}.push(${value});`);
    else if (node.of === "set") inner.write(`${all}.add(${value});`);
    else inner.write(`R.putUnique(${all}, ${key}, ${value}, ${textLiteral(where(node.at))});`);
  });
  scope.write(`if (S.conflict !== ${before}) throw S.conflict;`);
  return all;
}

/**
 * Within a loop, a comprehension that the loop's variables only select from is evaluated once, for all of their values, and each
 * turn takes its part (comprehension indexing). Undefined where it cannot be: then a variable is needed before it is bound.
 */
function indexedComprehension(scope: Scope, node: ComprehensionTerm): string | undefined {
  const { unit } = scope;
  const { all, closed } = variablesOf(node);
  const keys = [...all].filter((name) => scope.bound.has(name));
  // A variable of a closure within could be bound there, for that closure alone.
  if (keys.length === 0 || keys.some((name) => closed.has(name))) return undefined;
  const function_ = unit.attempt((lines) => {
    const inner = new Scope(unit, lines, new Map(), "break B;");
    body(inner, node.body);
    const value = term(inner, node.value);
    const group = keys.map((name) => term(inner, { kind: "var", at: node.at, name }));
    lines.push(`R.group(out, [${group.join(", ")}], ${node.of === "set"}, ${value});`);
    inner.close();
  });
  if (function_ === undefined) return undefined;
  const group = keys.map((name) => scope.bound.get(name));
  return scope.keep(`R.grouped(${function_}(), [${group.join(", ")}], ${node.of === "set"})`);
}

/** A call with as many operands as it takes: its result. */
export function call(scope: Scope, node: CallTerm, operands: number): string {
  if (node.operator.kind === "var" && node.operator.name === "walk" && !scope.unit.isMocked("walk"))
    return walk(scope, node.args[0] as Term);
  const args = node.args.slice(0, operands).map((arg) => term(scope, arg));
  if (node.operator.kind === "var") {
    const { name } = node.operator;
    if (!scope.unit.isMocked(name)) {
      const inline = INLINE.get(name);
      if (inline !== undefined)
        return inline.total
          ? scope.keep(`(${inline.code(args, () => "")})`)
          : scope.defined(
              inline.code(args, () => `${scope.unit.builtin(name, where(node.at))}(${args.join(", ")})`),
            );
    }
    const callee = scope.unit.builtin(name, where(node.at));
    return scope.defined(invoke(scope, name, callee, args));
  }
  const path = pathOf(node.operator);
  const callee = scope.unit.functionOf(path);
  return scope.defined(invoke(scope, path.join("."), callee, args));
}

/** `walk(x)`: a relation, with one result after the other. */
function walk(scope: Scope, node: Term): string {
  const pairs = scope.keep(`R.walk(S, ${term(scope, node)})`);
  const index = scope.loop(`${pairs}.length`);
  return scope.keep(`${pairs}[${index}]`);
}

function invoke(scope: Scope, name: string, callee: string, args: readonly string[]): string {
  return scope.unit.isMocked(name)
    ? `R.callMocked(S, ${textLiteral(name)}, ${callee}, [${args.join(", ")}])`
    : `${callee}(${args.join(", ")})`;
}

/** The names after `data` of a reference to a function. */
export function pathOf(node: RefTerm): readonly string[] {
  return node.path.map((step) => {
    if (step.kind !== "string") throw new Error("a function's path is made of names");
    return step.value;
  });
}

function reference(scope: Scope, node: RefTerm): string {
  const { head } = node;
  if (head.kind === "var" && head.name === "data")
    return document(scope, scope.unit.program.tree, node.path, []);
  if (head.kind === "var" && head.name === "input") {
    const [first] = node.path;
    const name = first === undefined ? undefined : constantOf(first);
    if (typeof name === "string" && !NAMES_OF_PROTOTYPES.has(name))
      return follow(scope, memberOf(scope, "S.input", name), node.path, 1);
  }
  return follow(scope, term(scope, head), node.path, 0);
}

/**
 * Follows the steps of a path from a value, the first `done` aside; opens a loop at each step that is to be bound. `lookUp` is
 * the operation that takes a step by a value.
 */
function follow(
  scope: Scope,
  start: string,
  path: readonly Term[],
  done: number,
  lookUp: string = "R.at",
): string {
  let current = start;
  for (const step of path.slice(done)) {
    const constant = constantOf(step);
    if (typeof constant === "string" && !NAMES_OF_PROTOTYPES.has(constant))
      current = memberOf(scope, current, constant);
    else if (constant !== undefined || !isPattern(scope, step)) {
      const key = term(scope, step);
      current = scope.defined(`${lookUp}(${current}, ${key})`);
    } else current = each(scope, current, step).value;
  }
  return current;
}

function memberOf(scope: Scope, value: string, name: string): string {
  const found = scope.unit.fresh("t");
  const key = textLiteral(name);
  scope.write(`let ${found} = ${value}?.[${key}];`);
  scope.write(
    `if (${found} === undefined && (${found} = R.missed(${value}, ${key})) === undefined) ${scope.fail}`,
  );
  return found;
}

/** Opens a loop over a collection, and matches the key of each turn; what is no collection has no turn. */
export function each(
  scope: Scope,
  collection: string,
  key: Term | undefined,
): { readonly key: string; readonly value: string } {
  const { unit } = scope;
  const keys = unit.fresh("k");
  const length = unit.fresh("n");
  scope.write(`const ${keys} = Array.isArray(${collection}) ? null : R.keysOf(${collection});`);
  scope.write(`if (${keys} === undefined) ${scope.fail}`);
  scope.write(`const ${length} = ${keys} === null ? ${collection}.length : ${keys}.length;`);
  const index = scope.loop(length);
  const current = scope.keep(`${keys} === null ? ${index} : ${keys}[${index}]`);
  const value = scope.keep(`${keys} === null ? ${collection}[${index}] : R.at(${collection}, ${current})`);
  if (key !== undefined) unifyValue(scope, key, current);
  return { key: current, value };
}

/** A reference into `data`, from a node of the rule tree on. */
function document(scope: Scope, tree: RuleTree, path: readonly Term[], done: readonly string[]): string {
  const { unit } = scope;
  if (tree.group !== undefined) {
    if (tree.group.kind === "function") {
      // A function is no document.
      scope.write(`${scope.fail}`);
      return "undefined";
    }
    const [first] = path;
    if (tree.group.kind !== "value" && first !== undefined && !isPattern(scope, first)) {
      const key = term(scope, first);
      return follow(scope, scope.defined(`${unit.memberOf(tree, done)}(${key})`), path, 1);
    }
    return follow(scope, scope.defined(`${unit.ruleOf(tree, done)}()`), path, 0);
  }
  const [next, ...rest] = path;
  if (next === undefined) return scope.defined(`${unit.node(tree, done)}.document()`);
  const name = nameOf(next);
  if (name !== undefined) {
    const child = tree.children.get(name);
    return child === undefined
      ? followBase(scope, path, done)
      : document(scope, child, rest, [...done, name]);
  }
  return walkNode(scope, unit.node(tree, done), path);
}

/** A reference into base documents, where steps are names as in OPA's store; not in what a `with` has put in their place. */
function followBase(scope: Scope, path: readonly Term[], done: readonly string[]): string {
  const { unit } = scope;
  const found = base(scope, done, path);
  const rest = path.slice(leading(path));
  const names = [...done, ...path.slice(0, leading(path)).map((step) => nameOf(step) as string)];
  const lookUp =
    rest.length > 0 && unit.mayChange(names)
      ? scope.keep(`S.isStored(${unit.constant(names)}) ? R.stored : R.at`)
      : "R.stored";
  return follow(scope, found, rest, 0, lookUp);
}

/** How many steps at the beginning are constant names: these are looked up at once. */
function leading(path: readonly Term[]): number {
  const index = path.findIndex((step) => nameOf(step) === undefined);
  return index < 0 ? path.length : index;
}

/** A constant step as a name of OPA's store, where an integer is its text. */
function nameOf(step: Term): string | undefined {
  const constant = constantOf(step);
  if (typeof constant === "string") return constant;
  return typeof constant === "number" && Number.isSafeInteger(constant) ? String(constant) : undefined;
}

/** What the data holds at a path of names, kept for all evaluations unless a `with` may change it. */
function base(scope: Scope, done: readonly string[], rest: readonly Term[]): string {
  const path = [...done, ...rest.slice(0, leading(rest)).map((step) => nameOf(step) as string)];
  return scope.defined(
    scope.unit.mayChange(path)
      ? `R.lookup(S.data, ${scope.unit.constant(path)})`
      : scope.unit.baseDocument(path),
  );
}

/** Steps from a document that may be virtual. */
function walkNode(scope: Scope, start: string, path: readonly Term[]): string {
  let current = start;
  for (const step of path) {
    if (constantOf(step) !== undefined || !isPattern(scope, step)) {
      const key = term(scope, step);
      current = scope.defined(`R.step(${current}, ${key})`);
      continue;
    }
    const keys = scope.keep(`R.stepKeys(${current})`);
    scope.write(`if (${keys} === undefined) ${scope.fail}`);
    const index = scope.loop(`${keys}.length`);
    const key = scope.keep(`${keys}[${index}]`);
    unifyValue(scope, step, key);
    current = scope.defined(`R.step(${current}, ${key})`);
  }
  return scope.defined(`R.settle(${current})`);
}

/** A condition: two defined values are equal. */
export function equality(
  _scope: Scope,
  a: Term | undefined,
  left: string,
  b: Term | undefined,
  right: string,
): string {
  const x = a === undefined ? undefined : constantOf(a);
  const y = b === undefined ? undefined : constantOf(b);
  if ((x !== undefined && isIdentity(x)) || (y !== undefined && isIdentity(y))) return `${left} === ${right}`;
  if (typeof y === "number")
    return `${left} === ${right} || (typeof ${left} !== "string" && R.equal(${left}, ${right}))`;
  return `${left} === ${right} || R.equal(${left}, ${right})`;
}
