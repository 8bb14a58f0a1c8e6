/** Rules to JavaScript: a function a body, and one for all rules of a name. */
import type { ResolvedRule, RuleGroup, RuleTree } from "../2-resolve/program.ts";
import { where } from "../source.ts";
import type { Body, Term } from "../syntax.ts";
import { equal, type Value } from "../values/index.ts";
import { body } from "./body.ts";
import { constantOf, textLiteral } from "./literal.ts";
import { requireReferences } from "./required.ts";
import { indexOf } from "./rule-index.ts";
import { Scope } from "./scope.ts";
import { term } from "./terms.ts";
import { unifyValue } from "./unify.ts";
import type { Unit } from "./unit.ts";

/** Emits the function of a group, under that name. */
export function emitGroup(unit: Unit, name: string, tree: RuleTree, group: RuleGroup): void {
  switch (group.kind) {
    case "value":
      emitValue(unit, name, group);
      return;
    case "function":
      emitFunction(unit, name, group);
      return;
    case "object":
    case "set":
      emitPartial(unit, name, tree, group);
      return;
  }
}

function emitValue(unit: Unit, name: string, group: RuleGroup): void {
  const lines: string[] = [];
  evaluateAll(unit, lines, group, []);
  if (group.default !== undefined) lines.push(...fallback(unit, group.default, []));
  memoized(unit, name, group.path, lines);
}

function emitFunction(unit: Unit, name: string, group: RuleGroup): void {
  const parameters = Array.from({ length: group.arity }, (_, index) => `a${index}`);
  const lines = ["if (--S.fuel < 0) S.refuel();", "let out;"];
  evaluateAll(unit, lines, group, parameters);
  if (group.default !== undefined) lines.push(...fallback(unit, group.default, parameters));
  unit.emit(`function ${name}(${parameters.join(", ")}) {`, ...lines, "return out;", "}");
}

/** A function that keeps its result for as long as nothing that it reads changes. */
function memoized(unit: Unit, name: string, path: readonly string[], lines: readonly string[]): void {
  const kept = unit.fresh("m");
  const epoch = unit.fresh("e");
  unit.emit(
    `let ${kept}, ${epoch} = 0;`,
    `function ${name}() {`,
    `if (${epoch} === S.epoch) return ${kept};`,
    ...(unit.mayBeHidden(path)
      ? [
          `if (S.hidden !== null && R.isHidden(S, ${unit.constant([...path])})) return R.lookup(S.data, ${unit.constant([...path])});`,
        ]
      : []),
    "let out;",
    ...lines,
    `${kept} = out; ${epoch} = S.epoch;`,
    "return out;",
    "}",
  );
}

function fallback(unit: Unit, rule: ResolvedRule, parameters: readonly string[]): readonly string[] {
  const name = emitBody(unit, rule, rule.body, rule.value, parameters.length > 0);
  return [`if (out === undefined) out = ${name}(${parameters.join(", ")});`];
}

/** Sets `out` to what the rules of the group agree on. */
function evaluateAll(unit: Unit, lines: string[], group: RuleGroup, parameters: readonly string[]): void {
  const args = parameters.join(", ");
  const isFunction = group.kind === "function";
  const bodies = group.rules.map((rule) => emitRule(unit, rule, parameters, isFunction));
  const agreed = agreedValue(group.rules);
  const places = group.rules.map((rule) => where(rule.head));
  const take = (call: string, place: string): readonly string[] =>
    agreed
      ? [`out = ${call};`, "if (out !== undefined) break R0;"]
      : [
          "{",
          `const v = ${call};`,
          "if (v !== undefined) {",
          `out = R.same(S, out, v, ${place}, ${isFunction});`,
          "if (S.conflict !== undefined) break R0;",
          "}",
          "}",
        ];
  lines.push("R0: {");
  const index = indexOf(group.rules);
  if (index === undefined)
    bodies.forEach((body, index) => {
      lines.push(...take(`${body}(${args})`, textLiteral(places[index] as string)));
    });
  else {
    const table = unit.shared(index.node);
    const functions = unit.fresh("F");
    unit.emit(`const ${functions} = [${bodies.join(", ")}];`);
    const keys = index.references.map((reference) => {
      const root = reference.root === "input" ? "S.input" : (parameters[reference.position] ?? "undefined");
      return reference.path.length === 0 ? root : `R.lookup(${root}, ${unit.constant([...reference.path])})`;
    });
    lines.push(
      "const found = [];",
      `R.select(${table}, [${keys.join(", ")}], found);`,
      "for (let j = 0; j < found.length; j++) {",
      ...take(`${functions}[found[j]](${args})`, agreed ? "" : `${unit.shared(places)}[found[j]]`),
      "}",
    );
  }
  lines.push("}");
}

