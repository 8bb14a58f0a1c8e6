/** `sprintf`: Go's fmt.Sprintf over what OPA makes of its operands: int64, *big.Int, float64 and strings. */
import { isNumber, numberText, type Value } from "../values/index.ts";
import { arrayOperand, type Evaluation, type Implementations, stringOperand } from "./builtin.ts";
import { joined } from "./byte-text.ts";
import { type Flags, type FormatArgument, formatArgument, PLAIN, typeOf } from "./format-argument.ts";
import { termText } from "./go-text.ts";
import { chargeForLength } from "./replacing.ts";

/** Widths that Go takes for a slip of the hand, and reads no further. */
const TOO_LARGE = 1_000_000;
const INT64 = 2n ** 63n;
const FLOAT = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

function argumentOf(value: Value): FormatArgument {
  if (typeof value === "string") return { type: "string", value };
  if (!isNumber(value)) return { type: "string", value: termText(value) };
  const text = numberText(value);
  if (/^[+-]?\d+$/.test(text)) {
    const whole = BigInt(text);
    return { type: whole >= -INT64 && whole < INT64 ? "int64" : "big", value: whole };
  }
  const float = FLOAT.test(text) ? Number(text) : Number.NaN;
  return Number.isFinite(float) ? { type: "float64", value: float } : { type: "string", value: text };
}

/** One reading of a format, from its first verb to its last. */
class Formatting {
  readonly #evaluation: Evaluation;
  readonly #format: string;
  readonly #values: readonly Value[];
  #at = 0;
  /** The operand that comes next. */
  #next = 0;
  #reordered = false;
  /** Whether the indexes within the present verb are right. */
  #good = true;
  #out = "";
  constructor(evaluation: Evaluation, format: string, values: readonly Value[]) {
    this.#evaluation = evaluation;
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
    const value = this.#values[this.#next];
    const verb = this.#format.charCodeAt(this.#at);
    if (typeof value === "string" && (verb === 0x73 || verb === 0x76)) this.#out += value;
    else if (typeof value === "number" && Number.isSafeInteger(value) && (verb === 0x64 || verb === 0x76))
      this.#out += String(value);
    else return false;
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
    const value = this.#values[this.#next];
    if (verb === "%") this.#out += "%";
    else if (!this.#good) this.#out += `%!${verb}(BADINDEX)`;
    else if (value === undefined) this.#out += `%!${verb}(MISSING)`;
    else {
      chargeForLength(this.#evaluation, (flags.width ?? 0) + (flags.precision ?? 0) + this.#out.length);
      this.#out += formatArgument(argumentOf(value), verb, flags);
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
    const value = this.#values[this.#next];
    if (value === undefined) return undefined;
    this.#next++;
    const arg = argumentOf(value);
    const isWidth = arg.type === "int64" && arg.value >= -TOO_LARGE && arg.value <= TOO_LARGE;
    return isWidth ? Number(arg.value) : undefined;
  }

  #extra(): void {
    const extra = this.#values.slice(this.#next).map((value) => {
      const arg = argumentOf(value);
      return `${typeOf(arg)}=${formatArgument(arg, "v", PLAIN)}`;
    });
    this.#out += `%!(EXTRA ${extra.join(", ")})`;
  }
}

export const SPRINTF: Implementations = {
  sprintf: (evaluation, format, values) =>
    joined(
      new Formatting(
        evaluation,
        stringOperand("sprintf", 1, format),
        arrayOperand("sprintf", 2, values),
      ).text(),
    ),
};
