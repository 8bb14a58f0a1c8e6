/** Types of rules, each checked after those that it refers to. */
import type { Program, ResolvedRule, RuleGroup, RuleTree } from "../2-resolve/program.ts";
import type { Term } from "../syntax.ts";
import { canonicalText, type Value } from "../values/index.ts";
import { BodyChecker } from "./check-body.ts";
import { scalarOf } from "./constant.ts";
import { inOrder, Readers } from "./dependencies.ts";
import { DocumentNode, documentAt, functionOf, nested, type RuleDocuments } from "./documents.ts";
import { type Documents, Environment } from "./environment.ts";
import { Findings } from "./findings.ts";
import { type SchemaSet, Schemas } from "./schemas/index.ts";
import { ANY, type FunctionType, merge, type Type } from "./types.ts";

/** What one rule or branch of it adds: a function, or a type at the end of a path of constants. */
interface Addition {
  readonly path: readonly Value[];
  readonly type: Type;
}

export class RuleTypes implements RuleDocuments {
  readonly root: DocumentNode = DocumentNode.root();
  readonly findings: Findings = new Findings();
  readonly #tree: RuleTree;
  readonly #readers: Readers;
  readonly #schemas: Schemas;
  constructor(program: Program, schemas: SchemaSet | undefined) {
    this.#tree = program.tree;
    this.#readers = new Readers(program.tree);
    this.#schemas = new Schemas(program, schemas, this.findings);
  }

  checkAll(): void {
    for (const group of inOrder(this.#tree)) this.#group(group);
  }

  readersOf(path: readonly Term[]): ReadonlySet<RuleGroup> {
    return this.#readers.of(path);
  }

  /** What the references of a query see. */
  get queried(): Documents {
    return this.#documents(this.#schemas.input);
  }

  #documents(input: Type): Documents {
    return { input, dataAt: (path) => documentAt(this.root, path) };
  }

  #group(group: RuleGroup): void {
    const rules = group.default === undefined ? group.rules : [group.default, ...group.rules];
    const additions = rules.flatMap((rule) => this.#rule(rule, group));
    const functions = additions.flatMap(({ type }) => (type.kind === "function" ? [type] : []));
    if (functions.length > 0 && functions.length === additions.length) {
      this.root.add(group.path, functionOf(functions), group);
      return;
    }
    const byPath = new Map<string, Addition[]>();
    for (const addition of additions) {
      const key = addition.path.map(canonicalText).join();
      const same = byPath.get(key);
      if (same === undefined) byPath.set(key, [addition]);
      else same.push(addition);
    }
    for (const same of byPath.values()) {
      const path = [...group.path, ...(same[0]?.path ?? [])];
      this.root.add(path, merge(same.map(({ type }) => type)) ?? ANY, group);
    }
  }

  #rule(rule: ResolvedRule, group: RuleGroup): readonly Addition[] {
    const schemas = this.#schemas.of(rule, group);
    const undo = (schemas?.data ?? []).map(({ path, type }) => this.root.override(path, type));
    const documents = this.#documents(schemas?.input ?? this.#schemas.input);
    const branches = [{ body: rule.body, value: rule.value }, ...rule.else];
    const additions = branches.map(({ body, value }): Addition => {
      const environment = new Environment(documents);
      const before = this.findings.count;
      const checker = new BodyChecker(environment, this.findings, this);
      checker.body(body);
      const heads = [...rule.keys, rule.member, value].filter((term) => term !== undefined);
      for (const term of heads) checker.term(term);
      // What is wrong is said once: whoever refers to it has nothing to say.
      const isWrong = this.findings.count > before;
      return group.kind === "function"
        ? { path: [], type: isWrong ? ANY : functionType(environment, rule, value) }
        : additionOf(environment, rule, value, isWrong);
    });
    for (const one of undo.reverse()) one();
    return additions;
  }
}

function functionType(environment: Environment, rule: ResolvedRule, value: Term | undefined): FunctionType {
  for (const arg of rule.args) environment.settle(arg);
  return {
    kind: "function",
    operands: rule.args.map((arg) => environment.typeOf(arg) ?? ANY),
    result: value === undefined ? { kind: "boolean" } : (environment.typeOf(value) ?? ANY),
    variadic: false,
  };
}

function additionOf(
  environment: Environment,
  rule: ResolvedRule,
  value: Term | undefined,
  isWrong: boolean,
): Addition {
  const variable = rule.keys.findIndex((key) => scalarOf(key) === undefined);
  const count = variable < 0 ? rule.keys.length : variable;
  const path = rule.keys.slice(0, count).flatMap((key) => scalarOf(key) ?? [null]);
  if (isWrong) return { path, type: ANY };
  const leaf: Type =
    rule.member !== undefined
      ? { kind: "set", of: environment.typeOf(rule.member) ?? ANY }
      : value === undefined
        ? { kind: "boolean" }
        : (environment.typeOf(value) ?? ANY);
  const keys = rule.keys.slice(count).map((key) => environment.typeOf(key) ?? ANY);
  return { path, type: nested(keys, leaf) };
}
