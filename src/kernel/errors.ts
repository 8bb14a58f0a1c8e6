/**
 * The closed set of error codes. A code is stable: scripts, the API and the log name it.
 * The part before the dot says whose fault it is to look at first.
 */
export type ErrorCode =
  | "usage.invalid" // an unknown flag, a missing argument
  | "input.malformed" // not parseable at all
  | "input.invalid" // parseable, but of a wrong type or value
  | "input.too_large"
  | "manifest.invalid" // with diagnostics
  | "policy.invalid" // with diagnostics
  | "policy.locks_out" // the set would deny every administrator
  | "not_found"
  | "conflict" // exists already, or changed meanwhile
  | "unauthenticated"
  | "denied" // decided against; carries the decision id
  | "link.expired"
  | "link.used"
  | "link.unknown"
  | "link.other_browser"
  | "passkey.refused"
  | "rate_limited"
  | "state.damaged" // a database that cannot be read
  | "state.newer" // written by a later version of this program
  | "state.busy" // another instance has the data folder
  | "state.unreachable" // the database does not answer
  | "folder.unwritable"
  | "folder.unsafe" // somebody else's, or open to others
  | "port.busy"
  | "tls.required"
  | "tls.invalid"
  | "runtime.missing" // Node 24, or the built files
  | "token.unknown" // no such join token, or one for another role
  | "token.used"
  | "token.expired"
  | "member.unknown" // a certificate of somebody who never joined, or of another instance
  | "member.revoked"
  | "pin.mismatch" // control's authority is not the pinned one
  | "version.unsupported" // the two ends of the link share no version
  | "not_running"
  | "log.unwritable"
  | "view.stale"
  | "internal";

/** Structured parts of an error, all optional. */
export interface ErrorDetails {
  /** Where it is: a path, `file:line:column`, an address. */
  readonly where?: string;
  /** What to do, as a command or an instruction in the imperative. */
  readonly remedy?: string;
  /** Findings with positions, for text that people wrote. */
  readonly diagnostics?: readonly Diagnostic[];
  /** The decision that refused. */
  readonly decision?: string;
  readonly cause?: unknown;
}

/** An error that a person or a script can act on. Its message is one clear line without a full stop. */
export class PosternError extends Error {
  readonly code: ErrorCode;
  readonly details: ErrorDetails;
  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? {} : { cause: details.cause });
    this.name = "PosternError";
    this.code = code;
    this.details = details;
  }
}

/** One finding in a text: where, how long, what, and what to do. Lines and columns count from 1. */
export interface Diagnostic {
  readonly code: string;
  readonly severity: "error" | "warning";
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Characters that the caret line underlines; at least 1. */
  readonly length: number;
  readonly message: string;
  /** "did you mean …", or what to write instead. */
  readonly hint?: string;
}

/**
 * Renders a finding with its source line and a caret under it:
 * ```
 * rules.rules:3:10: error: unknown fact "user.rol"
 *   ALLOW IF user.rol == "sre"
 *            ^^^^^^^^
 *   did you mean user.role?
 * ```
 */
export function renderDiagnostic(finding: Diagnostic, text: string): string {
  const line = text.split(/\r?\n/)[finding.line - 1] ?? "";
  const before = line.slice(0, finding.column - 1).replace(/[^\t]/g, " ");
  const room = Math.max(1, Math.min(finding.length, Math.max(1, line.length - finding.column + 1)));
  const lines = [
    `${finding.file}:${finding.line}:${finding.column}: ${finding.severity}: ${finding.message}`,
    `  ${line}`,
    `  ${before}${"^".repeat(room)}`,
  ];
  if (finding.hint !== undefined) lines.push(`  ${finding.hint}`);
  return lines.join("\n");
}
