import type { SourceFinding } from "../errors.ts";
import type { Source } from "../source.ts";

/** What to write instead; worked out only when somebody is told. */
type Hint = string | (() => string | undefined) | undefined;

/** What ends the parsing of a text: it carries no stack, since going back over one is usual. */
export class ParseFailure {
  readonly source: Source;
  readonly start: number;
  readonly length: number;
  readonly message: string;
  readonly #hint: Hint;
  constructor(source: Source, start: number, length: number, message: string, hint?: Hint) {
    this.source = source;
    this.start = start;
    this.length = length;
    this.message = message;
    this.#hint = hint;
  }

  finding(): SourceFinding {
    const hint = typeof this.#hint === "function" ? this.#hint() : this.#hint;
    const { line, column } = this.source.position(this.start);
    return {
      code: "rego_parse_error",
      severity: "error",
      file: this.source.file,
      line,
      column,
      length: Math.max(1, this.length),
      message: this.message,
      ...(hint === undefined ? {} : { hint }),
    };
  }
}
