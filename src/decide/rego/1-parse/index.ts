/** Phase 1: text to syntax. What cannot be read gives findings of `rego_parse_error`, with the place of the first bad token. */
import type { SourceFinding } from "../errors.ts";
import type { Source } from "../source.ts";
import type { Body, Comment, Dialect, Module } from "../syntax.ts";
import { annotate } from "./annotations.ts";
import { checkWords } from "./checks.ts";
import { ParseFailure } from "./failure.ts";
import { type LexedComment, lex } from "./lexer.ts";
import { FUTURE_KEYWORDS, ModuleParser } from "./parser.ts";
import { TermParser } from "./terms.ts";

export interface ParseOptions {
  readonly dialect: Dialect;
  /** Whether `# METADATA` is read; it is unless this says no. */
  readonly annotations?: boolean;
}

/** Reads a module. Without one, `findings` says why. */
export function parseModule(
  source: Source,
  { dialect, annotations: isAnnotated = true }: ParseOptions,
): { readonly module?: Module; readonly findings: readonly SourceFinding[] } {
  return reading(source, () => {
    const { tokens, comments } = lex(source);
    const parser = new ModuleParser(source, tokens, dialect);
    const { failures, ...statements } = parser.statements();
    const remarks = comments.map((comment) => commentOf(source, comment));
    const annotations = isAnnotated ? annotate(remarks, statements, failures) : [];
    const wrong = failures.length === 0 && parser.strict ? checkWords(statements.rules) : failures;
    if (wrong.length > 0) return { findings: oneEachLine(wrong) };
    const module: Module = {
      at: { source, start: 0, end: source.text.length },
      dialect,
      keywords: parser.keywords,
      ...statements,
      comments: remarks,
      annotations,
    };
    return { module, findings: [] };
  });
}

function commentOf(source: Source, { start, end }: LexedComment): Comment {
  return { at: { source, start, end }, text: source.text.slice(start + 1, end).replace(/\r$/, "") };
}

/** Reads a query: expressions as in a rule's body. */
export function parseQuery(
  source: Source,
  { dialect, keywords }: { readonly dialect: Dialect; readonly keywords?: ReadonlySet<string> },
): { readonly body?: Body; readonly findings: readonly SourceFinding[] } {
  return reading(source, () => {
    const on = keywords ?? new Set(dialect === "v0" ? [] : FUTURE_KEYWORDS);
    const options = { keywords: on, templates: dialect !== "v0" };
    return { body: new TermParser(source, lex(source).tokens, options).body("eof"), findings: [] };
  });
}

function reading<T extends { readonly findings: readonly SourceFinding[] }>(
  source: Source,
  read: () => T,
): T | { readonly findings: readonly SourceFinding[] } {
  try {
    return read();
  } catch (error) {
    if (error instanceof ParseFailure) return { findings: [error.finding()] };
    // The platform's stack ended before the limit of the parser.
    if (error instanceof RangeError)
      return { findings: [new ParseFailure(source, 0, 1, "nested too deeply").finding()] };
    throw error;
  }
}

/** What is wrong with one line is most often one thing, which comes first. */
function oneEachLine(failures: readonly ParseFailure[]): readonly SourceFinding[] {
  const findings: SourceFinding[] = [];
  for (const failure of failures) {
    const finding = failure.finding();
    if (findings[findings.length - 1]?.line !== finding.line) findings.push(finding);
  }
  return findings;
}

/**
 * Which dialect a module is to be read in: the one asked for, unless it says `# postern: dialect=guide`, or only the mixed
 * syntax of printed guides can read it, which a warning says.
 */
export function chooseDialect(
  source: Source,
  asked: "v1" | "v0",
): { readonly dialect: Dialect; readonly findings: readonly SourceFinding[] } {
  if (/^[ \t]*#[ \t]*postern:[ \t]*dialect=guide[ \t]*\r?$/m.test(source.text))
    return { dialect: "guide", findings: [] };
  const reads = (dialect: Dialect): boolean => parseModule(source, { dialect }).module !== undefined;
  const other = asked === "v1" ? "v0" : "v1";
  if (reads(asked) || reads(other) || !reads("guide")) return { dialect: asked, findings: [] };
  const warning: SourceFinding = {
    code: "rego_parse_error",
    severity: "warning",
    file: source.file,
    line: 1,
    column: 1,
    length: 1,
    message: "neither v1 nor v0: read in the mixed syntax of printed guides",
    hint: "`postern policy fmt --write` makes it v1, `# postern: dialect=guide` says that it is meant",
  };
  return { dialect: "guide", findings: [warning] };
}
