import type { EvaluateOptions } from "#rego";
import { type BuiltinError, EvaluationError, format, RefusedError, SourceError } from "#rego";
import { describeFinding, type Texts } from "../terminal/failure.ts";
import { type OpaError, opaErrors } from "./show.ts";

/** More failures than anybody reads. */
const MOST_FAILURES = 100;

/** Failures of built-ins in an evaluation, most of which goes on without them. */
export class Failures {
  readonly #all = new Map<string, { readonly error: BuiltinError; readonly where: string }>();
  readonly note: NonNullable<EvaluateOptions["failed"]> = (error, where) => {
    if (this.#all.size < MOST_FAILURES) this.#all.set(`${where} ${error.message}`, { error, where });
  };

  /** As warnings: all, or those that wanted what no flag has allowed. */
  describe({ all }: { readonly all: boolean }): string {
    return [...this.#all.values()]
      .filter(({ error }) => all || error instanceof RefusedError)
      .map(({ error, where }) => `warning: ${error.message}\n  ${where}\n${remedy(error)}`)
      .join("");
  }

  /** What to do about an evaluation that ended with one of them. */
  remedyOf({ message }: EvaluationError): string {
    const found = [...this.#all.values()].find(({ error }) => error.message === message);
    return found === undefined ? "" : remedy(found.error);
  }

  /** As `opa eval --show-builtin-errors` prints them in JSON. */
  get errors(): readonly OpaError[] {
    return [...this.#all.values()].flatMap(
      ({ error, where }) => opaErrors(new EvaluationError(error.code, error.message, where)) ?? [],
    );
  }
}

function remedy(error: BuiltinError): string {
  if (!(error instanceof RefusedError)) return "";
  return `  try: ${error.wanted === "chance" ? "--allow-random" : `--allow-net ${error.wanted.host}`}\n`;
}

/** What is wrong with modules, for people: each finding with OPA's code, its line and a caret, then what to do. */
export function describeSourceError(
  { findings }: SourceError,
  texts: Texts,
  { dialect }: { readonly dialect: "v0" | "v1" },
): string {
  const lines = findings.map((finding) => {
    const message = finding.message.replace(/$/m, ` (${finding.code})`);
    return describeFinding({ ...finding, message }, texts);
  });
  const unread = new Set(findings.filter(({ code }) => code === "rego_parse_error").map(({ file }) => file));
  const other = dialect === "v1" ? "v0" : "v1";
  if (unread.size > 0 && [...unread].every((file) => reads(file, texts.get(file), other)))
    lines.push(
      dialect === "v1"
        ? "  try: --v0-compatible, which reads it as it is; postern policy fmt --v0-v1 --write makes it v1"
        : "  try: the same without --v0-compatible",
    );
  return `${lines.join("\n")}\n`;
}

function reads(file: string, text: string | undefined, dialect: "v0" | "v1"): boolean {
  if (text === undefined) return false;
  try {
    format(file, text, { dialect });
    return true;
  } catch (error) {
    if (error instanceof SourceError) return false;
    throw error;
  }
}
