/** Expressions to JavaScript: each goes on with the next where it holds, once for each of its solutions. */
import { DECLARATIONS } from "../builtins/declarations.ts";
import { where } from "../source.ts";
import type { Body, Expr, Term, With } from "../syntax.ts";
import { isSet } from "../values/index.ts";
import { INLINE } from "./inline.ts";
import { constantOf, isIdentity, textLiteral } from "./literal.ts";
import { Scope } from "./scope.ts";
import { call, callsFirst, each, isPattern, pathOf, term } from "./terms.ts";
import { unify, unifyValue } from "./unify.ts";
import type { Unit } from "./unit.ts";

export function body(scope: Scope, expressions: Body): void {
  for (const expr of expressions) expression(scope, expr);
}

function expression(scope: Scope, expr: Expr): void {
  const site = scope.unit.site(expr.at);
  if (site !== undefined) scope.write(`S.probe?.(${site}, "enter");`);
  if (expr.with.length > 0) withReplaced(scope, expr);
  else if (expr.negated) negation(scope, expr);
  else form(scope, expr);
  if (site !== undefined) scope.write(`S.probe?.(${site}, "holds");`);
}

function form(scope: Scope, { form }: Expr): void {
  switch (form.kind) {
    case "term":
      condition(scope, form.term);
      return;
    case "some":
      return;
    case "some-in":
      unifyValue(scope, form.value, turn(scope, form.collection, form.key));
      return;
    case "every":
      every(scope, form.key, form.value, term(scope, form.domain), form.body);
      return;
  }
}

/** Opens the loop of `some key, value in collection`, and names what `value` is in each turn. */
function turn(scope: Scope, collection: Term, key: Term | undefined): string {
  // Documents that rules define are evaluated one by one, as their turn comes.
  if (scope.unit.isVirtual(collection)) {
    const step = key ?? { kind: "var", at: collection.at, name: scope.unit.fresh("$turn") };
    return term(scope, { ...collection, path: [...collection.path, step] });
  }
  return each(scope, collectionOf(scope, collection), key).value;
}

/**
 * What a loop goes over. A set that is written out is gone through as it is written: members that turn out to be equal have a turn
 * each, the constants first.
 */
function collectionOf(scope: Scope, node: Term): string {
  if (node.kind !== "set" || constantOf(node) !== undefined) return term(scope, node);
  const constants = node.items.filter((item) => constantOf(item) !== undefined);
  const others = node.items.filter((item) => constantOf(item) === undefined);
  const known = constantOf({ ...node, items: constants });
  const values = isSet(known) ? known.sorted().map((value) => scope.unit.constant(value)) : [];
  return scope.keep(`R.turns([${[...values, ...others.map((item) => term(scope, item))].join(", ")}])`);
}

function condition(scope: Scope, node: Term): void {
  callsFirst(scope, node);
  if (node.kind === "call") {
    const [first, second] = node.args;
    if (node.operator.kind === "var") {
      const { name } = node.operator;
      if (first !== undefined && second !== undefined && node.args.length === 2) {
        // A comparison binds where its comprehension is evaluated for all values of a variable at once.
        if (name === "eq" || (name === "equal" && (isPattern(scope, first) || isPattern(scope, second)))) {
          unify(scope, first, second);
          return;
        }
      }
      const identity = identityTest(scope, name, first, second);
      if (identity !== undefined) {
        scope.unless(identity);
        return;
      }
      const inline = INLINE.get(name);
      if (inline?.total === true && !scope.unit.isMocked(name) && node.args.length === arity(name)) {
        const args = node.args.map((arg) => term(scope, arg));
        scope.unless(inline.code(args, () => ""));
        return;
      }
    }
    const operands = scope.unit.operands(node.operator);
    const result = call(scope, node, operands);
    const output = node.args[operands];
    if (output !== undefined) {
      unifyValue(scope, output, result);
      return;
    }
    scope.write(`if (${result} === false) ${scope.fail}`);
    return;
  }
  const value = term(scope, node);
  if (constantOf(node) === undefined || value === "false")
    scope.write(`if (${value} === false) ${scope.fail}`);
}

function arity(name: string): number {
  return name === "internal.member_3" ? 3 : 2;
}

/** `a == "text"` and `a != "text"`, which JavaScript's own identity answers. */
function identityTest(
  scope: Scope,
  name: string,
  first: Term | undefined,
  second: Term | undefined,
): string | undefined {
  if ((name !== "equal" && name !== "neq") || first === undefined || second === undefined) return undefined;
  if (scope.unit.isMocked(name)) return undefined;
  const sign = name === "equal" ? "===" : "!==";
  for (const node of [first, second]) {
    const constant = constantOf(node);
    if (constant !== undefined && isIdentity(constant))
      return `${term(scope, first)} ${sign} ${term(scope, second)}`;
  }
  return undefined;
}

function negation(scope: Scope, expr: Expr): void {
  const holds = scope.unit.fresh("h");
  scope.write(`let ${holds} = false;`);
  scope.block((inner, label) => {
    form(inner, expr);
    inner.write(`${holds} = true; break ${label};`);
  });
  scope.write(`if (${holds}) ${scope.fail}`);
}

function every(scope: Scope, key: Term | undefined, value: Term, domain: string, inner: Body): void {
  const { unit } = scope;
  const all = unit.fresh("h");
  scope.write(`if (!Array.isArray(${domain}) && R.keysOf(${domain}) === undefined) ${scope.fail}`);
  scope.write(`let ${all} = true;`);
  scope.block((turn, label) => {
    const { value: item } = each(turn, domain, key);
    unifyValue(turn, value, item);
    const holds = unit.fresh("h");
    turn.write(`let ${holds} = false;`);
    turn.block((one, oneLabel) => {
      body(one, inner);
      one.write(`${holds} = true; break ${oneLabel};`);
    });
    turn.write(`if (!${holds}) { ${all} = false; break ${label}; }`);
  });
  scope.write(`if (!${all}) ${scope.fail}`);
}

