/** Types of the documents under `data`, worked out when somebody asks for them. */
import type { ResolvedRule, RuleGroup, RuleTree } from "../2-resolve/program.ts";
import type { SourceFinding } from "../errors.ts";
import type { Term } from "../syntax.ts";
import { BodyChecker } from "./check-body.ts";
import { constantOf } from "./constant.ts";
import { Environment } from "./environment.ts";
import { Readers } from "./replaced.ts";
import { ANY, or, orAll, STRING, type Type } from "./types.ts";

/** Of all rules of a program, each checked once. */
export class RuleTypes {
  readonly tree: RuleTree;
  readonly findings: SourceFinding[] = [];
  readonly #known = new Map<RuleGroup, Type | undefined>();
  readonly readers: Readers;
  constructor(tree: RuleTree) {
    this.tree = tree;
    this.readers = new Readers(tree);
  }

  checkAll(tree: RuleTree = this.tree): void {
    if (tree.group !== undefined) this.ofGroup(tree.group);
    for (const child of tree.children.values()) this.checkAll(child);
  }

  /** What the rules of a path can be; undefined where that is not known. */
  ofGroup(group: RuleGroup): Type | undefined {
    if (this.#known.has(group)) return this.#known.get(group);
    // Rules cannot be recursive; what `with` reaches may come back here, and is not known then.
    this.#known.set(group, ANY);
    const rules = group.default === undefined ? group.rules : [...group.rules, group.default];
    let type: Type | undefined;
    for (const rule of rules) {
      const found = this.#ofRule(rule, group);
      // A single member beside others that have a variable key says nothing of theirs.
      const [first] = rule.keys;
      if (first === undefined || constantOf(first) === undefined) type = or(type, found);
    }
    if (type === undefined && group.kind === "object") type = ANY;
    this.#known.set(group, type);
    return type;
  }

  /** A document that has rules below it, and maybe base data. */
  ofNode(tree: RuleTree): Type | undefined {
    if (tree.group !== undefined && tree.children.size === 0) return this.ofGroup(tree.group);
    const members = [...tree.children].map(([key, child]) => ({ key, type: this.ofNode(child) }));
    return { kind: "object", members, rest: { key: STRING, value: ANY } };
  }

  #ofRule(rule: ResolvedRule, group: RuleGroup): Type | undefined {
    const branches = [{ body: rule.body, value: rule.value }, ...rule.else];
    return orAll(branches.map(({ body, value }) => this.#ofBranch(rule, group, body, value)));
  }

  #ofBranch(
    rule: ResolvedRule,
    group: RuleGroup,
    body: ResolvedRule["body"],
    value: Term | undefined,
  ): Type | undefined {
    const environment = new Environment(this);
    const checker = new BodyChecker(environment, this.findings);
    const before = this.findings.length;
    checker.body(body);
    const heads = [...rule.keys, rule.member, value].filter((term) => term !== undefined);
    for (const term of heads) checker.term(term);
    // What is wrong is said once: whoever refers to it has nothing to say.
    if (this.findings.length > before) return ANY;
    if (group.kind === "function") {
      for (const arg of rule.args) environment.nameAll(arg);
      return {
        kind: "function",
        operands: rule.args.map((arg) => environment.typeOf(arg) ?? ANY),
        result: value === undefined ? { kind: "boolean" } : environment.typeOf(value),
      };
    }
    const leaf: Type | undefined =
      rule.member !== undefined
        ? { kind: "set", of: environment.typeOf(rule.member) }
        : value === undefined
          ? { kind: "boolean" }
          : environment.typeOf(value);
    return nested(environment, rule.keys, leaf);
  }
}

/** The object that a path with variables adds to. */
function nested(environment: Environment, keys: readonly Term[], leaf: Type | undefined): Type | undefined {
  const [key, ...rest] = keys;
  if (key === undefined || leaf === undefined) return leaf;
  const value = nested(environment, rest, leaf);
  const constant = constantOf(key);
  if (constant !== undefined)
    return { kind: "object", members: [{ key: constant, type: value }], rest: { key: ANY, value: ANY } };
  return { kind: "object", members: [], rest: { key: environment.typeOf(key), value } };
}
