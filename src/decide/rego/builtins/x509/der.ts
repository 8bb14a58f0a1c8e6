/**
 * A reader of DER (ITU-T X.690 §10): definite, shortest lengths; tags below 31; integers without needless octets.
 * Every read takes the text that a failure says.
 */
import { DataError } from "../data-error.ts";

export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  enumerated: 0x0a,
  utf8: 0x0c,
  numeric: 0x12,
  printable: 0x13,
  t61: 0x14,
  ia5: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  bmp: 0x1e,
  sequence: 0x30,
  set: 0x31,
} as const;

/** The tag `[number]` of a choice or an optional member. */
export function context(number: number, constructed: boolean): number {
  return 0x80 | (constructed ? 0x20 : 0) | number;
}

export interface Element {
  readonly tag: number;
  readonly contents: Uint8Array;
  /** With its tag and length. */
  readonly whole: Uint8Array;
}

export interface BitString {
  readonly bytes: Uint8Array;
  readonly unused: number;
}

export class DerReader {
  readonly #bytes: Uint8Array;
  /** Where the next element begins. */
  #at = 0;
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }
  get empty(): boolean {
    return this.#at >= this.#bytes.length;
  }
  /** What was not read yet. */
  get rest(): Uint8Array {
    return this.#bytes.subarray(this.#at);
  }
  /** Whether the next element has this tag. */
  next(tag: number): boolean {
    return this.#bytes[this.#at] === tag;
  }
  any(what: string): Element {
    const start = this.#at;
    const tag = this.#bytes[start];
    if (tag === undefined || (tag & 0x1f) === 0x1f) throw new DataError(what);
    const [length, header] = this.#length(start + 1, what);
    const begin = start + 1 + header;
    if (begin + length > this.#bytes.length) throw new DataError(what);
    this.#at = begin + length;
    return {
      tag,
      contents: this.#bytes.subarray(begin, this.#at),
      whole: this.#bytes.subarray(start, this.#at),
    };
  }
  /** The element of that tag. */
  element(tag: number, what: string): Element {
    if (!this.next(tag)) throw new DataError(what);
    return this.any(what);
  }
  /** A reader of what is within the element of that tag. */
  within(tag: number, what: string): DerReader {
    return new DerReader(this.element(tag, what).contents);
  }
  integer(what: string): bigint {
    return integerOf(this.element(TAG.integer, what).contents, what);
  }
  oid(what: string): readonly number[] {
    return oidOf(this.element(TAG.oid, what).contents, what);
  }
  boolean(what: string): boolean {
    const { contents } = this.element(TAG.boolean, what);
    if (contents.length !== 1 || (contents[0] !== 0 && contents[0] !== 0xff)) throw new DataError(what);
    return contents[0] === 0xff;
  }
  bitString(what: string): BitString {
    return bitStringOf(this.element(TAG.bitString, what).contents, what);
  }
  #length(at: number, what: string): readonly [length: number, octets: number] {
    const first = this.#bytes[at];
    if (first === undefined) throw new DataError(what);
    if (first < 0x80) return [first, 1];
    const count = first & 0x7f;
    if (count === 0 || count > 4 || at + count >= this.#bytes.length) throw new DataError(what);
    let length = 0;
    for (let i = 1; i <= count; i++) length = length * 256 + (this.#bytes[at + i] as number);
    if (length < 0x80 || this.#bytes[at + 1] === 0) throw new DataError(what);
    return [length, count + 1];
  }
}

export function integerOf(contents: Uint8Array, what: string): bigint {
  const [first, second] = contents;
  if (first === undefined) throw new DataError(what);
  if (second !== undefined && (first === 0 ? second < 0x80 : first === 0xff && second >= 0x80))
    throw new DataError(what);
  const magnitude = BigInt(`0x${Buffer.from(contents).toString("hex")}`);
  return first < 0x80 ? magnitude : magnitude - (1n << BigInt(8 * contents.length));
}

export function bitStringOf(contents: Uint8Array, what: string): BitString {
  const [unused] = contents;
  if (unused === undefined || unused > 7) throw new DataError(what);
  const bytes = contents.subarray(1);
  const last = bytes.at(-1);
  if (unused > 0 && (last === undefined || (last & ((1 << unused) - 1)) !== 0)) throw new DataError(what);
  return { bytes, unused };
}

/** The bits of a string moved so that the last octet is whole, as Go keeps signatures and keys. */
export function rightAligned({ bytes, unused }: BitString): Uint8Array {
  if (unused === 0) return bytes;
  return bytes.map((octet, at) => (octet >> unused) | (((bytes[at - 1] ?? 0) << (8 - unused)) & 0xff));
}

/** Arcs are below 2^31. */
function oidOf(contents: Uint8Array, what: string): readonly number[] {
  const arcs: number[] = [];
  let arc = 0;
  let open = false;
  for (const octet of contents) {
    if (!open && octet === 0x80) throw new DataError(what);
    arc = arc * 128 + (octet & 0x7f);
    open = octet >= 0x80;
    if (arc > 0x7fffffff) throw new DataError(what);
    if (open) continue;
    if (arcs.length > 0) arcs.push(arc);
    else arcs.push(Math.min(2, Math.floor(arc / 40)), arc - 40 * Math.min(2, Math.floor(arc / 40)));
    arc = 0;
  }
  if (open || arcs.length === 0) throw new DataError(what);
  return arcs;
}
