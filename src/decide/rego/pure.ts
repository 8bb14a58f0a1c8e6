/** Policies whose answers nothing decides but their text, data, input and the time: those that may be put into effect. */
import type { Program, ResolvedRule, RuleTree } from "./2-resolve/program.ts";
import { type Visitor, visitBody, visitTerm } from "./2-resolve/walk.ts";
import type { SourceFinding } from "./errors.ts";
import type { Span } from "./source.ts";

/** What the network or chance decides. */
const IMPURE: ReadonlySet<string> = new Set(["http.send", "net.lookup_ip_addr", "rand.intn", "uuid.rfc4122"]);

/** A finding for each call of what the network or chance decides. */
export function impureCalls(program: Program): readonly SourceFinding[] {
  const found = new Map<string, SourceFinding>();
  const visitor: Visitor = {
    term: (term) => {
      if (term.kind === "call" && term.operator.kind === "var" && IMPURE.has(term.operator.name)) {
        const finding = impure(term.operator.name, term.at);
        found.set(`${finding.file}:${finding.line}:${finding.column}`, finding);
      }
      return true;
    },
  };
  for (const rule of rulesOf(program.tree)) {
    const { args, keys, member, value, else: branches } = rule;
    for (const term of [...args, ...keys, ...(member ? [member] : []), ...(value ? [value] : [])])
      visitTerm(term, visitor);
    visitBody(rule.body, visitor);
    for (const branch of branches) {
      visitTerm(branch.value, visitor);
      visitBody(branch.body, visitor);
    }
  }
  return [...found.values()].sort(
    (a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : 0) || a.line - b.line || a.column - b.column,
  );
}

function rulesOf({ group, children }: RuleTree): readonly ResolvedRule[] {
  const own = group === undefined ? [] : [...group.rules, ...(group.default ? [group.default] : [])];
  return [...own, ...[...children.values()].flatMap(rulesOf)];
}

function impure(name: string, { source, start, end }: Span): SourceFinding {
  const cause =
    name.startsWith("rand.") || name.startsWith("uuid.") ? "chance decides" : "the network decides";
  return {
    code: "rego_type_error",
    severity: "error",
    file: source.file,
    ...source.position(start),
    length: Math.max(1, end - start),
    message: `${name} cannot be in a policy that is put into effect: ${cause} what it answers`,
    hint: "take what it answers from input or data",
  };
}
