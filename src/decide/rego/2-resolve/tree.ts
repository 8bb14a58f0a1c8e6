/** The rules under `data`, and the conflicts among them (OPA "Rules", "Rule Heads containing References"). */
import { where } from "../source.ts";
import type { Module, Term } from "../syntax.ts";
import { isObject, member, type PlainObject, type Value } from "../values/index.ts";
import type { Draft, Findings } from "./draft.ts";
import type { RuleGroup } from "./program.ts";

/** What calls need to know of the rules: a `RuleTree`, or the nodes that it is made of. */
export interface Rules {
  readonly children: ReadonlyMap<string, Rules>;
  readonly group?:
    | (Pick<RuleGroup, "path" | "kind" | "arity"> & Partial<Pick<RuleGroup, "rules">>)
    | undefined;
  /** What its rules can be. */
  readonly values?: readonly Term[];
}

export function findRules(rules: Rules, path: readonly string[]): Rules | undefined {
  let at: Rules | undefined = rules;
  for (const step of path) at = at?.children.get(step);
  return at;
}

export class Node implements Rules {
  readonly children: Map<string, Node> = new Map<string, Node>();
  readonly drafts: Draft[] = [];

  child(name: string): Node {
    const known = this.children.get(name);
    if (known) return known;
    const node = new Node();
    this.children.set(name, node);
    return node;
  }

  /** What its rules are, judged by the first. */
  get group(): Rules["group"] {
    const [draft] = this.drafts;
    return draft && { path: draft.path, kind: kindOf(draft), arity: draft.args.length };
  }

  get values(): readonly Term[] {
    return this.drafts.flatMap(({ branches }) => branches.flatMap(({ value }) => (value ? [value] : [])));
  }

  /** Some rule at or below this node. */
  any(): Draft | undefined {
    if (this.drafts.length > 0) return this.drafts[0];
    for (const child of this.children.values()) {
      const draft = child.any();
      if (draft) return draft;
    }
    return undefined;
  }
}

export function kindOf(draft: Draft): RuleGroup["kind"] {
  if (draft.args.length > 0) return "function";
  if (draft.keys.length > 0) return "object";
  return draft.rule.head.form === "contains" ? "set" : "value";
}

/** `data.authz.allow`, and for `p[x]` with its steps. */
export function nameOf(draft: Draft): string {
  return pathText(draft.path) + draft.keys.map((key) => stepText(key)).join("");
}

export function pathText(path: readonly string[]): string {
  return `data${path.map((step) => stepText({ kind: "string", value: step })).join("")}`;
}

function stepText(step: Term | { readonly kind: "string"; readonly value: string }): string {
  switch (step.kind) {
    case "string":
      return /^[A-Za-z_][A-Za-z0-9_]*$/.test(step.value)
        ? `.${step.value}`
        : `[${JSON.stringify(step.value)}]`;
    case "var":
      return `[${step.label ?? step.name}]`;
    case "number":
    case "boolean":
      return `[${String(step.value)}]`;
    case "array":
    case "call":
    case "comprehension":
    case "null":
    case "object":
    case "ref":
    case "set":
    case "template":
      return "[…]";
  }
}

export function buildTree(drafts: readonly Draft[]): Node {
  const root = new Node();
  for (const draft of drafts) {
    let node = root;
    for (const step of draft.path) node = node.child(step);
    node.drafts.push(draft);
  }
  return root;
}

/** Whether two rules of one path cannot stand together: of different kinds or with different numbers of arguments. */
function isConflict(a: Draft, b: Draft): boolean {
  return (
    kindOf(a) !== kindOf(b) ||
    a.args.length !== b.args.length ||
    (a.member === undefined) !== (b.member === undefined)
  );
}

export function checkConflicts(root: Node, modules: readonly Module[], findings: Findings): void {
  checkNode(root, findings);
  for (const module of modules) checkPackage(root, module, findings);
}

function checkNode(node: Node, findings: Findings): void {
  for (const child of node.children.values()) checkNode(child, findings);
  const [first] = node.drafts;
  if (first === undefined) return;
  const defaults = node.drafts.filter((draft) => draft.rule.default);
  const [, second] = defaults;
  if (second) {
    const places = defaults.map((draft) => where(draft.rule.head.at)).join(", ");
    findings.add(
      "rego_type_error",
      second.rule.head.at,
      `multiple default rules ${pathText(first.path)} found at ${places}`,
    );
  }
  const other = node.drafts.find((draft) => isConflict(first, draft));
  if (other) {
    const hint = `the other is at ${where(first.rule.head.at)}`;
    findings.add("rego_type_error", other.rule.head.at, `conflicting rules ${nameOf(other)} found`, hint);
  }
  const isObject = node.drafts.some((draft) => kindOf(draft) === "object");
  for (const child of node.children.values()) {
    const below = isObject ? anyFunction(child) : child.any();
    if (below === undefined) continue;
    const message = `rule ${nameOf(first)} conflicts with rule ${nameOf(below)} at ${where(below.rule.head.at)}`;
    findings.add("rego_type_error", first.rule.head.at, message);
  }
}

function anyFunction(node: Node): Draft | undefined {
  const own = node.drafts.find((draft) => kindOf(draft) === "function");
  if (own) return own;
  for (const child of node.children.values()) {
    const below = anyFunction(child);
    if (below) return below;
  }
  return undefined;
}

function checkPackage(root: Node, module: Module, findings: Findings): void {
  let node: Node | undefined = root;
  for (const step of module.package.path) {
    node = node?.children.get(step);
    const rule = node?.drafts.find((draft) => kindOf(draft) !== "object");
    if (rule === undefined) continue;
    const name = module.package.path.join(".");
    const message = `package ${name} conflicts with rule ${nameOf(rule)} defined at ${where(rule.rule.head.at)}`;
    findings.add("rego_type_error", module.package.at, message);
    return;
  }
}

/** A rule may not stand where base data stands. */
export function checkData(root: Node, data: PlainObject, findings: Findings): void {
  const visit = (node: Node, value: Value): void => {
    const rule = isObject(value) ? node.drafts[0] : node.any();
    if (rule) {
      const path = rule.path.join("/");
      findings.add("rego_compile_error", rule.rule.head.at, `conflicting rule for data path ${path} found`);
    } else if (isObject(value)) {
      for (const [name, child] of node.children) {
        const below = member(value, name);
        if (below !== undefined) visit(child, below);
      }
    }
  };
  visit(root, data);
}
