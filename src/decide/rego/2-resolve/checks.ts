/** What OPA's compiler forbids of single imports, names and calls, some of it in v1 or strict mode only. */
import { DECLARATIONS } from "../builtins/declarations.ts";
import type { Expr, Import, Module, Term } from "../syntax.ts";
import { type Draft, type Findings, visitDraft } from "./draft.ts";
import { type Globals, importedName, isAssignment, isSyntaxImport } from "./references.ts";
import { visitBody, visitTerm } from "./walk.ts";

/** Whether the rules of v1 hold for a module: it is one, or it imports `rego.v1`. */
export function isV1(module: Module): boolean {
  return module.dialect === "v1" || module.imports.some(({ path }) => isRegoV1(path));
}

function isRegoV1({ head, path }: Import["path"]): boolean {
  const [step] = path;
  return head.kind === "var" && head.name === "rego" && step?.kind === "string" && step.value === "v1";
}

function importText({ path, alias }: Import): string {
  const steps = path.path.map((step) => (step.kind === "string" ? `.${step.value}` : ""));
  const head = path.head.kind === "var" ? path.head.name : "";
  return head + steps.join("") + (alias === undefined ? "" : ` as ${alias}`);
}

export function checkImports(module: Module, findings: Findings): void {
  const seen = new Map<string, Import>();
  for (const item of module.imports) {
    const name = isSyntaxImport(item) ? undefined : importedName(item);
    if (name === undefined) continue;
    const first = seen.get(name);
    if (first) {
      const message = `import must not shadow import ${importText(first)}`;
      findings.add("rego_compile_error", item.at, message, "give one of them another name with `as`");
    } else seen.set(name, item);
  }
}

export function checkUnusedImports(module: Module, globals: Globals, findings: Findings): void {
  for (const item of module.imports) {
    if (isSyntaxImport(item) || globals.used.has(item)) continue;
    findings.add("rego_compile_error", item.at, `import ${importText(item)} unused`);
  }
}

function isRoot(name: string): boolean {
  return name === "input" || name === "data";
}

/** No rule and no `:=` takes the name of `input` or `data`. */
export function checkShadowing(module: Module, findings: Findings): void {
  for (const { head, body, else: branches } of module.rules) {
    const [name] = head.path;
    if (name?.kind === "var" && isRoot(name.name)) {
      const message = `rules must not shadow ${name.name} (use a different rule name)`;
      findings.add("rego_compile_error", head.at, message);
    }
    const visit = (expr: Expr): void => checkAssignment(expr, findings);
    for (const own of [body, ...branches.map((branch) => branch.body)]) visitExprs(own, visit);
    for (const term of [head.value, head.key, ...branches.map((branch) => branch.value)])
      if (term) visitClosures(term, visit);
  }
}

function checkAssignment({ form }: Expr, findings: Findings): void {
  if (form.kind !== "term" || form.term.kind !== "call" || !isAssignment(form.term.operator)) return;
  const [left] = form.term.args;
  if (left?.kind !== "var" || !isRoot(left.name)) return;
  const message = `variables must not shadow ${left.name} (use a different variable name)`;
  findings.add("rego_compile_error", left.at, message);
}

/** Calls `each` on every expression of a body, those of closures included. */
export function visitExprs(body: readonly Expr[], each: (expr: Expr) => void): void {
  for (const expr of body) {
    each(expr);
    const { form } = expr;
    if (form.kind === "every") {
      visitClosures(form.domain, each);
      visitExprs(form.body, each);
    } else visitBody([expr], (term) => inward(term, each));
  }
}

function inward(term: Term, each: (expr: Expr) => void): boolean {
  if (term.kind !== "comprehension") return true;
  if (term.key) visitClosures(term.key, each);
  visitClosures(term.value, each);
  visitExprs(term.body, each);
  return false;
}

export function visitClosures(term: Term, each: (expr: Expr) => void): void {
  visitTerm(term, (inner) => inward(inner, each));
}

/** Built-ins that v1 does away with, and those that the embedder forbids. */
export function checkBuiltins(
  draft: Draft,
  options: { readonly strict: boolean; readonly unsafe: ReadonlySet<string> },
  findings: Findings,
): void {
  const strict = options.strict || isV1(draft.module);
  visitDraft(draft, (term) => {
    if (term.kind !== "call" || term.operator.kind !== "var") return true;
    const { name } = term.operator;
    if (options.unsafe.has(name))
      findings.add("rego_type_error", term.at, `unsafe built-in function calls in expression: ${name}`);
    else if (strict && DECLARATIONS.get(name)?.deprecated)
      findings.add("rego_type_error", term.at, `deprecated built-in function calls in expression: ${name}`);
    return true;
  });
}
