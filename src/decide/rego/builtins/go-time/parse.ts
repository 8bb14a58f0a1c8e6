/** Texts by layout (Go's time.Parse): undefined for a text that is not so, or says what no calendar has. */
import { MONTHS, piecesOf, WEEKDAYS } from "./layout.ts";
import { isLeap, moment } from "./moment.ts";

interface Draft {
  year: number;
  month: number;
  day: number;
  dayOfYear: number;
  hour: number;
  minute: number;
  second: number;
  nanosecond: number;
  pm: boolean | undefined;
  offset: number;
}

const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

export function daysIn(year: number, month: number): number {
  return month === 2 && isLeap(year) ? 29 : (DAYS[month - 1] as number);
}

/** Reads one field at a place; undefined where it is not there. */
type Reader = (text: string, draft: Draft) => number | undefined;

const number =
  (pattern: RegExp, lowest: number, highest: number, set: (draft: Draft, value: number) => void): Reader =>
  (text, draft) => {
    const match = pattern.exec(text);
    if (match === null) return undefined;
    const value = Number(match[0].trim());
    if (value < lowest || value > highest) return undefined;
    set(draft, value);
    return match[0].length;
  };

const word =
  (
    words: readonly string[],
    length: number | undefined,
    set: (draft: Draft, index: number) => void,
  ): Reader =>
  (text, draft) => {
    const index = words.findIndex((candidate) => {
      const wanted = length === undefined ? candidate : candidate.slice(0, length);
      return text.slice(0, wanted.length).toLowerCase() === wanted.toLowerCase();
    });
    if (index < 0) return undefined;
    set(draft, index);
    return (length === undefined ? (words[index] as string) : (words[index] as string).slice(0, length))
      .length;
  };

const setMonth = (draft: Draft, value: number): void => {
  draft.month = value;
};
const setDay = (draft: Draft, value: number): void => {
  draft.day = value;
};
const setHour = (draft: Draft, value: number): void => {
  draft.hour = value;
};
const setMinute = (draft: Draft, value: number): void => {
  draft.minute = value;
};

/** Seconds take a fraction along that the layout does not name. */
const seconds =
  (pattern: RegExp, fractionFollows: boolean): Reader =>
  (text, draft) => {
    const match = pattern.exec(text);
    if (match === null || Number(match[0]) > 59) return undefined;
    draft.second = Number(match[0]);
    const { length } = match[0];
    const fraction = fractionFollows ? null : /^[.,]\d+/.exec(text.slice(length));
    if (fraction === null) return length;
    draft.nanosecond = nanoseconds(fraction[0].slice(1));
    return length + fraction[0].length;
  };

function nanoseconds(digits: string): number {
  return Number(digits.slice(0, 9).padEnd(9, "0"));
}

const READERS: Readonly<Record<string, Reader>> = {
  "2006": number(/^\d{4}/, 0, 9999, (draft, value) => {
    draft.year = value;
  }),
  "06": number(/^\d{2}/, 0, 99, (draft, value) => {
    draft.year = value >= 69 ? 1900 + value : 2000 + value;
  }),
  January: word(MONTHS, undefined, (draft, index) => {
    draft.month = index + 1;
  }),
  Jan: word(MONTHS, 3, (draft, index) => {
    draft.month = index + 1;
  }),
  "01": number(/^\d{2}/, 1, 12, setMonth),
  "1": number(/^\d{1,2}/, 1, 12, setMonth),
  Monday: word(WEEKDAYS, undefined, () => undefined),
  Mon: word(WEEKDAYS, 3, () => undefined),
  "02": number(/^\d{2}/, 0, 99, setDay),
  _2: number(/^ ?\d{1,2}/, 0, 99, setDay),
  "2": number(/^\d{1,2}/, 0, 99, setDay),
  "002": number(/^\d{3}/, 1, 366, (draft, value) => {
    draft.dayOfYear = value;
  }),
  __2: number(/^ {0,2}\d{1,3}/, 1, 366, (draft, value) => {
    draft.dayOfYear = value;
  }),
  "15": number(/^\d{1,2}/, 0, 23, setHour),
  "03": number(/^\d{2}/, 0, 12, setHour),
  "3": number(/^\d{1,2}/, 0, 12, setHour),
  "04": number(/^\d{2}/, 0, 59, setMinute),
  "4": number(/^\d{1,2}/, 0, 59, setMinute),
  PM: meridiem("AM", "PM"),
  pm: meridiem("am", "pm"),
  MST: (text, draft) => {
    const match = /^(?:UTC|ChST|MeST|GMT[+-]\d{1,2}|GMT|[A-Z]{3,5}(?![A-Z])|[+-]\d{2}(?:\d{2})?)/.exec(text);
    if (match === null) return undefined;
    if (/^GMT[+-]/.test(match[0])) draft.offset = Number(match[0].slice(3)) * 3600;
    return match[0].length;
  },
};

