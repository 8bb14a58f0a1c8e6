/** A column to sort by, as it stands in the URL: `name`, or `-name` for the other way. */
export type Sort = string;

/** Orders rows by a value of each; text by the reader's alphabet, with digits as numbers. */
export function sortRows<Row>(
  rows: readonly Row[],
  value: (row: Row) => string | number,
  descending: boolean,
): readonly Row[] {
  const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
  const sorted = rows.toSorted((a, b) => {
    const [x, y] = [value(a), value(b)];
    return typeof x === "number" && typeof y === "number" ? x - y : collator.compare(String(x), String(y));
  });
  return descending ? sorted.toReversed() : sorted;
}

/** Whether every word of the query is in one of the texts. */
export function matches(query: string, ...texts: readonly (string | undefined)[]): boolean {
  const haystack = texts.join(" ").toLowerCase();
  return query
    .toLowerCase()
    .split(/\s+/)
    .every((word) => haystack.includes(word));
}

/** "1 session", "3 sessions". */
export function count(number: number, one: string, many: string = `${one}s`): string {
  return `${number.toLocaleString("en")} ${number === 1 ? one : many}`;
}

/** A value of JSON as rows of dotted names and text, in the order it came: `user.groups` → "sre, oncall". */
export function flatten(
  value: unknown,
  prefix = "",
): readonly { readonly name: string; readonly value: string }[] {
  if (Array.isArray(value) && value.every((item) => typeof item !== "object" || item === null))
    return [{ name: prefix, value: value.length === 0 ? "none" : value.map(plain).join(", ") }];
  if (typeof value === "object" && value !== null)
    return Object.entries(value).flatMap(([key, inner]) =>
      flatten(inner, prefix === "" ? key : `${prefix}.${key}`),
    );
  return [{ name: prefix, value: plain(value) }];
}

function plain(value: unknown): string {
  if (typeof value === "string") return value;
  return JSON.stringify(value) ?? "absent";
}