/**
 * `expr with target as value`: all solutions are found with the replacements in place, and gone on with only after they are
 * taken back.
 */
function withReplaced(scope: Scope, expr: Expr): void {
  const { unit } = scope;
  const replacements = replacementCodes(scope, expr.with);
  const saved = scope.keep(`R.enter(S, [${replacements.join(", ")}])`);
  const found = unit.fresh("w");
  const names: string[] = [];
  scope.write(`const ${found} = [];`);
  scope.write("try {");
  scope.block((inner) => {
    if (expr.negated) negation(inner, expr);
    else form(inner, expr);
    const values: string[] = [];
    for (const [name, value] of inner.bound)
      if (!scope.bound.has(name)) {
        names.push(name);
        values.push(value);
      }
    inner.write(`${found}.push([${values.join(", ")}]);`);
  });
  scope.write(`} finally { R.leave(S, ${saved}); }`);
  const index = scope.loop(`${found}.length`);
  names.forEach((name, position) => {
    scope.bound.set(name, scope.keep(`${found}[${index}][${position}]`));
  });
}

/** Values that are looked up in their place see what the others of the expression replace. */
function replacementCodes(scope: Scope, items: readonly With[]): readonly string[] {
  const isLate = (item: With): boolean => item.lenient === true && rootOf(scope, item) !== undefined;
  const others = items.filter((item) => !isLate(item));
  if (others.length === 0 || others.length === items.length)
    return items.map((item) => replacementCode(scope, item));
  const codes = new Map(others.map((item) => [item, replacementCode(scope, item)]));
  const saved = scope.keep(`R.enter(S, [${[...codes.values()].join(", ")}])`);
  const values = new Map(items.filter(isLate).map((item) => [item, scope.unit.fresh("v")]));
  scope.write(`let ${[...values.values()].join(", ")};`);
  scope.write("try {");
  for (const [item, name] of values)
    scope.block((inner) => {
      inner.write(`${name} = ${term(inner, item.value)};`);
    });
  scope.write(`} finally { R.leave(S, ${saved}); }`);
  return items.map((item) => codes.get(item) ?? replacementCode(scope, item, values.get(item)));
}

/** What a `with` replaces a part of; undefined for a function. */
function rootOf({ unit }: Scope, { target }: With): "input" | "data" | undefined {
  const head = target.kind === "ref" && !unit.isFunction(target) ? target.head : target;
  return head.kind === "var" && (head.name === "input" || head.name === "data") ? head.name : undefined;
}

function replacementCode(scope: Scope, item: With, known?: string): string {
  const { target } = item;
  if (target.kind === "ref" && target.head.kind === "var" && !scope.unit.isFunction(target)) {
    const { name } = target.head;
    if (name === "input" || name === "data") {
      if (target.path.some((step) => step.kind !== "string"))
        return `R.badPath(${textLiteral(where(target.at))})`;
      const path = pathOf(target);
      return `{ root: "${name}", path: ${scope.unit.constant([...path])}, value: ${known ?? replacementValue(scope, item)} }`;
    }
  }
  if (target.kind === "var" && (target.name === "input" || target.name === "data"))
    return `{ root: "${target.name}", path: [], value: ${known ?? replacementValue(scope, item)} }`;
  const name = target.kind === "var" ? target.name : target.kind === "ref" ? nameOf(target) : "";
  return `{ root: "function", name: ${textLiteral(name)}, mock: ${mockCode(scope, item)} }`;
}

function replacementValue(scope: Scope, item: With): string {
  if (!item.lenient) return term(scope, item.value);
  const found = scope.unit.fresh("v");
  scope.write(`let ${found};`);
  scope.block((inner) => {
    inner.write(`${found} = ${term(inner, item.value)};`);
  });
  return found;
}

/** A function's name as mocks are filed under: `count`, `io.jwt.decode`, `lib.f` of `data.lib.f`. */
function nameOf(target: Extract<Term, { kind: "ref" }>): string {
  const path = pathOf(target);
  return target.head.kind === "var" && target.head.name !== "data"
    ? [target.head.name, ...path].join(".")
    : path.join(".");
}

function mockCode(scope: Scope, item: With): string {
  const { unit } = scope;
  const { value } = item;
  if (value.kind === "ref" && unit.isFunction(value)) return unit.functionOf(pathOf(value));
  const name =
    value.kind === "var"
      ? value.name
      : value.kind === "ref" && value.head.kind === "var" && value.head.name !== "data"
        ? value.path.every((step) => step.kind === "string")
          ? nameOf(value)
          : ""
        : "";
  if (!scope.bound.has(name) && DECLARATIONS.has(name)) return unit.builtin(name, "");
  if (item.lenient && value.kind === "ref" && value.head.kind === "var" && value.head.name === "data")
    return `{ document: ${documentFunction(unit, value)} }`;
  return `{ value: ${replacementValue(scope, item)} }`;
}

/** The name of a function that evaluates a document when it is called. */
function documentFunction(unit: Unit, document: Term): string {
  const name = unit.fresh("d");
  const lines: string[] = [];
  const scope = new Scope(unit, lines, new Map(), "return undefined;");
  lines.push(`return ${term(scope, document)};`);
  scope.close();
  unit.emit(`function ${name}() {`, ...lines, "}");
  return name;
}
