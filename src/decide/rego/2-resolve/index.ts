/**
 * Phase 2: gives every name its meaning and every expression its order, in the stages of OPA's compiler and with its codes.
 * A stage that finds errors is the last, but for those that are only unwise names.
 */
import { nearest } from "#kernel";
import type { SourceFinding } from "../errors.ts";
import type { Body, Import, Module, Term, VarTerm } from "../syntax.ts";
import type { PlainObject } from "../values/index.ts";
import {
  checkBuiltins,
  checkImports,
  checkShadowing,
  checkUnusedImports,
  isV1,
  visitClosures,
  visitExprs,
} from "./checks.ts";
import { scopeTerms, separateQueryScopes, separateScopes, visitDirect } from "./closures.ts";
import { type Draft, Findings, isAnonymous, labelOf, Names, rewriteDraft, visitDraft } from "./draft.ts";
import { Functions } from "./functions.ts";
import { Locals } from "./locals.ts";
import { AnnotationSet, rewriteMetadata } from "./metadata.ts";
import { NO_VALUE } from "./pieces.ts";
import { rewritePrinting, rewriteQueryPrinting } from "./printing.ts";
import type { Program, ResolvedQuery, ResolvedRule, RuleGroup, RuleTree } from "./program.ts";
import { checkRecursion } from "./recursion.ts";
import { exportedNames, globalsOf, resolveBody, resolveRule } from "./references.ts";
import { Safety } from "./safety.ts";
import { buildTree, checkConflicts, checkData, kindOf, type Node } from "./tree.ts";
import { rewriteBody, visitBody } from "./walk.ts";

export type { Program, ResolvedQuery, ResolvedRule, RuleGroup, RuleTree } from "./program.ts";

export interface ResolveOptions {
  /** What `opa check --strict` forbids, too: unused imports, variables and arguments, deprecated built-ins. */
  readonly strict?: boolean;
  /** Base data, below which no rule may stand. */
  readonly data?: PlainObject;
  /** Built-ins that may not be called. */
  readonly unsafeBuiltins?: Iterable<string>;
}

export interface Resolution {
  /** Absent when there are findings. */
  readonly program?: Program;
  readonly findings: readonly SourceFinding[];
}

/** Resolves modules that belong together. */
export function resolve(modules: readonly Module[], options: ResolveOptions = {}): Resolution {
  const findings = new Findings();
  const program = new Compilation(modules, options, findings).run();
  return { ...(program && !findings.any && { program }), findings: findings.all };
}

class Compilation {
  readonly #modules: readonly Module[];
  readonly #options: ResolveOptions;
  /** Errors that end the compilation after their stage. */
  readonly #findings: Findings;
  readonly #strict: boolean;

  constructor(modules: readonly Module[], options: ResolveOptions, findings: Findings) {
    this.#modules = modules.toSorted((a, b) => compareNames(a.at.source.file, b.at.source.file));
    this.#options = options;
    this.#findings = findings;
    this.#strict = options.strict === true;
  }

