/** What OPA's compiler forbids of single imports, names and calls, some of it in v1 or strict mode only. */
import { DECLARATIONS } from "../builtins/declarations.ts";
import type { CallTerm, Import, Module } from "../syntax.ts";
import type { Findings } from "./draft.ts";
import { type Globals, importedName, isSyntaxImport } from "./references.ts";

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

/** No rule takes the name of `input` or `data`. */
export function checkRuleNames(module: Module, findings: Findings): void {
  for (const { head } of module.rules) {
    const [name] = head.path;
    if (name?.kind !== "var" || (name.name !== "input" && name.name !== "data")) continue;
    const message = `rules must not shadow ${name.name} (use a different rule name)`;
    findings.add("rego_compile_error", head.at, message);
  }
}

/** Built-ins that v1 does away with, and those that the embedder forbids. */
export function checkBuiltins(
  module: Module,
  calls: Iterable<CallTerm>,
  options: { readonly strict: boolean; readonly unsafe: ReadonlySet<string> },
  findings: Findings,
): void {
  const strict = options.strict || isV1(module);
  for (const { operator, at } of calls) {
    if (operator.kind !== "var") continue;
    const { name } = operator;
    if (options.unsafe.has(name))
      findings.add("rego_type_error", at, `unsafe built-in function calls in expression: ${name}`);
    else if (strict && DECLARATIONS.get(name)?.deprecated)
      findings.add("rego_type_error", at, `deprecated built-in function calls in expression: ${name}`);
  }
}
