/** Formats of Go's fmt, over operands of any kind. */
import type { Evaluation } from "./builtin.ts";
import { type Flags, PLAIN } from "./format-argument.ts";
import { chargeForLength } from "./replacing.ts";

/** Widths that Go takes for a slip of the hand, and reads no further. */
const TOO_LARGE = 1_000_000;

/** What a format asks of its operands. */
export interface Operands<T> {
  /** The operand as a verb without flags writes it, for the few verbs that nearly every format is made of. */
  simple(value: T, verb: number): string | undefined;
  write(value: T, verb: string, flags: Flags): string;
  /** The operand as a width or a precision, where it can be one. */
  integer(value: T): bigint | undefined;
  /** `int=3`, for an operand that no verb asked for. */
  typed(value: T): string;
}

/** Go's fmt.Sprintf. */
export function formatted<T>(
  evaluation: Evaluation,
  operands: Operands<T>,
  format: string,
  values: readonly T[],
): string {
  return new Formatting(evaluation, operands, format, values).text();
}

/** One reading of a format, from its first verb to its last. */
class Formatting<T> {
  readonly #evaluation: Evaluation;
  readonly #operands: Operands<T>;
  readonly #format: string;
  readonly #values: readonly T[];
  #at = 0;
  /** The operand that comes next. */
  #next = 0;
  #reordered = false;
  /** Whether the indexes within the present verb are right. */
  #good = true;
  #out = "";
  constructor(evaluation: Evaluation, operands: Operands<T>, format: string, values: readonly T[]) {
    this.#evaluation = evaluation;
    this.#operands = operands;
    this.#format = format;
    this.#values = values;
  }

  text(): string {
    const format = this.#format;
    for (;;) {
      const percent = format.indexOf("%", this.#at);
      if (percent < 0) break;
      this.#out += format.slice(this.#at, percent);
      this.#at = percent + 1;
      if (!this.#simple()) this.#verb();
    }
    this.#out += format.slice(this.#at);
    if (!this.#reordered && this.#next < this.#values.length) this.#extra();
    return this.#out;
  }

  /** The verbs that nearly every format is made of, without flags. */
  #simple(): boolean {
    const text =
      this.#next < this.#values.length
        ? this.#operands.simple(this.#values[this.#next] as T, this.#format.charCodeAt(this.#at))
        : undefined;
    if (text === undefined) return false;
    this.#out += text;
    this.#next++;
    this.#at++;
    return true;
  }

  #verb(): void {
    const format = this.#format;
    this.#good = true;
    let flags = this.#signs();
    let indexed = this.#index();
    if (format.charAt(this.#at) === "*") {
      this.#at++;
      const width = this.#star();
      if (width === undefined) this.#out += "%!(BADWIDTH)";
      else if (width < 0) flags = { ...flags, width: -width, minus: true, zero: false };
      else flags = { ...flags, width };
      indexed = false;
    } else {
      const width = this.#number();
      if (width !== undefined) flags = { ...flags, width };
      if (width !== undefined && indexed) this.#good = false;
    }
    if (format.charAt(this.#at) === "." && this.#at + 1 < format.length) {
      this.#at++;
      if (indexed) this.#good = false;
      indexed = this.#index();
      if (format.charAt(this.#at) === "*") {
        this.#at++;
        const precision = this.#star();
        if (precision === undefined || precision < 0) this.#out += "%!(BADPREC)";
        else flags = { ...flags, precision };
        indexed = false;
      } else flags = { ...flags, precision: this.#number() ?? 0 };
    }
    if (!indexed) this.#index();
    const verb = format.codePointAt(this.#at);
    if (verb === undefined) this.#out += "%!(NOVERB)";
    else this.#print(String.fromCodePoint(verb), flags);
  }

  #print(verb: string, flags: Flags): void {
    this.#at += verb.length;
    if (verb === "%") this.#out += "%";
    else if (!this.#good) this.#out += `%!${verb}(BADINDEX)`;
    else if (this.#next >= this.#values.length) this.#out += `%!${verb}(MISSING)`;
    else {
      chargeForLength(this.#evaluation, (flags.width ?? 0) + (flags.precision ?? 0) + this.#out.length);
      this.#out += this.#operands.write(this.#values[this.#next] as T, verb, flags);
      this.#next++;
    }
  }

  #signs(): Flags {
    let flags = PLAIN;
    for (; ; this.#at++)
      switch (this.#format.charAt(this.#at)) {
        case "+":
          flags = { ...flags, plus: true };
          break;
        case "-":
          flags = { ...flags, minus: true };
          break;
        case "#":
          flags = { ...flags, sharp: true };
          break;
        case " ":
          flags = { ...flags, space: true };
          break;
        case "0":
          flags = { ...flags, zero: true };
          break;
        default:
          return flags;
      }
  }

  /** Digits; of a number too large to be meant, everything up to the end. */
  #number(): number | undefined {
    let found: number | undefined;
    for (; ; this.#at++) {
      const digit = this.#format.charCodeAt(this.#at) - 0x30;
      if (!(digit >= 0 && digit <= 9)) return found;
      if (found !== undefined && found > TOO_LARGE) {
        this.#at = this.#format.length;
        return undefined;
      }
      found = (found ?? 0) * 10 + digit;
    }
  }

  /** `[2]`: which operand comes next. Says whether there is such a thing. */
  #index(): boolean {
    if (this.#format.charAt(this.#at) !== "[") return false;
    this.#reordered = true;
    const close = this.#format.indexOf("]", this.#at);
    if (close < 0 || this.#format.length - this.#at < 3) {
      this.#at++;
      this.#good = false;
      return false;
    }
    const digits = this.#format.slice(this.#at + 1, close);
    this.#at = close + 1;
    const isNumber = /^\d{1,9}$/.test(digits);
    const wanted = Number(digits) - 1;
    if (isNumber && wanted >= 0 && wanted < this.#values.length) this.#next = wanted;
    else this.#good = false;
    return isNumber;
  }

  /** `*`: a width or a precision that is an operand; undefined for what is none. */
  #star(): number | undefined {
    if (this.#next >= this.#values.length) return undefined;
    const whole = this.#operands.integer(this.#values[this.#next++] as T);
    return whole !== undefined && whole >= -TOO_LARGE && whole <= TOO_LARGE ? Number(whole) : undefined;
  }

  #extra(): void {
    const extra = this.#values.slice(this.#next).map((value) => this.#operands.typed(value));
    this.#out += `%!(EXTRA ${extra.join(", ")})`;
  }
}
