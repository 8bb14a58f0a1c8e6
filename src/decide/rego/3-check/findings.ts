/** What is said of terms whose types do not fit, in OPA's words, with what is known as the hint. */
import { nearest } from "#kernel";
import type { SourceFinding } from "../errors.ts";
import type { Span } from "../source.ts";
import type { RefTerm } from "../syntax.ts";
import { termText } from "../term-text.ts";
import { compare, stringify, type Value } from "../values/index.ts";
import { type Type, typeText } from "./types.ts";

/** Findings of one check, each said once. */
export class Findings {
  readonly #found = new Map<string, SourceFinding>();

  /** How often something was found, the same twice included. */
  count = 0;

  /** In the order of the text. */
  sorted(): readonly SourceFinding[] {
    return [...this.#found.values()].sort(
      (a, b) =>
        order(a.file, b.file) || a.line - b.line || a.column - b.column || order(a.message, b.message),
    );
  }

  /** Of a schema for all inputs, which no module speaks of, without a place. */
  add(at: Span | undefined, message: string, hint: string): void {
    this.count += 1;
    const { line, column } = at?.source.position(at.start) ?? { line: 1, column: 1 };
    const file = at?.source.file ?? "schema";
    const finding: SourceFinding = {
      code: "rego_type_error",
      severity: "error",
      file,
      line,
      column,
      length: at === undefined ? 1 : Math.max(1, at.end - at.start),
      message,
      hint,
    };
    const key = `${file}:${line}:${column}:${message}`;
    if (!this.#found.has(key)) this.#found.set(key, finding);
  }

  mismatch(at: Span, left: Type | undefined, right: Type | undefined): void {
    this.add(at, "match error", `left is ${shown(left)}, right is ${shown(right)}`);
  }

  operands(
    at: Span,
    message: string,
    have: readonly (Type | undefined)[],
    want: readonly (Type | undefined)[],
  ): void {
    this.add(at, message, `have (${have.map(shown).join(", ")}), want (${want.map(shown).join(", ")})`);
  }

  /** A step into what has no members, `last` being the step that leads to it, or -1 for the head. */
  noMembers(ref: RefTerm, last: number, have: Type | undefined): void {
    const stem = termText(last < 0 ? ref.head : { ...ref, path: ref.path.slice(0, last + 1) });
    const message =
      have?.kind === "function"
        ? `function ${termText(ref)} used as reference, not called`
        : `undefined ref: ${termText(ref)}`;
    this.add(ref.at, message, `${stem} is ${shown(have)}`);
  }

  /** A step that names no member. */
  noMember(
    ref: RefTerm,
    step: number,
    have: Type | undefined,
    want: Type | undefined,
    names: readonly Value[],
  ): void {
    const wanted =
      names.length > 0 ? `one of ${names.slice(0, MAX_NAMES).map(stringify).join(", ")}` : shown(want);
    const more = names.length > MAX_NAMES ? ", …" : "";
    const hint = `${have === undefined ? "" : `have ${shown(have)}, `}want ${wanted}${more}`;
    const term = ref.path[step];
    const texts = names.filter((name) => typeof name === "string");
    const meant = term?.kind === "string" ? nearest(term.value, texts) : undefined;
    this.add(
      ref.at,
      `undefined ref: ${termText(ref)}`,
      meant === undefined ? hint : `${hint}; did you mean ${meant}?`,
    );
  }
}

const MAX_NAMES = 10;
const MAX_TEXT = 1_000;

function shown(type: Type | undefined): string {
  const text = typeText(type);
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
}

/** The keys that are known of an object, or of those among several alternatives. */
export function namesOf(type: Type | undefined): readonly Value[] {
  const names: Value[] = [];
  for (const one of type?.kind === "any" ? type.of : [type])
    if (one?.kind === "object") names.push(...Array.from(one.members.values(), ({ key }) => key));
  return [...new Set(names)].sort(compare);
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
