/** The resolved rules as the tree that the later phases read. */
import type { Draft } from "./draft.ts";
import type { ResolvedRule, RuleGroup, RuleTree } from "./program.ts";
import { kindOf, type Node } from "./tree.ts";

export function programTree(node: Node): RuleTree {
  const children = new Map<string, RuleTree>();
  for (const [name, child] of node.children) children.set(name, programTree(child));
  const group = groupOf(node);
  return { children, ...(group && { group }) };
}

function groupOf(node: Node): RuleGroup | undefined {
  const [first] = node.drafts;
  if (first === undefined) return undefined;
  const fallback = node.drafts.find((draft) => draft.rule.default);
  return {
    path: first.path,
    kind: kindOf(first),
    arity: first.args.length,
    rules: node.drafts.filter((draft) => !draft.rule.default).map(ruleOf),
    ...(fallback && { default: ruleOf(fallback) }),
  };
}

function ruleOf(draft: Draft): ResolvedRule {
  const [own, ...others] = draft.branches;
  return {
    at: draft.rule.at,
    module: draft.module,
    head: draft.rule.head.at,
    args: draft.args,
    keys: draft.keys,
    ...(draft.member && { member: draft.member }),
    ...(own?.value && { value: own.value }),
    body: own?.body ?? [],
    else: others.flatMap(({ at, value, body }) => (value ? [{ at, value, body }] : [])),
    annotations: draft.annotations,
  };
}
