/** Texts by layout, as Go's time.Parse reads them. */
import { bytesOfText } from "../byte-text.ts";
import { DataError } from "../data-error.ts";
import { MONTHS, type Piece, piecesOf, WEEKDAYS } from "./layout.ts";
import { isLeap, momentOf } from "./moment.ts";
import { type Zone, zoneNamed } from "./zone.ts";

interface Draft {
  year: number;
  month: number;
  day: number;
  dayOfYear: number;
  hour: number;
  minute: number;
  second: number;
  nanosecond: number;
  isAfternoon: boolean | undefined;
  offset: number;
  /** `Z` or `UTC` was read, which counts more than any offset. */
  isUtc: boolean;
}

const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

export function daysIn(year: number, month: number): number {
  return month === 2 && isLeap(year) ? 29 : (DAYS[month - 1] as number);
}

/** Characters beyond ASCII, and controls, as their bytes. */
export function quoteBytes(text: string): string {
  return `"${text
    .replace(/["\\]/g, "\\$&")
    .replace(/[^\x20-\uffff]|[^\0-\x7e]+/g, (characters) =>
      [...bytesOfText(characters)].map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join(""),
    )}"`;
}

/** A field is not there. */
class Missing extends Error {}
/** A field is there, and no calendar or clock has it. */
class OutOfRange extends Error {}

/** Takes a field from the beginning of a text; what is left is returned. @throws Missing, OutOfRange */
type Reader = (text: string, draft: Draft) => string;

/** Digits: so many at most, and where they are fixed exactly so many. */
function digits(text: string, most: number, isFixed: boolean): string {
  const found = /^\d*/.exec(text.slice(0, most))?.[0] ?? "";
  if (found === "" || (isFixed && found.length < most)) throw new Missing();
  return found;
}

function within(value: number, low: number, high: number, what: string): number {
  if (value < low || value > high) throw new OutOfRange(what);
  return value;
}

const two =
  (isFixed: boolean, set: (draft: Draft, value: number) => void): Reader =>
  (text, draft) => {
    const found = digits(text, 2, isFixed);
    set(draft, Number(found));
    return text.slice(found.length);
  };

const word =
  (words: readonly string[], set: (draft: Draft, index: number) => void): Reader =>
  (text, draft) => {
    const index = words.findIndex(
      (candidate) => text.slice(0, candidate.length).toLowerCase() === candidate.toLowerCase(),
    );
    const found = words[index];
    if (found === undefined) throw new Missing();
    set(draft, index);
    return text.slice(found.length);
  };

const setMonth = (draft: Draft, value: number): void => {
  draft.month = within(value, 1, 12, "month");
};
const setDay = (draft: Draft, value: number): void => {
  draft.day = value;
};
const setHour =
  (highest: number) =>
  (draft: Draft, value: number): void => {
    draft.hour = within(value, 0, highest, "hour");
  };
const setMinute = (draft: Draft, value: number): void => {
  draft.minute = within(value, 0, 59, "minute");
};
const setNamedMonth = (draft: Draft, index: number): void => {
  draft.month = index + 1;
};
const ignore = (): void => undefined;

const short = (names: readonly string[]): readonly string[] => names.map((name) => name.slice(0, 3));

const yearDay =
  (spaces: number, isFixed: boolean): Reader =>
  (text, draft) => {
    let rest = text;
    for (let at = 0; at < spaces; at++) if (rest.startsWith(" ")) rest = rest.slice(1);
    const found = digits(rest, 3, isFixed);
    draft.dayOfYear = Number(found);
    return rest.slice(found.length);
  };

const meridiem =
  (morning: string, afternoon: string): Reader =>
  (text, draft) => {
    const found = text.slice(0, 2);
    if (found !== morning && found !== afternoon) throw new Missing();
    draft.isAfternoon = found === afternoon;
    return text.slice(2);
  };

/** Upper-case letters, three to five; what zone they mean is not known, so that they only have to look like one. */
const zoneName: Reader = (text, draft) => {
  draft.isUtc ||= text.startsWith("UTC");
  const special = /^(?:UTC|ChST|MeST)/.exec(text) ?? /^(?:GMT|(?=[+-]))(?:[+-](\d+))?/.exec(text);
  if (special !== null) {
    // No zone is further from UTC than so many hours; without a name the hours must be there.
    const isFar = Number(special[1] ?? 0) > 23;
    if (special[0].startsWith("GMT")) return text.slice(isFar ? 3 : special[0].length);
    if (special[0] === "" || isFar || text.length < 3) throw new Missing();
    return text.slice(special[0].length);
  }
  const letters = /^[A-Z]{0,6}/.exec(text)?.[0] ?? "";
  const isName = /^(?:[A-Z]{3}|[A-Z]{3}T|WITA|[A-Z]{4}T)$/.test(letters);
  if (!isName) throw new Missing();
  return text.slice(letters.length);
};

