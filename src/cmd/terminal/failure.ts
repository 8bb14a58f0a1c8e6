import { type Diagnostic, PosternError, renderDiagnostic } from "#kernel";
import { printable } from "./columns.ts";

/** Text of the files that findings are in, by path, so that the line can be shown. */
export type Texts = ReadonlyMap<string, string>;

/**
 * An error as a person sees it: what, then where, then what to do. Findings in files stand between, each
 * with its line and a caret.
 */
export function describeFailure(error: unknown, texts: Texts = new Map()): string {
  if (!(error instanceof PosternError)) {
    const known = error instanceof Error;
    return `error: ${known ? error.message : String(error)}\n${known && error.stack ? `${error.stack}\n` : ""}`;
  }
  const { where, diagnostics = [], decision, remedy } = error.details;
  const lines = [`error: ${printable(error.message)}`];
  if (where !== undefined) lines.push(`  ${printable(where)}`);
  for (const finding of diagnostics) lines.push(describeFinding(finding, texts));
  if (decision !== undefined) lines.push(`  decision ${printable(decision)}`);
  const next = remedy ?? (decision === undefined ? undefined : `postern explain ${decision}`);
  if (next !== undefined) lines.push(`  try: ${printable(next)}`);
  return `${lines.join("\n")}\n`;
}

/** One finding, with its line where the file's text is at hand here or was when the API answered. */
export function describeFinding(finding: Diagnostic, texts: Texts): string {
  return rendered(finding, texts).split("\n").map(printable).join("\n");
}

function rendered(finding: Diagnostic, texts: Texts): string {
  const text = texts.get(finding.file);
  if (text !== undefined) return renderDiagnostic(finding, text);
  if ("rendered" in finding && typeof finding.rendered === "string") return finding.rendered;
  const { file, line, column, severity, message, hint } = finding;
  return `${file}:${line}:${column}: ${severity}: ${message}${hint === undefined ? "" : `\n  ${hint}`}`;
}

/** The same error for programs. */
export function failureJson(error: unknown): { readonly error: { readonly [member: string]: unknown } } {
  if (!(error instanceof PosternError)) {
    return { error: { code: "internal", message: error instanceof Error ? error.message : String(error) } };
  }
  const { where, remedy, diagnostics, decision } = error.details;
  return {
    error: {
      code: error.code,
      message: error.message,
      ...(where === undefined ? {} : { where }),
      ...(remedy === undefined ? {} : { remedy }),
      ...(decision === undefined ? {} : { decision }),
      ...(diagnostics === undefined ? {} : { diagnostics }),
    },
  };
}
