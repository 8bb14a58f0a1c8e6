import { type Diagnostic, PosternError } from "#kernel";

/** Every kind of finding in a policy set. Stable: documentation and programs name them. */
export type FindingCode =
  | "file.path"
  | "file.ending"
  | "file.duplicate"
  | "file.too_large"
  | "manifest.syntax"
  | "manifest.alias"
  | "manifest.too_complex"
  | "manifest.duplicate_key"
  | "manifest.unknown_api_version"
  | "manifest.unknown_kind"
  | "manifest.unknown_field"
  | "manifest.missing_field"
  | "manifest.wrong_type"
  | "manifest.bad_value"
  | "manifest.reserved_name"
  | "manifest.insecure_upstream"
  | "manifest.duplicate"
  | "manifest.same_address"
  | "manifest.shared_document"
  | "rule.syntax"
  | "rule.too_deep"
  | "rule.unknown_fact"
  | "rule.wrong_type"
  | "rule.wrong_operator"
  | "rule.bad_value"
  | "rule.bad_pattern"
  | "rule.empty_list"
  | "rule.no_time_zone"
  | "rule.allows_on_absence"
  | "rule.allows_by_exclusion"
  | "rule.opens_administration"
  | "rule.always"
  | "rule.duplicate_name"
  | "too_many";

/** Where in a file something stands. Lines and columns count from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly length: number;
}

/** More than this and a person reads none of them; a hostile file would make millions. */
const MOST_FINDINGS = 100;

/** Collects what is wrong with a policy set, all of it, up to a bound. */
export class Findings {
  readonly #found: Diagnostic[] = [];
  #errors = 0;

  /** In the order of files and lines. */
  get errors(): readonly Diagnostic[] {
    return this.#found.filter((finding) => finding.severity === "error").sort(byPlace);
  }

  get warnings(): readonly Diagnostic[] {
    return this.#found.filter((finding) => finding.severity === "warning").sort(byPlace);
  }

  get errorCount(): number {
    return this.#errors;
  }

  /** True once so much is wrong that looking further helps nobody. */
  get full(): boolean {
    return this.#errors > MOST_FINDINGS;
  }

  error(code: FindingCode, at: Place, message: string, hint?: string): void {
    this.#errors++;
    if (this.#errors <= MOST_FINDINGS) this.#add(code, "error", at, message, hint);
    else if (this.#errors === MOST_FINDINGS + 1)
      this.#add("too_many", "error", at, "there are more errors; mend these first", undefined);
  }

  warning(code: FindingCode, at: Place, message: string, hint?: string): void {
    if (this.#found.length <= MOST_FINDINGS) this.#add(code, "warning", at, message, hint);
  }

  #add(
    code: FindingCode,
    severity: "error" | "warning",
    at: Place,
    message: string,
    hint: string | undefined,
  ): void {
    const { file, line, column, length } = at;
    const finding: Diagnostic = { code, severity, file, line, column, length, message };
    this.#found.push(hint === undefined ? finding : { ...finding, hint });
  }

  /** @throws PosternError `manifest.invalid` or `policy.invalid` when there is an error. */
  refuse(): void {
    const errors = this.errors;
    const first = errors[0];
    if (first === undefined) return;
    const code = errors.some((finding) => finding.code.startsWith("rule."))
      ? "policy.invalid"
      : "manifest.invalid";
    const message = errors.length === 1 ? first.message : `the policy set has ${errors.length} errors`;
    throw new PosternError(code, message, {
      where: `${first.file}:${first.line}:${first.column}`,
      diagnostics: [...errors, ...this.warnings],
    });
  }
}

function byPlace(a: Diagnostic, b: Diagnostic): number {
  // "there are more" is said last
  if ((a.code === "too_many") !== (b.code === "too_many")) return a.code === "too_many" ? 1 : -1;
  if (a.file !== b.file) return a.file < b.file ? -1 : 1;
  return a.line - b.line || a.column - b.column;
}
