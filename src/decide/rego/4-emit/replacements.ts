import type { Program, ResolvedRule, RuleTree } from "../2-resolve/program.ts";
import type { Body, Term } from "../syntax.ts";

/** What the `with`s of a program and a query may replace: decided before emitting, so that all else pays nothing for them. */
export interface Replacements {
  readonly data: readonly (readonly string[])[];
  /** `count`, `io.jwt.decode`, `lib.f` of `data.lib.f`. */
  readonly functions: ReadonlySet<string>;
}

export function replacementsOf(program: Program, query: Body): Replacements {
  const data = new Map<string, readonly string[]>();
  const functions = new Set<string>();
  const target = (term: Term): void => {
    const head = term.kind === "ref" ? term.head : term;
    if (head.kind !== "var" || head.name === "input") return;
    const path = (term.kind === "ref" ? term.path : []).map((step) =>
      step.kind === "string" ? step.value : "",
    );
    if (head.name !== "data") {
      functions.add([head.name, ...path].join("."));
      return;
    }
    data.set(JSON.stringify(path), path);
    functions.add(path.join("."));
  };
  const inBody = (body: Body): void => {
    for (const { form, with: replacements } of body) {
      for (const replacement of replacements) {
        target(replacement.target);
        inTerm(replacement.value);
      }
      if (form.kind === "term") inTerm(form.term);
      else if (form.kind === "some-in") [form.key, form.value, form.collection].forEach(inOptional);
      else if (form.kind === "every") {
        inTerm(form.domain);
        inBody(form.body);
      }
    }
  };
  const inOptional = (term: Term | undefined): void => {
    if (term !== undefined) inTerm(term);
  };
  const inTerm = (term: Term): void => {
    switch (term.kind) {
      case "ref":
        inTerm(term.head);
        for (const step of term.path) inTerm(step);
        return;
      case "call":
        for (const arg of term.args) inTerm(arg);
        return;
      case "array":
      case "set":
        for (const item of term.items) inTerm(item);
        return;
      case "object":
        for (const member of term.members) for (const part of member) inTerm(part);
        return;
      case "comprehension":
        inOptional(term.key);
        inTerm(term.value);
        inBody(term.body);
        return;
      case "boolean":
      case "null":
      case "number":
      case "string":
      case "template":
      case "var":
        return;
    }
  };
  const inRule = (rule: ResolvedRule): void => {
    [...rule.keys, rule.member, rule.value].forEach(inOptional);
    inBody(rule.body);
    for (const branch of rule.else) {
      inTerm(branch.value);
      inBody(branch.body);
    }
  };
  const inTree = (tree: RuleTree): void => {
    tree.group?.rules.forEach(inRule);
    if (tree.group?.default !== undefined) inRule(tree.group.default);
    for (const child of tree.children.values()) inTree(child);
  };
  inTree(program.tree);
  inBody(query);
  return { data: [...data.values()], functions };
}