const READERS: Readonly<Record<string, Reader>> = {
  "2006": (text, draft) => {
    draft.year = Number(digits(text, 4, true));
    return text.slice(4);
  },
  "06": (text, draft) => {
    // Two characters that are an integer, which a sign and a digit are too.
    const found = /^(?:\d|[+-])\d/.exec(text)?.[0];
    if (found === undefined) throw new Missing();
    draft.year = Number(found) + (Number(found) >= 69 ? 1900 : 2000);
    return text.slice(2);
  },
  January: word(MONTHS, setNamedMonth),
  Jan: word(short(MONTHS), setNamedMonth),
  "01": two(true, setMonth),
  "1": two(false, setMonth),
  Monday: word(WEEKDAYS, ignore),
  Mon: word(short(WEEKDAYS), ignore),
  "02": two(true, setDay),
  _2: (text, draft) => two(false, setDay)(text.startsWith(" ") ? text.slice(1) : text, draft),
  "2": two(false, setDay),
  "002": yearDay(0, true),
  __2: yearDay(2, false),
  "15": two(false, setHour(23)),
  "03": two(true, setHour(12)),
  "3": two(false, setHour(12)),
  "04": two(true, setMinute),
  "4": two(false, setMinute),
  PM: meridiem("AM", "PM"),
  pm: meridiem("am", "pm"),
  MST: zoneName,
};

const OFFSET_PARTS = [
  ["time zone offset hour", 24],
  ["time zone offset minute", 60],
  ["time zone offset second", 60],
] as const;

/** A sign and two digits a part. What is out of range counts before what is no number, or no sign. */
function offset(field: string): Reader {
  const gap = field.includes(":") ? 1 : 0;
  const count = field.replace(/\D/g, "").length / 2;
  const width = 1 + 2 * count + gap * (count - 1);
  return (text, draft) => {
    if (field.startsWith("Z") && text.startsWith("Z")) {
      draft.isUtc = true;
      return text.slice(1);
    }
    const starts = Array.from({ length: count }, (_, index) => 1 + index * (2 + gap));
    const isSeparated = starts.slice(1).every((start) => gap === 0 || text[start - 1] === ":");
    if (text.length < width || !isSeparated) throw new Missing();
    let size = 0;
    let isNumber = true;
    for (const [index, start] of starts.entries()) {
      const part = text.slice(start, start + 2);
      isNumber &&= /^\d\d$/.test(part);
      const [what, highest] = OFFSET_PARTS[index] as (typeof OFFSET_PARTS)[number];
      size += (isNumber ? within(Number(part), 0, highest, what) : 0) * 60 ** (2 - index);
    }
    if (!isNumber || !/^[+-]/.test(text)) throw new Missing();
    draft.offset = text.startsWith("-") ? -size : size;
    return text.slice(width);
  };
}

function setFraction(draft: Draft, found: string): void {
  draft.nanosecond = Number(found.slice(0, 9).padEnd(9, "0"));
}

/** Seconds take a fraction along that the layout does not name. */
function seconds(isFixed: boolean, isFractionNext: boolean): Reader {
  return (text, draft) => {
    const found = digits(text, 2, isFixed);
    draft.second = within(Number(found), 0, 59, "second");
    const rest = text.slice(found.length);
    const fraction = isFractionNext ? null : /^[.,](\d+)/.exec(rest);
    if (fraction === null) return rest;
    setFraction(draft, fraction[1] as string);
    return rest.slice(fraction[0].length);
  };
}

function fraction({ digits: count, trim }: Piece & { readonly kind: "fraction" }): Reader {
  return (text, draft) => {
    if (!trim) {
      // So many characters that are an integer, which one with a sign is too.
      const found = text.slice(1, 1 + count);
      if (!/^[.,]/.test(text) || found.length < count || !/^(?:[+-]\d*|\d+)$/.test(found.slice(0, 9)))
        throw new Missing();
      if (/^-0*[1-9]/.test(found)) throw new OutOfRange("fractional second");
      setFraction(draft, found.replace(/^[+-]/, "0"));
      return text.slice(1 + count);
    }
    const match = /^[.,](\d+)/.exec(text);
    if (match === null) return text;
    setFraction(draft, match[1] as string);
    return text.slice(match[0].length);
  };
}