/** Whether whatever rule holds gives the same constant, so that the first that holds ends the search. */
function agreedValue(rules: readonly ResolvedRule[]): boolean {
  let agreed: Value | undefined;
  for (const rule of rules)
    for (const value of [rule.value, ...rule.else.map((branch) => branch.value)]) {
      const constant = value === undefined ? undefined : constantOf(value);
      if (constant === undefined || (agreed !== undefined && !equal(agreed, constant))) return false;
      agreed = constant;
    }
  return true;
}

/** A rule with its `else` branches, as a function of the arguments. */
function emitRule(
  unit: Unit,
  rule: ResolvedRule,
  parameters: readonly string[],
  isFunction: boolean,
): string {
  const first = emitBody(unit, rule, rule.body, rule.value, isFunction);
  if (rule.else.length === 0) return first;
  const branches = rule.else.map((branch) => emitBody(unit, rule, branch.body, branch.value, isFunction));
  const name = unit.fresh("b");
  const args = parameters.join(", ");
  unit.emit(
    `function ${name}(${args}) {`,
    `let v = ${first}(${args});`,
    ...branches.flatMap((branch) => ["if (v !== undefined) return v;", `v = ${branch}(${args});`]),
    "return v;",
    "}",
  );
  return name;
}

/** One body with its value. All its solutions must agree, unless the value cannot differ. */
function emitBody(
  unit: Unit,
  rule: ResolvedRule,
  expressions: Body,
  value: Term | undefined,
  isFunction: boolean,
): string {
  const name = unit.fresh("b");
  const lines: string[] = [];
  const scope = new Scope(unit, lines, new Map(), "return undefined;");
  rule.args.forEach((arg, index) => {
    unifyValue(scope, arg, `a${index}`);
  });
  const head = value === undefined ? [] : [value];
  requireReferences(scope, expressions, head);
  body(scope, expressions);
  const constant = value === undefined ? true : constantOf(value);
  const result = value === undefined ? "true" : term(scope, value);
  const site = unit.site(rule.head);
  if (site !== undefined) lines.push(`S.probe?.(${site}, "holds");`);
  const many = scope.loops > 0 && constant === undefined;
  lines.push(
    many
      ? `out = R.same(S, out, ${result}, ${textLiteral(where(rule.head))}, ${isFunction}); if (S.conflict !== undefined) return out;`
      : `return ${result};`,
  );
  scope.close();
  if (many) {
    lines.unshift("let out;");
    lines.push("return out;");
  }
  unit.emit(`function ${name}(${rule.args.map((_, index) => `a${index}`).join(", ")}) {`, ...lines, "}");
  return name;
}

/** A partial set or object: all members of all rules. */
function emitPartial(unit: Unit, name: string, tree: RuleTree, group: RuleGroup): void {
  const lines = [`out = new R.${group.kind === "set" ? "RegoSet" : "RegoObject"}();`];
  for (const rule of group.rules) lines.push(`${emitMembers(unit, rule, group)}(out);`);
  for (const { put } of children(unit, tree, group)) lines.push(`{ ${put} }`);
  memoized(unit, name, group.path, lines);
}

