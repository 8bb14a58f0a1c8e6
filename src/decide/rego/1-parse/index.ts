/** Phase 1: text to syntax. What cannot be read gives findings of `rego_parse_error`, with the place of the first bad token. */
import type { SourceFinding } from "../errors.ts";
import type { Source } from "../source.ts";
import type { Body, Dialect, Module } from "../syntax.ts";
import { ParseFailure } from "./failure.ts";
import { lex } from "./lexer.ts";
import { FUTURE_KEYWORDS, ModuleParser } from "./parser.ts";
import { TermParser } from "./terms.ts";

/** Reads a module. Without one, `findings` says why. */
export function parseModule(
  source: Source,
  { dialect }: { readonly dialect: Dialect },
): { readonly module?: Module; readonly findings: readonly SourceFinding[] } {
  try {
    const { tokens, comments } = lex(source);
    const parser = new ModuleParser(source, tokens, dialect);
    const statements = parser.statements();
    const at = { source, start: 0, end: source.text.length };
    const module: Module = {
      at,
      dialect,
      keywords: parser.keywords,
      ...statements,
      comments: comments.map(({ start, end }) => ({
        at: { source, start, end },
        text: source.text.slice(start + 1, end).replace(/\r$/, ""),
      })),
      annotations: [],
    };
    return { module, findings: [] };
  } catch (error) {
    return { findings: [findingOf(error)] };
  }
}

/** Reads a query: expressions as in a rule's body. */
export function parseQuery(
  source: Source,
  { dialect, keywords }: { readonly dialect: Dialect; readonly keywords?: ReadonlySet<string> },
): { readonly body?: Body; readonly findings: readonly SourceFinding[] } {
  try {
    const on = keywords ?? new Set(dialect === "v0" ? [] : FUTURE_KEYWORDS);
    const parser = new TermParser(source, lex(source).tokens, new Set(on));
    return { body: parser.body("eof"), findings: [] };
  } catch (error) {
    return { findings: [findingOf(error)] };
  }
}

function findingOf(error: unknown): SourceFinding {
  if (error instanceof ParseFailure) return error.finding();
  throw error;
}

/** Which dialect a module is to be read in. */
export function chooseDialect(
  source: Source,
  asked: "v1" | "v0",
): { readonly dialect: Dialect; readonly findings: readonly SourceFinding[] } {
  if (/^#\s*postern:\s*dialect=guide\s*$/m.test(source.text)) return { dialect: "guide", findings: [] };
  return { dialect: asked, findings: [] };
}
