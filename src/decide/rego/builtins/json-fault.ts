/** What is wrong with a text that is no JSON, in the words of Go's encoding/json. Used once a text was refused. */
import { bytesOfText } from "./byte-text.ts";
import { goEscape } from "./go-text.ts";

const MAX_DEPTH = 10_000;
const LITERALS = ["null", "true", "false"];

/** The first fault; scanning ends by throwing it. */
class Fault {
  readonly message: string;
  constructor(message: string) {
    this.message = message;
  }
}

class Scanner {
  readonly #text: string;
  at = 0;
  constructor(text: string) {
    this.#text = text;
  }

  #fail(where: string): never {
    const character = this.#text.charAt(this.at);
    if (character === "") throw new Fault("unexpected EOF");
    throw new Fault(`invalid character ${shown(this.#text.slice(this.at, this.at + 2))} ${where}`);
  }

  /** Skips white space; says whether anything is left. */
  space(): boolean {
    while (" \t\r\n".includes(this.#text.charAt(this.at) || "x")) this.at++;
    return this.at < this.#text.length;
  }

  #take(character: string): boolean {
    if (this.#text.charAt(this.at) !== character) return false;
    this.at++;
    return true;
  }

  /** One value, without recursion: `open` holds the brackets that it is within. */
  value(): void {
    const open: string[] = [];
    do {
      this.space();
      if (this.#take("[")) {
        open.push("[");
        this.space();
        if (!this.#take("]")) continue;
        open.pop();
      } else if (this.#take("{")) {
        open.push("{");
        this.space();
        if (!this.#take("}")) {
          this.#key();
          continue;
        }
        open.pop();
      } else this.#scalar();
      while (open.length > 0 && this.#closes(open)) open.pop();
    } while (open.length > 0 && this.#isShallow(open));
  }

  #isShallow(open: readonly string[]): boolean {
    if (open.length > MAX_DEPTH) throw new Fault("exceeded max depth");
    return true;
  }

  /** After a value within brackets: whether they end here, rather than go on. */
  #closes(open: readonly string[]): boolean {
    this.space();
    const isArray = open.at(-1) === "[";
    if (this.#take(isArray ? "]" : "}")) return true;
    if (!this.#take(",")) this.#fail(isArray ? "after array element" : "after object key:value pair");
    if (!isArray) {
      this.space();
      this.#key();
    }
    return false;
  }

  #key(): void {
    if (this.#text.charAt(this.at) !== '"') this.#fail("looking for beginning of object key string");
    this.#string();
    this.space();
    if (!this.#take(":")) this.#fail("after object key");
  }

  #scalar(): void {
    const character = this.#text.charAt(this.at);
    if (character === '"') this.#string();
    else if (character === "-" || (character >= "0" && character <= "9")) this.#number();
    else this.#literal(character);
  }

  #literal(character: string): void {
    const literal = LITERALS.find((word) => word.startsWith(character));
    if (character === "" || literal === undefined) this.#fail("looking for beginning of value");
    for (const letter of literal)
      if (!this.#take(letter)) this.#fail(`in literal ${literal} (expecting ${shown(letter)})`);
  }

  #string(): void {
    this.at++;
    for (;;) {
      const character = this.#text.charAt(this.at);
      if (character < " ") this.#fail("in string literal");
      this.at++;
      if (character === '"') return;
      if (character === "\\") this.#escape();
    }
  }

  #escape(): void {
    if (!this.#take("u")) {
      const character = this.#text.charAt(this.at);
      if (character === "" || !'"\\/bfnrt'.includes(character)) this.#fail("in string escape code");
      this.at++;
      return;
    }
    for (let digit = 0; digit < 4; digit++) {
      if (!/[\da-fA-F]/.test(this.#text.charAt(this.at))) this.#fail("in \\u hexadecimal character escape");
      this.at++;
    }
  }

  #number(): void {
    this.#take("-");
    if (!this.#take("0")) this.#digits("in numeric literal");
    if (this.#take(".")) this.#digits("after decimal point in numeric literal");
    if (!this.#take("e") && !this.#take("E")) return;
    if (!this.#take("+")) this.#take("-");
    this.#digits("in exponent of numeric literal");
  }

  #digits(where: string): void {
    const start = this.at;
    while (/\d/.test(this.#text.charAt(this.at))) this.at++;
    if (this.at === start) this.#fail(where);
  }
}

/** A character as an error shows it: of several bytes, the first. */
function shown(text: string): string {
  if (text.startsWith("'")) return "'\\''";
  const byte = bytesOfText(String.fromCodePoint(text.codePointAt(0) as number))[0] as number;
  const character = String.fromCharCode(byte);
  return character === '"' ? `'"'` : `'${goEscape(character, '"', false)}'`;
}

/** What is wrong with the text, or undefined for a text that is JSON. */
export function faultOf(text: string): string | undefined {
  const scanner = new Scanner(text);
  if (!scanner.space()) return "EOF";
  try {
    scanner.value();
    if (!scanner.space()) return undefined;
    const second = text.slice(scanner.at, scanner.at + 2);
    scanner.value();
    return `error: invalid character ${shown(second)} after top-level value`;
  } catch (error) {
    if (error instanceof Fault) return error.message;
    throw error;
  }
}
