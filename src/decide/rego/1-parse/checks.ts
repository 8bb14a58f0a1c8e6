/** What OPA holds a module's rules to when all of it has been read: the words that v1 asks for, and what a default can be. */
import type { Head, Rule, Term } from "../syntax.ts";
import { ParseFailure } from "./failure.ts";

/** What `if` and `contains` are missing from, of v1 and of modules that import `rego.v1`. */
export function checkWords(rules: readonly Rule[]): readonly ParseFailure[] {
  const failures: ParseFailure[] = [];
  for (const rule of rules) {
    const { head } = rule;
    const add = (
      message: string,
      at: { readonly start: number; readonly end: number },
      hint: string,
    ): void => {
      failures.push(new ParseFailure(head.at.source, at.start, at.end - at.start, message, hint));
    };
    const what = head.args === undefined ? "rule" : "function";
    if (rule.bodied && !head.if) {
      const { at } = rule.chained ? rule : head;
      add(`\`if\` keyword is required before ${what} body`, at, "write `if` before the `{`");
    }
    for (const branch of rule.else)
      if (branch.bodied && !branch.if)
        add(`\`if\` keyword is required before ${what} body`, branch.at, "write `else if { … }`");
    if (isBracketedMember(head))
      add("`contains` keyword is required for partial set rules", head.at, memberHint(head));
    else if (
      !rule.bodied &&
      !rule.default &&
      head.form === "value" &&
      head.value === undefined &&
      head.args === undefined
    )
      add(
        "rule must have value assignment and/or body declaration",
        head.at,
        "write `:= VALUE`, or `if { … }`",
      );
  }
  return failures;
}

/** `p[x]` or `p.x`, not `p contains x`. */
function isBracketedMember({ at, form, path }: Head): boolean {
  const [name] = path as readonly [Term];
  return form === "contains" && path.length === 1 && /[.[]/.test(at.source.text.charAt(name.at.end));
}

function memberHint({ at, path, key }: Head): string {
  const [name] = path as readonly [Term];
  const text = ({ at: { start, end } }: Term): string => at.source.text.slice(start, end);
  const member = key === undefined ? "VALUE" : text(key);
  return `write \`${text(name)} contains ${member} if …\`, or \`${text(name)}[${member}] := true if …\``;
}

/** What a default rule cannot say. */
export function checkDefault({ at, head }: Rule): ParseFailure | undefined {
  const fail = (what: string): ParseFailure =>
    new ParseFailure(at.source, at.start, at.end - at.start, `illegal default rule (${what})`);
  if (head.form === "contains") return fail("must have a value");
  const names = new Set<string>();
  for (const arg of head.args ?? []) {
    if (arg.kind !== "var") return fail(`arguments cannot contain ${arg.kind}`);
    if (names.has(arg.name)) return fail(`arguments cannot be repeated ${arg.name}`);
    names.add(arg.name);
  }
  const variable = head.value === undefined ? undefined : variablePart(head.value);
  return variable === undefined ? undefined : fail(`value cannot contain ${variable.kind}`);
}

/** A part that does not say all of itself; a comprehension does. */
function variablePart(term: Term): Term | undefined {
  switch (term.kind) {
    case "var":
    case "ref":
    case "call":
      return term;
    case "array":
    case "set":
      return firstOf(term.items);
    case "object":
      return firstOf(term.members.flat());
    case "template":
      return firstOf(
        term.parts.flatMap((part) =>
          typeof part !== "string" && part.form.kind === "term" ? [part.form.term] : [],
        ),
      );
    case "boolean":
    case "comprehension":
    case "null":
    case "number":
    case "string":
      return undefined;
  }
}

function firstOf(terms: readonly Term[]): Term | undefined {
  for (const term of terms) {
    const found = variablePart(term);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Whether a step of a rule's path says all of itself. */
export function isGround(term: Term): boolean {
  return term.kind === "comprehension" ? false : variablePart(term) === undefined;
}