  run(): Program | undefined {
    const findings = this.#findings;
    const unwise = new Findings();
    let drafts = this.#references(unwise);
    if (findings.any) return undefined;
    drafts = drafts.map((draft) =>
      new Locals(draft.names, findings, unwise, { strict: this.#strict }).rule(draft),
    );
    if (findings.any) return undefined;

    const tree = buildTree(drafts);
    const functions = new Functions(tree, findings);
    drafts = drafts.map((draft) => rewritePrinting(draft, functions.arity, findings));
    if (findings.any) return undefined;
    const annotations = new AnnotationSet(drafts, this.#modules);
    drafts = drafts.map((draft) => separateScopes(rewriteMetadata(draft, annotations)));

    drafts = drafts.map((draft) => checkWiths(draft, functions));
    if (findings.any) return undefined;
    checkConflicts(tree, this.#modules, findings);
    if (this.#options.data) checkData(tree, this.#options.data, findings);
    if (findings.any) return undefined;
    for (const draft of drafts) checkCalls(draft, functions);
    if (findings.any) return undefined;

    const scoped = buildTree(drafts);
    drafts = drafts.map((draft) => {
      const onUnsafe = (variable: VarTerm): void => this.#unsafe(variable, draft);
      return new Safety(functions.arity, onUnsafe, draft.names).rule(draft);
    });
    if (findings.any) return undefined;
    checkRecursion(scoped, findings);
    if (findings.any) return undefined;
    functions.checkRuleCalls();
    const limits = { strict: this.#strict, unsafe: new Set(this.#options.unsafeBuiltins) };
    for (const draft of drafts) checkBuiltins(draft, limits, findings);
    for (const finding of unwise.all) findings.all.push(finding);
    const whole = buildTree(drafts);
    // A package without rules is a document too, an empty one.
    for (const module of this.#modules) {
      let node = whole;
      for (const step of module.package.path) node = node.child(step);
    }
    return { modules: this.#modules, tree: programTree(whole) };
  }

  #references(unwise: Findings): Draft[] {
    const exported = exportedNames(this.#modules);
    const drafts: Draft[] = [];
    for (const module of this.#modules) {
      const { path } = module.package;
      const globals = globalsOf(path, exported.get(JSON.stringify(path)) ?? new Set(), module.imports);
      for (const rule of module.rules) drafts.push(resolveRule(module, rule, globals, this.#findings));
      if (this.#strict || isV1(module)) {
        checkImports(module, unwise);
        checkShadowing(module, unwise);
      }
      if (this.#strict) checkUnusedImports(module, globals, unwise);
    }
    return drafts;
  }

  #unsafe(variable: VarTerm, draft: Draft): void {
    addUnsafe(variable, () => namesAround(draft), this.#findings);
  }
}

function compareNames(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

const KEYWORDS: ReadonlySet<string> = new Set(["if", "in", "contains", "every"]);

function addUnsafe(variable: VarTerm, names: () => Iterable<string>, findings: Findings): void {
  const label = labelOf(variable);
  const message = variable.name === NO_VALUE ? "expression is unsafe" : `var ${label} is unsafe`;
  if (KEYWORDS.has(label)) {
    findings.add(
      "rego_unsafe_var_error",
      variable.at,
      message,
      `add "import rego.v1" to use the keyword ${label}`,
    );
    return;
  }
  const others = new Set(names());
  others.delete(label);
  const near = label === "_" ? undefined : nearest(label, others);
  findings.add(
    "rego_unsafe_var_error",
    variable.at,
    message,
    near === undefined ? undefined : `did you mean ${near}?`,
  );
}

/** What a variable could have been meant to be: others of the rule, rules of its package and imports. */
function namesAround(draft: Draft): Set<string> {
  const names = new Set(["input", "data"]);
  visitDraft(draft, (term) => {
    if (term.kind === "var" && !isAnonymous(term.name)) names.add(labelOf(term));
    return true;
  });
  for (const { head } of draft.module.rules) if (head.path[0]?.kind === "var") names.add(head.path[0].name);
  for (const { path, alias } of draft.module.imports) {
    const last = path.path.at(-1);
    if (alias !== undefined) names.add(alias);
    else if (last?.kind === "string") names.add(last.value);
  }
  return names;
}

function checkWiths(draft: Draft, functions: Functions): Draft {
  return rewriteDraft(draft, {
    term: (term) => functions.withoutCall(term),
    expr: (expr) =>
      expr.with.length === 0 ? expr : { ...expr, with: expr.with.map((item) => functions.checkWith(item)) },
  });
}

/** The calls that are whole expressions, which may take their result as an operand more. */
function aloneIn(body: Body, alone: Set<Term>): void {
  visitExprs(body, ({ form }) => {
    if (form.kind === "term" && form.term.kind === "call") alone.add(form.term);
  });
}

function checkCalls(draft: Draft, functions: Functions): void {
  const alone = new Set<Term>();
  for (const { value, body } of draft.branches) {
    aloneIn(body, alone);
    if (value) visitClosures(value, (expr) => aloneIn([expr], alone));
  }
  for (const term of [...draft.args, ...draft.keys, ...(draft.member ? [draft.member] : [])])
    visitClosures(term, (expr) => aloneIn([expr], alone));
  visitDraft(draft, (term) => {
    if (term.kind === "call") functions.checkCall(term, alone.has(term));
    return true;
  });
}

function programTree(node: Node): RuleTree {
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

export interface QueryOptions {
  /** The package whose names the query uses, after `data`. */
  readonly package?: readonly string[];
  readonly imports?: readonly Import[];
  readonly strict?: boolean;
}

export interface QueryResolution {
  readonly query?: ResolvedQuery;
  readonly findings: readonly SourceFinding[];
}

/** Resolves a query against a program. */
export function resolveQuery(program: Program, body: Body, options: QueryOptions = {}): QueryResolution {
  const findings = new Findings();
  const query = queryOf(program, body, options, findings);
  return { ...(query && !findings.any && { query }), findings: findings.all };
}

function queryOf(
  program: Program,
  written: Body,
  options: QueryOptions,
  findings: Findings,
): ResolvedQuery | undefined {
  const names = new Names();
  const functions = new Functions(program.tree, findings);
  const path = options.package ?? [];
  const exported = options.package ? (exportedNames(program.modules).get(JSON.stringify(path)) ?? []) : [];
  let body = resolveBody(written, globalsOf(path, new Set(exported), options.imports ?? []));
  body = new Locals(names, findings, findings, { strict: options.strict === true }).query(body);
  if (findings.any) return undefined;
  body = rewriteQueryPrinting(body, names, functions.arity, findings);
  if (findings.any) return undefined;
  body = rewriteBody(separateQueryScopes(body, names), {
    term: (term) => functions.withoutCall(term),
    expr: (expr) =>
      expr.with.length === 0 ? expr : { ...expr, with: expr.with.map((item) => functions.checkWith(item)) },
  });
  const alone = new Set<Term>();
  aloneIn(body, alone);
  visitBody(body, (term) => {
    if (term.kind === "call") functions.checkCall(term, alone.has(term));
    return true;
  });
  if (findings.any) return undefined;
  const variables = queryVariables(body);
  const around = (): Iterable<string> => variables.map(({ label }) => label);
  const ordered = new Safety(
    functions.arity,
    (variable) => addUnsafe(variable, around, findings),
    names,
  ).query(body);
  functions.checkRuleCalls();
  return { body: ordered, variables };
}

/** The variables of the query itself, those within closures aside. */
function queryVariables(body: Body): ResolvedQuery["variables"] {
  const labels = new Map<string, string>();
  for (const expr of body) {
    for (const term of scopeTerms(expr)) {
      visitDirect(term, (variable) => {
        const { name } = variable;
        if (!isAnonymous(name) && name !== "input" && name !== "data") labels.set(name, labelOf(variable));
      });
    }
  }
  return [...labels].map(([name, label]) => ({ label, name }));
}
