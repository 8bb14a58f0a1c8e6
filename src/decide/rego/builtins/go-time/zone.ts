/** Time zones by their IANA names, from the platform's own database. */

export interface ZoneTime {
  /** Seconds east of UTC. */
  readonly offset: number;
  /** Such as `CET`; of zones without a name for it the offset, such as `-03`. */
  readonly abbreviation: string;
}

/** Places whose English names the abbreviations that the time zone database has; no one of them names them all. */
const LOCALES = [
  "en-US",
  "en-GB",
  "en-AU",
  "en-CA",
  "en-IN",
  "en-ZA",
  "en-NZ",
  "en-NG",
  "en-KE",
  "id-ID",
  "ja-JP",
  "ko-KR",
];
/** The abbreviations that the database has; other names are the platform's own. */
const ABBREVIATIONS: ReadonlySet<string> = new Set(
  (
    "ACDT ACST ADT AEDT AEST AKDT AKST AST AWST BST CAT CDT CEST CET CST CHST EAT EDT EEST EET EST GMT HDT HKT HST IDT IST " +
    "JST KST MDT MSK MST NDT NST NZDT NZST PDT PKT PST SAST SST UTC WAT WEST WET WIB WIT WITA"
  ).split(" "),
);
const FORMATS = new Map<string, Intl.DateTimeFormat>();

function format(zone: string, locale: string, timeZoneName: "short" | "longOffset"): Intl.DateTimeFormat {
  const key = `${zone} ${locale} ${timeZoneName}`;
  let known = FORMATS.get(key);
  if (known === undefined) {
    known = new Intl.DateTimeFormat(locale, { timeZone: zone, timeZoneName, year: "numeric" });
    FORMATS.set(key, known);
  }
  return known;
}

function nameAt(zone: string, locale: string, style: "short" | "longOffset", seconds: number): string {
  const parts = format(zone, locale, style).formatToParts(seconds * 1000);
  return parts.find(({ type }) => type === "timeZoneName")?.value ?? "";
}

/** Whether the zone is known. `Local` is UTC: an evaluation does not depend on where it runs. */
export function isZone(zone: string): boolean {
  if (zone === "" || zone === "UTC" || zone === "Local") return true;
  if (!/^[A-Za-z][A-Za-z0-9_+/-]*$/.test(zone)) return false;
  try {
    format(zone, "en-US", "longOffset");
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/** What a zone's clocks show at that many seconds since the epoch. */
export function zoneAt(zone: string, seconds: number): ZoneTime {
  if (zone === "" || zone === "UTC" || zone === "Local") return { offset: 0, abbreviation: "UTC" };
  const offset = offsetOf(nameAt(zone, "en-US", "longOffset", seconds));
  // Only a place's own mean time, before there were zones, has seconds.
  if (offset % 60 !== 0) return { offset, abbreviation: "LMT" };
  for (const locale of LOCALES) {
    const name = nameAt(zone, locale, "short", seconds);
    if (ABBREVIATIONS.has(name)) return { offset, abbreviation: name };
  }
  return { offset, abbreviation: numeric(offset) };
}

/** `GMT+05:30`, `GMT-04:56:02`, `GMT`. */
function offsetOf(name: string): number {
  const match = /([+-])(\d{2}):(\d{2})(?::(\d{2}))?/.exec(name);
  if (match === null) return 0;
  const size = Number(match[2]) * 3600 + Number(match[3]) * 60 + Number(match[4] ?? 0);
  return match[1] === "-" ? -size : size;
}

function numeric(offset: number): string {
  const size = Math.abs(offset);
  const minutes = Math.floor((size % 3600) / 60);
  const hours = String(Math.floor(size / 3600)).padStart(2, "0");
  return `${offset < 0 ? "-" : "+"}${hours}${minutes === 0 ? "" : String(minutes).padStart(2, "0")}`;
}
