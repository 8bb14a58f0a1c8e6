/** Findings of variables that nothing binds, with what could have been meant. */
import { nearest } from "#kernel";
import type { VarTerm } from "../syntax.ts";
import { type Draft, type Findings, isAnonymous, labelOf, visitDraft } from "./draft.ts";
import { NO_VALUE } from "./pieces.ts";

const KEYWORDS: ReadonlySet<string> = new Set(["if", "in", "contains", "every"]);

/** Nobody reads the hints of more findings than these, and each takes a while where names are many. */
const HINTED = 20;

export function addUnsafe(variable: VarTerm, names: () => Iterable<string>, findings: Findings): void {
  const label = labelOf(variable);
  const message = variable.name === NO_VALUE ? "expression is unsafe" : `var ${label} is unsafe`;
  const hint = label === "_" || findings.all.length >= HINTED ? undefined : hintOf(label, names());
  findings.add("rego_unsafe_var_error", variable.at, message, hint);
}

function hintOf(label: string, names: Iterable<string>): string | undefined {
  if (KEYWORDS.has(label)) return `add "import rego.v1" to use the keyword ${label}`;
  const others = new Set(names);
  others.delete(label);
  const near = nearest(label, others);
  return near === undefined ? undefined : `did you mean ${near}?`;
}

/** What a variable could have been meant to be: others of the rule, rules of its package and imports. */
export function namesAround(draft: Draft): Set<string> {
  const names = new Set(["input", "data"]);
  visitDraft(draft, {
    term: (term) => {
      if (term.kind === "var" && !isAnonymous(term.name)) names.add(labelOf(term));
      return true;
    },
  });
  for (const { head } of draft.module.rules) if (head.path[0]?.kind === "var") names.add(head.path[0].name);
  for (const { path, alias } of draft.module.imports) {
    const last = path.path.at(-1);
    if (alias !== undefined) names.add(alias);
    else if (last?.kind === "string") names.add(last.value);
  }
  return names;
}
