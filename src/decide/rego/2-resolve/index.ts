/**
 * Phase 2: gives every name its meaning and every expression its order, in the stages of OPA's compiler and with its codes.
 * A stage that finds errors is the last, but for those that are only unwise names.
 */
import type { SourceFinding } from "../errors.ts";
import type { Module, VarTerm } from "../syntax.ts";
import type { PlainObject } from "../values/index.ts";
import { checkBuiltins, checkImports, checkRuleNames, checkUnusedImports, isV1 } from "./checks.ts";
import { separateScopes } from "./closures.ts";
import { type Draft, Findings, rewriteDraft } from "./draft.ts";
import { Functions } from "./functions.ts";
import { programTree } from "./groups.ts";
import { Locals } from "./locals.ts";
import { AnnotationSet, rewriteMetadata } from "./metadata.ts";
import { rewritePrinting } from "./printing.ts";
import type { Program } from "./program.ts";
import { checkRecursion } from "./recursion.ts";
import { exportedNames, globalsOf, resolveRule } from "./references.ts";
import { Safety } from "./safety.ts";
import { type Survey, surveyDraft } from "./survey.ts";
import { buildTree, checkConflicts, checkData } from "./tree.ts";
import { addUnsafe, namesAround } from "./unsafe.ts";

export type { Program, RuleTree } from "./program.ts";
export { type QueryOptions, resolveQuery } from "./query.ts";

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
  const unwise = new Findings();
  const program = new Compilation(modules, options, findings, unwise).run();
  const all = [...findings.all, ...unwise.all];
  return { ...(program && all.length === 0 && { program }), findings: all };
}

class Compilation {
  readonly #modules: readonly Module[];
  readonly #options: ResolveOptions;
  /** Errors that end the compilation after their stage. */
  readonly #findings: Findings;
  /** Errors that end nothing: names that mislead, and what nothing uses. */
  readonly #unwise: Findings;
  readonly #strict: boolean;

  constructor(modules: readonly Module[], options: ResolveOptions, findings: Findings, unwise: Findings) {
    this.#modules = modules.toSorted((a, b) => compareNames(a.at.source.file, b.at.source.file));
    this.#options = options;
    this.#findings = findings;
    this.#unwise = unwise;
    this.#strict = options.strict === true;
  }

  run(): Program | undefined {
    const findings = this.#findings;
    let drafts = this.#references();
    if (findings.any) return undefined;
    drafts = drafts.map((draft) => {
      const options = { strict: this.#strict, v1: isV1(draft.module) };
      return new Locals(draft.names, findings, this.#unwise, options).rule(draft);
    });
    if (findings.any) return undefined;

    const tree = buildTree(drafts);
    const functions = new Functions(tree, findings);
    const annotations = new AnnotationSet(drafts, this.#modules);
    const surveys = drafts.map(surveyDraft);
    drafts = drafts.map((draft, index) => {
      const printed = surveys[index]?.printing ? rewritePrinting(draft, functions.arity, findings) : draft;
      const annotated = rewriteMetadata(printed, surveys[index]?.calls ?? [], annotations);
      return annotated === draft ? draft : this.#again(annotated, index, surveys);
    });
    if (findings.any) return undefined;
    drafts = drafts.map((draft, index) => {
      const isOneScope = draft.branches.length === 1 && !surveys[index]?.closures;
      const separate = isOneScope ? draft : separateScopes(draft);
      return surveys[index]?.replacing
        ? this.#again(checkWiths(separate, functions), index, surveys)
        : separate;
    });
    if (findings.any) return undefined;
    checkConflicts(tree, this.#modules, findings);
    if (this.#options.data) checkData(tree, this.#options.data, findings);
    if (findings.any) return undefined;
    for (const { calls, alone } of surveys)
      for (const call of calls) functions.checkCall(call, alone.has(call));
    if (findings.any) return undefined;

    const scoped = buildTree(drafts);
    drafts = drafts.map((draft) => {
      const onUnsafe = (variable: VarTerm): void => addUnsafe(variable, () => namesAround(draft), findings);
      return new Safety(functions.arity, onUnsafe, draft.names).rule(draft);
    });
    if (findings.any) return undefined;
    checkRecursion(scoped, findings);
    if (findings.any) return undefined;
    functions.checkRuleCalls();
    const limits = { strict: this.#strict, unsafe: new Set(this.#options.unsafeBuiltins) };
    for (const [index, { module }] of drafts.entries())
      checkBuiltins(module, surveys[index]?.calls ?? [], limits, findings);
    const whole = buildTree(drafts);
    // A package without rules is a document too, an empty one.
    for (const module of this.#modules) {
      let node = whole;
      for (const step of module.package.path) node = node.child(step);
    }
    return { modules: this.#modules, tree: programTree(whole) };
  }

  #references(): Draft[] {
    const exported = exportedNames(this.#modules);
    const drafts: Draft[] = [];
    for (const module of this.#modules) {
      const { path } = module.package;
      const globals = globalsOf(path, exported.get(JSON.stringify(path)) ?? new Set(), module.imports);
      for (const rule of module.rules) drafts.push(resolveRule(module, rule, globals, this.#findings));
      if (this.#strict || isV1(module)) {
        checkImports(module, this.#unwise);
        checkRuleNames(module, this.#unwise);
      }
      if (this.#strict) checkUnusedImports(module, globals, this.#unwise);
    }
    return drafts;
  }

  /** A draft that a pass changed is looked through anew. */
  #again(draft: Draft, index: number, surveys: Survey[]): Draft {
    surveys[index] = surveyDraft(draft);
    return draft;
  }
}

function compareNames(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function checkWiths(draft: Draft, functions: Functions): Draft {
  return rewriteDraft(draft, {
    term: (term) => functions.withoutCall(term),
    expr: (expr) =>
      expr.with.length === 0 ? expr : { ...expr, with: expr.with.map((item) => functions.checkWith(item)) },
  });
}