function readerOf(piece: Piece & { readonly kind: "field" | "fraction" }, next: Piece | undefined): Reader {
  if (piece.kind === "fraction") return fraction(piece);
  if (piece.field === "05" || piece.field === "5")
    return seconds(piece.field === "05", next?.kind === "fraction");
  return READERS[piece.field] ?? offset(piece.field);
}

/** What stands in a layout where a piece is. */
function sourceOf(piece: Piece): string {
  switch (piece.kind) {
    case "text":
      return piece.text;
    case "field":
      return piece.field;
    case "fraction":
      return piece.separator + (piece.trim ? "9" : "0").repeat(piece.digits);
  }
}

/** Nanoseconds since the epoch. @throws DataError, with what Go says of the text */
export function parseTime(layout: string, text: string): bigint {
  const draft: Draft = {
    year: 0,
    month: -1,
    day: -1,
    dayOfYear: -1,
    hour: 0,
    minute: 0,
    second: 0,
    nanosecond: 0,
    isAfternoon: undefined,
    offset: 0,
    isUtc: false,
  };
  const fail = (message: string): DataError => new DataError(`parsing time ${quoteBytes(text)}${message}`);
  const missing = (rest: string, piece: Piece): DataError =>
    fail(` as ${quoteBytes(layout)}: cannot parse ${quoteBytes(rest)} as ${quoteBytes(sourceOf(piece))}`);
  let rest = text;
  const pieces = piecesOf(layout);
  for (const [index, piece] of pieces.entries()) {
    if (piece.kind === "text") {
      const { isThere, left } = skip(piece.text, rest);
      if (!isThere) throw missing(left, piece);
      rest = left;
      continue;
    }
    try {
      rest = readerOf(
        piece,
        pieces.slice(index + 1).find(({ kind }) => kind !== "text"),
      )(rest, draft);
    } catch (error) {
      if (error instanceof Missing) throw missing(rest, piece);
      if (error instanceof OutOfRange) throw fail(`: ${error.message} out of range`);
      throw error;
    }
  }
  if (rest !== "") throw fail(`: extra text: ${quoteBytes(rest)}`);
  return finish(draft, (message) => fail(`: ${message}`));
}

/** Spaces of a layout stand for any number of spaces. */
function skip(wanted: string, text: string): { readonly isThere: boolean; readonly left: string } {
  let at = 0;
  for (let index = 0; index < wanted.length; index++) {
    const isSpace = wanted.charAt(index) === " ";
    const found = text.charAt(at);
    if (isSpace ? found !== "" && found !== " " : found !== wanted.charAt(index))
      return { isThere: false, left: text.slice(at) };
    if (!isSpace) {
      at++;
      continue;
    }
    while (wanted.charAt(index + 1) === " ") index++;
    while (text.charAt(at) === " ") at++;
  }
  return { isThere: true, left: text.slice(at) };
}

function finish(draft: Draft, fail: (message: string) => DataError): bigint {
  const { year, nanosecond, second, minute } = draft;
  let { month, day, hour } = draft;
  if (draft.isAfternoon === true && hour < 12) hour += 12;
  else if (draft.isAfternoon === false && hour === 12) hour = 0;
  if (draft.dayOfYear >= 0) {
    let left = draft.dayOfYear;
    if (left < 1 || left > (isLeap(year) ? 366 : 365)) throw fail("day-of-year out of range");
    let at = 1;
    while (left > daysIn(year, at)) left -= daysIn(year, at++);
    if (month >= 0 && month !== at) throw fail("day-of-year does not match month");
    if (day >= 0 && day !== left) throw fail("day-of-year does not match day");
    month = at;
    day = left;
  }
  if (month < 0) month = 1;
  if (day < 0) day = 1;
  if (day < 1 || day > daysIn(year, month)) throw fail("day out of range");
  const date = { year: BigInt(year), month: BigInt(month), day: BigInt(day) };
  const time = BigInt(hour * 3600 + minute * 60 + second - (draft.isUtc ? 0 : draft.offset));
  return momentOf(date, time, BigInt(nanosecond), zoneNamed("UTC") as Zone);
}