/** What puts each ground member of a partial object into `out`. */
function children(
  unit: Unit,
  tree: RuleTree,
  group: RuleGroup,
): readonly { readonly key: string; readonly put: string }[] {
  const place = textLiteral(where((group.rules[0] as ResolvedRule).head));
  return [...tree.children].flatMap(([key, child]) => {
    if (child.group?.kind === "function") return [];
    const path = [...group.path, key];
    const value =
      child.group === undefined ? `${unit.node(child, path)}.populated()` : `${unit.ruleOf(child, path)}()`;
    // What no rule gives a member is left out, beside those that have a variable key.
    const isPartial = child.group?.kind === "set" || child.group?.kind === "object";
    const given = isPartial ? "v !== undefined && !R.isEmpty(v)" : "v !== undefined";
    // All of its values are asked for here, not the first of them.
    const all = `const g = S.conflict, v = ${value}; if (S.conflict !== g) throw S.conflict;`;
    const put = `${all} if (${given}) R.putDocument(out, ${textLiteral(key)}, v, ${place});`;
    return [{ key, put }];
  });
}

/**
 * One member of a partial set or object: the rules are evaluated with its key given, which is cheap where they select by it.
 * When many are asked for, all are evaluated, once.
 */
export function emitMember(unit: Unit, name: string, all: string, tree: RuleTree, group: RuleGroup): void {
  const asked = unit.fresh("n");
  const epoch = unit.fresh("e");
  const lines = group.rules.map((rule) => `${emitMembers(unit, rule, group, "k")}(out, k);`);
  for (const { key, put } of children(unit, tree, group))
    lines.push(`if (k === ${textLiteral(key)}) { ${put} }`);
  unit.emit(
    `let ${asked} = 0, ${epoch} = 0;`,
    `function ${name}(k) {`,
    ...(unit.mayBeHidden(group.path)
      ? [
          `if (S.hidden !== null) { const all = ${all}(); return all === undefined ? undefined : R.at(all, k); }`,
        ]
      : []),
    `if (${epoch} !== S.epoch) { ${epoch} = S.epoch; ${asked} = 0; }`,
    `if (++${asked} > R.MEMBERS_ONE_BY_ONE) return R.at(${all}(), k);`,
    `const out = new R.${group.kind === "set" ? "RegoSet" : "RegoObject"}();`,
    ...lines,
    "return R.at(out, k);",
    "}",
  );
}

function emitMembers(unit: Unit, rule: ResolvedRule, group: RuleGroup, given?: string): string {
  const name = unit.fresh("b");
  const lines: string[] = [];
  const scope = new Scope(unit, lines, new Map(), "return;");
  const selector = group.kind === "set" ? rule.member : rule.keys[0];
  if (given !== undefined && selector !== undefined && selects(selector)) unifyValue(scope, selector, given);
  const head = [...rule.keys, rule.member, rule.value].filter((node) => node !== undefined);
  requireReferences(scope, rule.body, head);
  body(scope, rule.body);
  const keys = rule.keys.map((key) => term(scope, key));
  const place = textLiteral(where(rule.head));
  const item = rule.member ?? rule.value;
  const value = item === undefined ? "true" : term(scope, item);
  const site = unit.site(rule.head);
  if (site !== undefined) lines.push(`S.probe?.(${site}, "holds");`);
  if (group.kind === "set") lines.push(`out.add(${value});`);
  else if (rule.member !== undefined)
    lines.push(`R.setAt(out, [${keys.join(", ")}], ${place}).add(${value});`);
  else lines.push(`R.put(out, [${keys.join(", ")}], ${value}, ${place});`);
  scope.close();
  unit.emit(`function ${name}(${given === undefined ? "out" : `out, ${given}`}) {`, ...lines, "}");
  return name;
}

/** Whether a key is known before the body is evaluated: it is made of variables and constants. */
function selects(term: Term): boolean {
  return term.kind === "var"
    ? term.name !== "input" && term.name !== "data"
    : term.kind === "array"
      ? term.items.every(selects)
      : constantOf(term) !== undefined;
}
