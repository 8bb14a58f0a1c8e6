/** Moments in nanoseconds since the Unix epoch, and what calendars and clocks show of them. */
import { abbreviationAt, offsetAt, type Zone } from "./zone.ts";

export interface Shown {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly nanosecond: number;
  readonly weekday: number;
  /** 1 to 366. */
  readonly dayOfYear: number;
  readonly offset: number;
  readonly abbreviation: string;
}

const BILLION = 1_000_000_000n;
const INT64 = 2n ** 63n;

/** Whether this many nanoseconds fit in Go's int64: the years 1677 to 2262. */
export function fits(nanoseconds: bigint): boolean {
  return nanoseconds >= -INT64 && nanoseconds < INT64;
}

export function shown(nanoseconds: bigint, zone: Zone): Shown {
  const seconds = Number(floorDivide(nanoseconds, BILLION));
  const offset = offsetAt(zone, seconds);
  const local = new Date((seconds + offset) * 1000);
  const year = local.getUTCFullYear();
  return {
    year,
    month: local.getUTCMonth() + 1,
    day: local.getUTCDate(),
    hour: local.getUTCHours(),
    minute: local.getUTCMinutes(),
    second: local.getUTCSeconds(),
    nanosecond: Number(nanoseconds - BigInt(seconds) * BILLION),
    weekday: local.getUTCDay(),
    dayOfYear: Math.floor((local.getTime() - Date.UTC(year, 0, 1)) / 86_400_000) + 1,
    offset,
    abbreviation: abbreviationAt(zone, seconds, offset),
  };
}

export function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

const int64 = (value: bigint): bigint => BigInt.asIntN(64, value);

/** A calendar's day, as integers of 64 bits, which are calculated with as Go does: beyond their range they begin anew. */
export interface CalendarDay {
  readonly year: bigint;
  readonly month: bigint;
  readonly day: bigint;
}

/** Whole rounds of the calendar before the year 0, so that no year is negative. */
const YEARS_BEFORE = 292_277_022_400n;
/** From the first of March of the first of those years to the Unix epoch. */
const DAYS_BEFORE = (YEARS_BEFORE / 400n) * 146_097n + 719_468n;

/** Days from the Unix epoch; months and days beyond their usual range carry over. */
function daysOf({ year, month, day }: CalendarDay): bigint {
  const months = int64(month - 1n);
  const carried = floorDivide(months, 12n);
  const within = months - carried * 12n;
  // Years begin in March, so that the leap day is their last.
  const isEarly = within < 2n;
  const years = BigInt.asUintN(64, year + carried - (isEarly ? 1n : 0n) + YEARS_BEFORE);
  const march = isEarly ? within + 10n : within - 2n;
  const centuries = BigInt.asUintN(64, 146_097n * (years / 100n)) / 4n;
  return centuries + (1461n * (years % 100n)) / 4n + (153n * march + 2n) / 5n + day - 1n - DAYS_BEFORE;
}

/** The moment that a calendar and a clock show in that zone, in nanoseconds, as Go's time.Date finds it. */
export function momentOf(day: CalendarDay, secondsOfDay: bigint, nanosecond: bigint, zone: Zone): bigint {
  const local = int64(daysOf(day) * 86_400n + secondsOfDay);
  if (zone.format === undefined || local < -INT64 / BILLION - 86_400n || local > INT64 / BILLION + 86_400n)
    return local * BILLION + nanosecond;
  // Near a change of the zone's, what it showed at the first guess decides.
  const guess = Number(local);
  const offset = offsetAt(zone, guess - offsetAt(zone, guess));
  return (local - BigInt(offset)) * BILLION + nanosecond;
}

function floorDivide(a: bigint, b: bigint): bigint {
  const quotient = a / b;
  return a % b < 0n ? quotient - 1n : quotient;
}
