/** Go's time layouts: the reference time `Mon Jan 2 15:04:05 -0700 MST 2006`, piece by piece. */

export type Piece =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "field"; readonly field: string }
  /** `.000` or `.999`: so many digits, kept or trimmed. */
  | {
      readonly kind: "fraction";
      readonly digits: number;
      readonly trim: boolean;
      readonly separator: string;
    };

/** Fields, the longer before their beginnings. */
const FIELDS = [
  "January",
  "Jan",
  "Monday",
  "Mon",
  "MST",
  "2006",
  "__2",
  "_2006",
  "_2",
  "002",
  "01",
  "02",
  "03",
  "04",
  "05",
  "06",
  "15",
  "PM",
  "pm",
  "-07:00:00",
  "-070000",
  "-07:00",
  "-0700",
  "-07",
  "Z07:00:00",
  "Z070000",
  "Z07:00",
  "Z0700",
  "Z07",
  "1",
  "2",
  "3",
  "4",
  "5",
];

export function piecesOf(layout: string): readonly Piece[] {
  const pieces: Piece[] = [];
  let text = "";
  let at = 0;
  while (at < layout.length) {
    const fraction = /^[.,](0+|9+)(?!\d)/.exec(layout.slice(at));
    const field = fieldAt(layout, at);
    if (fraction !== null) {
      const digits = fraction[1] as string;
      if (text !== "") pieces.push({ kind: "text", text });
      text = "";
      pieces.push({
        kind: "fraction",
        digits: digits.length,
        trim: digits.startsWith("9"),
        separator: fraction[0].charAt(0),
      });
      at += fraction[0].length;
    } else if (field !== undefined) {
      // `_2006` is an underscore and a year.
      if (field === "_2006") text += "_";
      if (text !== "") pieces.push({ kind: "text", text });
      text = "";
      pieces.push({ kind: "field", field: field === "_2006" ? "2006" : field });
      at += field.length;
    } else {
      text += layout.charAt(at);
      at++;
    }
  }
  if (text !== "") pieces.push({ kind: "text", text });
  return pieces;
}

function fieldAt(layout: string, at: number): string | undefined {
  const field = FIELDS.find((candidate) => layout.startsWith(candidate, at));
  // `Jan` and `Mon` are fields only where no lower-case letter goes on.
  if ((field === "Jan" || field === "Mon") && /[a-z]/.test(layout.charAt(at + 3))) return undefined;
  return field;
}

export const LAYOUTS: ReadonlyMap<string, string> = new Map([
  ["ANSIC", "Mon Jan _2 15:04:05 2006"],
  ["UnixDate", "Mon Jan _2 15:04:05 MST 2006"],
  ["RubyDate", "Mon Jan 02 15:04:05 -0700 2006"],
  ["RFC822", "02 Jan 06 15:04 MST"],
  ["RFC822Z", "02 Jan 06 15:04 -0700"],
  ["RFC850", "Monday, 02-Jan-06 15:04:05 MST"],
  ["RFC1123", "Mon, 02 Jan 2006 15:04:05 MST"],
  ["RFC1123Z", "Mon, 02 Jan 2006 15:04:05 -0700"],
  ["RFC3339", "2006-01-02T15:04:05Z07:00"],
  ["RFC3339Nano", "2006-01-02T15:04:05.999999999Z07:00"],
]);

export const MONTHS: readonly string[] = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];
export const WEEKDAYS: readonly string[] = [
  "Sunday",
  "Monday",
  "Tuesday",
  "Wednesday",
  "Thursday",
  "Friday",
  "Saturday",
];
