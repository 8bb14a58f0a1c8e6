/**
 * What makes a rule out of what was read: heads from terms, rules from expressions that stand alone, and what OPA holds
 * rules to before anything is resolved.
 */

import { nearest } from "#kernel";
import { DECLARATIONS } from "../builtins/declarations.ts";
import type { Span } from "../source.ts";
import type { Body, Head, Rule, Term } from "../syntax.ts";
import { termText } from "../term-text.ts";
import { ParseFailure } from "./failure.ts";
import { importHint } from "./hints.ts";

export interface RuleName {
  /** The name first; empty where it was one that no rule can have. */
  readonly path: readonly Term[];
  readonly args?: readonly Term[];
}

/** The name, path and arguments that a head's term says, or undefined where it is no name. */
export function ruleName(term: Term): RuleName | undefined {
  switch (term.kind) {
    case "var":
      return { path: [term] };
    case "ref":
      return term.head.kind === "var" ? { path: [term.head, ...term.path] } : undefined;
    case "call": {
      const { operator, args } = term;
      if (term.infix !== undefined) return undefined;
      if (operator.kind === "var") return { path: [operator], args };
      return operator.head.kind === "var" ? { path: [operator.head, ...operator.path], args } : undefined;
    }
    case "array":
    case "boolean":
    case "comprehension":
    case "null":
    case "number":
    case "object":
    case "set":
    case "string":
    case "template":
      return undefined;
  }
}

/** `p[x]` alone, or with a body, is a member of a set in v0; else `path` is what the rule defines. */
export function headOf({ path, args }: RuleName, rest: Pick<Head, "at" | "value" | "assign" | "if">): Head {
  const [first, key] = path as readonly [Term, Term?];
  const isMember = args === undefined && rest.value === undefined && !rest.if;
  if (isMember && key !== undefined && path.length === 2)
    return { ...rest, form: "contains", path: [first], key };
  const { value, ...others } = rest;
  return {
    ...others,
    form: "value",
    path,
    ...(args === undefined || args.length === 0 ? {} : { args }),
    ...(value === undefined ? {} : { value }),
  };
}

/** The rule that a body standing alone is, as `p := 1` and `p[x]` are, or why it is none; `next` is the text behind it. */
export function ruleOfBody(body: Body, at: Span, strict: boolean, next: string): Rule | ParseFailure {
  const fail = (message: string, hint?: string): ParseFailure =>
    new ParseFailure(at.source, at.start, at.end - at.start, message, hint);
  const [only, ...more] = body;
  if (only === undefined || more.length > 0) return fail("multiple expressions cannot be used for rule head");
  if (only.form.kind === "some" || only.form.kind === "some-in")
    return fail("'some' declarations cannot be used for rule head");
  if (only.form.kind === "every" || only.logical !== undefined)
    return fail("expression cannot be used for rule head");
  if (only.negated || only.not !== undefined) return fail("negated expressions cannot be used for rule head");
  if (only.with.length > 0) return fail("expressions using with keyword cannot be used for rule head");
  const { term } = only.form as { readonly term: Term };
  const sign = equalitySign(term);
  const [named, value] = sign === undefined || term.kind !== "call" ? [term] : (term.args as [Term, Term]);
  const name = ruleName(named);
  if (name === undefined || (value === undefined && (named.kind === "var" || isBuiltin(named))))
    return fail(...reasonFor(named, strict, next));
  if (name.args?.length === 0 && value === undefined)
    return fail("rule argument list must take at least one argument");
  const rest = { at, assign: sign === ":=", if: false, ...(value === undefined ? {} : { value }) };
  const head = headOf(name, rest);
  return { at, default: false, head, body: [], else: [], bodied: false, chained: false };
}

/** `eq(p, 1)` is `p = 1`. */
function equalitySign(term: Term): string | undefined {
  if (term.kind !== "call" || term.args.length !== 2 || term.operator.kind !== "var") return undefined;
  const { name } = term.operator;
  return name === "eq" ? "=" : name === "assign" ? ":=" : undefined;
}

/** A call of a built-in, whatever sign it is written with. */
function isBuiltin(term: Term): boolean {
  return term.kind === "call" && (term.infix !== undefined || DECLARATIONS.has(termText(term.operator)));
}

/** The words that statements begin with. */
const STATEMENT_WORDS: readonly string[] = ["import", "package", "default"];

function reasonFor(
  term: Term,
  strict: boolean,
  next: string,
): readonly [message: string, hint?: string | undefined] {
  if (term.kind === "var") {
    if (term.name === "data" || term.name === "input") return ["refs cannot be used for rule head"];
    const keyword = strict
      ? undefined
      : ["contains", "if"].find((each) => each === term.name || each === next);
    if (keyword !== undefined) return ["var cannot be used for rule name", importHint(keyword)];
    const word = nearest(term.name, STATEMENT_WORDS);
    const write = strict ? "write `NAME := VALUE`, or `NAME if { … }`" : undefined;
    return ["var cannot be used for rule name", word === undefined ? write : `did you mean \`${word}\`?`];
  }
  if (term.kind === "call") {
    if (isBuiltin(term)) {
      const hint = term.infix === "==" ? "did you mean `:=`?" : undefined;
      return ["rule name conflicts with built-in function", hint];
    }
  }
  if (term.kind === "ref" || term.kind === "call") return [`invalid rule head: ${textOf(term)}`];
  return [`${nameOfKind(term)} cannot be used for rule name`];
}

function textOf({ at }: Term): string {
  return at.source.text.slice(at.start, at.end);
}

export function nameOfKind(term: Term): string {
  if (term.kind === "comprehension") return `${term.of}comprehension`;
  return term.kind === "template" ? "templatestring" : term.kind;
}
