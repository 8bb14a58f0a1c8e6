/** Distinguished names (RFC 5280 §4.1.2.4) and the string types that they are made of. */

import type { Value } from "../../values/index.ts";
import { DataError } from "../data-error.ts";
import { DerReader, type Element, TAG } from "./der.ts";

export interface Attribute {
  readonly type: readonly number[];
  readonly value: string;
}

const PRINTABLE = /^[A-Za-z0-9 '()+,\-./:=?*&]*$/;
const NUMERIC = /^[0-9 ]*$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: IA5 is ASCII, with its control characters
const ASCII = /^[\x00-\x7f]*$/;

export function isAscii(bytes: Uint8Array): boolean {
  return bytes.every((octet) => octet < 0x80);
}

/** A name's attributes, in order. */
export function parseName(whole: Uint8Array, what: string): readonly Attribute[] {
  const attributes: Attribute[] = [];
  const sets = new DerReader(whole).within(TAG.sequence, what);
  while (!sets.empty) {
    const set = sets.within(TAG.set, what);
    while (!set.empty) {
      const attribute = set.within(TAG.sequence, what);
      const type = attribute.oid(what);
      attributes.push({ type, value: textOf(attribute.any(what)) });
    }
  }
  return attributes;
}

function textOf({ tag, contents }: Element): string {
  const bytes = Buffer.from(contents);
  switch (tag) {
    case TAG.t61:
      // Taken for Latin-1, as everybody does.
      return bytes.toString("latin1");
    case TAG.printable:
      return matching(bytes.toString("latin1"), PRINTABLE, "PrintableString");
    case TAG.utf8:
      return utf8(bytes);
    case TAG.bmp: {
      if (bytes.length % 2 !== 0) throw new DataError("invalid BMPString");
      const text = Buffer.from(bytes).swap16().toString("utf16le").toWellFormed();
      return text.endsWith("\0") ? text.slice(0, -1) : text;
    }
    case TAG.ia5:
      return matching(bytes.toString("latin1"), ASCII, "IA5String");
    case TAG.numeric:
      return matching(bytes.toString("latin1"), NUMERIC, "NumericString");
    default:
      throw new DataError(`unsupported string type: ${tag}`);
  }
}

function matching(text: string, pattern: RegExp, type: string): string {
  if (!pattern.test(text)) throw new DataError(`invalid ${type}`);
  return text;
}

function utf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new DataError("invalid UTF-8 string");
  }
}

const MANY: Readonly<Record<string, string>> = {
  "2.5.4.6": "Country",
  "2.5.4.7": "Locality",
  "2.5.4.8": "Province",
  "2.5.4.9": "StreetAddress",
  "2.5.4.10": "Organization",
  "2.5.4.11": "OrganizationalUnit",
  "2.5.4.17": "PostalCode",
};
const ONE: Readonly<Record<string, string>> = { "2.5.4.3": "CommonName", "2.5.4.5": "SerialNumber" };

/** Go's `pkix.Name`. */
export function nameValue(attributes: readonly Attribute[]): Value {
  const result: Record<string, Value> = { ExtraNames: null };
  for (const member of Object.values(MANY)) result[member] = null;
  for (const member of Object.values(ONE)) result[member] = "";
  for (const { type, value } of attributes) {
    const oid = type.join(".");
    const list = MANY[oid];
    if (list !== undefined) result[list] = [...((result[list] as readonly Value[] | null) ?? []), value];
    const single = ONE[oid];
    if (single !== undefined) result[single] = value;
  }
  result["Names"] =
    attributes.length === 0 ? null : attributes.map(({ type, value }) => ({ Type: [...type], Value: value }));
  return result;
}
