/** Time zones by their IANA names: offsets from the platform's own database, abbreviations from a table. */
import { ZONE_ABBREVIATIONS } from "./zone-abbreviations.ts";

/** Abbreviations by offset, in the order of the moments, in seconds since the epoch, from which on they were used. */
type Abbreviations = ReadonlyMap<number, readonly (readonly [abbreviation: string, since: number])[]>;

export interface Zone {
  readonly name: string;
  readonly abbreviations: Abbreviations;
  /** Undefined for UTC. */
  readonly format: Intl.DateTimeFormat | undefined;
  /** The minute that was asked for last, and its offset. */
  minute: number;
  offset: number;
}

const UTC: Zone = { name: "UTC", abbreviations: new Map(), format: undefined, minute: 0, offset: 0 };
const ZONES = new Map<string, Zone>();
/** Zones change at whole minutes since 1973; before, at any second. */
const MINUTES_SINCE = 94_694_400;

let lines: Map<string, string> | undefined;

/** The table's lines by the zones that they name. */
function table(): ReadonlyMap<string, string> {
  if (lines !== undefined) return lines;
  lines = new Map();
  for (const line of ZONE_ABBREVIATIONS.trim().split("\n")) {
    const [abbreviations = "", zones = ""] = line.split(": ");
    for (const zone of zones.split(" ")) lines.set(zone, abbreviations);
  }
  return lines;
}

function parseAbbreviations(line: string): Abbreviations {
  const found = new Map<number, readonly [string, number][]>();
  for (const part of line === "-" ? [] : line.split(", ")) {
    const [offset, first = "", ...later] = part.split(" ");
    const names: [string, number][] = [[first, Number.NEGATIVE_INFINITY]];
    for (let at = 0; at < later.length; at += 2) names.push([later[at + 1] as string, Number(later[at])]);
    found.set(Number(offset), names);
  }
  return found;
}

/** The zone of exactly that name. `Local` is UTC: an evaluation does not depend on where it runs. */
export function zoneNamed(name: string): Zone | undefined {
  if (name === "" || name === "UTC" || name === "Local") return UTC;
  const known = ZONES.get(name);
  if (known !== undefined) return known;
  const line = table().get(name);
  if (line === undefined) return undefined;
  const format = new Intl.DateTimeFormat("en-US", { timeZone: name, timeZoneName: "longOffset" });
  const zone = {
    name,
    abbreviations: parseAbbreviations(line),
    format,
    minute: Number.NaN,
    offset: 0,
  };
  ZONES.set(name, zone);
  return zone;
}

/** Seconds east of UTC, at that many seconds since the epoch. */
export function offsetAt(zone: Zone, seconds: number): number {
  if (zone.format === undefined) return 0;
  const minute = seconds >= MINUTES_SINCE ? Math.floor(seconds / 60) : Number.NaN;
  if (minute === zone.minute) return zone.offset;
  zone.offset = parseOffset(zone.format.format(seconds * 1000));
  zone.minute = minute;
  return zone.offset;
}

/** Such as `CET`; of times without a name for it the offset, such as `-03`. */
export function abbreviationAt(zone: Zone, seconds: number, offset: number): string {
  if (zone.format === undefined) return "UTC";
  const names = zone.abbreviations.get(offset);
  const name = names?.findLast(([, since]) => seconds >= since);
  if (name !== undefined) return name[0];
  return offset % 60 === 0 ? numeric(offset) : "LMT";
}

/** Ends with `GMT+05:30`, `GMT-04:56:02` or `GMT`. */
function parseOffset(text: string): number {
  const match = /GMT([+-])(\d{2}):(\d{2})(?::(\d{2}))?$/.exec(text);
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