function meridiem(am: string, pm: string): Reader {
  return (text, draft) => {
    const found = text.slice(0, 2);
    if (found !== am && found !== pm) return undefined;
    draft.pm = found === pm;
    return 2;
  };
}

function offset(name: string): Reader {
  const digits = name.replace(/\D/g, "").length / 2;
  const separator = name.includes(":") ? ":" : "";
  const pattern = new RegExp(`^([+-])(\\d{2})${`${separator}(\\d{2})`.repeat(digits - 1)}`);
  return (text, draft) => {
    if (name.startsWith("Z") && text.startsWith("Z")) return 1;
    const match = pattern.exec(text);
    if (match === null) return undefined;
    const [hours = 0, minutes = 0, rest = 0] = match.slice(2).map(Number);
    if (hours > 24 || minutes > 60 || rest > 60) return undefined;
    const size = hours * 3600 + minutes * 60 + rest;
    draft.offset = match[1] === "-" ? -size : size;
    return match[0].length;
  };
}

/** Nanoseconds since the epoch. */
export function parseTime(layout: string, text: string): bigint | undefined {
  const draft: Draft = {
    year: 0,
    month: -1,
    day: -1,
    dayOfYear: -1,
    hour: 0,
    minute: 0,
    second: 0,
    nanosecond: 0,
    pm: undefined,
    offset: 0,
  };
  let rest = text;
  const pieces = piecesOf(layout);
  for (const [index, piece] of pieces.entries()) {
    let length: number | undefined;
    if (piece.kind === "text") length = literal(piece.text, rest);
    else if (piece.kind === "fraction") {
      const match = /^[.,]\d+/.exec(rest);
      if (piece.trim) length = match === null ? 0 : match[0].length;
      else if (match !== null && match[0].length >= piece.digits + 1) length = piece.digits + 1;
      if (length !== undefined && length > 0) draft.nanosecond = nanoseconds(rest.slice(1, length));
    } else if (piece.field === "05" || piece.field === "5")
      length = seconds(piece.field === "05" ? /^\d{2}/ : /^\d{1,2}/, pieces[index + 1]?.kind === "fraction")(
        rest,
        draft,
      );
    else length = (READERS[piece.field] ?? offset(piece.field))(rest, draft);
    if (length === undefined) return undefined;
    rest = rest.slice(length);
  }
  return rest === "" ? finish(draft) : undefined;
}

/** Spaces of a layout stand for any number of spaces. */
function literal(wanted: string, text: string): number | undefined {
  let at = 0;
  for (let i = 0; i < wanted.length; i++) {
    if (wanted.charAt(i) === " ") {
      if (at < text.length && text.charAt(at) !== " ") return undefined;
      while (wanted.charAt(i + 1) === " ") i++;
      while (text.charAt(at) === " ") at++;
      continue;
    }
    if (text.charAt(at) !== wanted.charAt(i)) return undefined;
    at++;
  }
  return at;
}

function finish(draft: Draft): bigint | undefined {
  const { year, nanosecond, second, minute } = draft;
  let { month, day, hour } = draft;
  if (draft.pm === true && hour < 12) hour += 12;
  else if (draft.pm === false && hour === 12) hour = 0;
  if (draft.dayOfYear >= 0) {
    if (draft.dayOfYear > (isLeap(year) ? 366 : 365)) return undefined;
    let left = draft.dayOfYear;
    let at = 1;
    while (left > daysIn(year, at)) left -= daysIn(year, at++);
    if ((month >= 0 && month !== at) || (day >= 0 && day !== left)) return undefined;
    month = at;
    day = left;
  }
  if (month < 0) month = 1;
  if (day < 0) day = 1;
  if (day < 1 || day > daysIn(year, month)) return undefined;
  return moment(year, month, day, hour, minute, second - draft.offset, nanosecond);
}
