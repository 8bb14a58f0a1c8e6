/** Moments in nanoseconds, and what calendars and clocks show of them. */
import { zoneAt } from "./zone.ts";

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

export function shown(nanoseconds: bigint, zone: string): Shown {
  const seconds = floorDivide(nanoseconds, BILLION);
  const { offset, abbreviation } = zoneAt(zone, Number(seconds));
  const local = new Date((Number(seconds) + offset) * 1000);
  const year = local.getUTCFullYear();
  return {
    year,
    month: local.getUTCMonth() + 1,
    day: local.getUTCDate(),
    hour: local.getUTCHours(),
    minute: local.getUTCMinutes(),
    second: local.getUTCSeconds(),
    nanosecond: Number(nanoseconds - seconds * BILLION),
    weekday: local.getUTCDay(),
    dayOfYear:
      Math.floor(
        (Date.UTC(2000, local.getUTCMonth(), local.getUTCDate()) - Date.UTC(2000, 0, 1)) / 86_400_000,
      ) + (isLeap(year) || local.getUTCMonth() < 2 ? 1 : 0),
    offset,
    abbreviation,
  };
}

export function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

/** The moment that a calendar in UTC shows so; values beyond their usual range carry over. */
export function moment(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
  nanosecond: number,
): bigint {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute, second);
  return (BigInt(date.getTime()) / 1000n) * BILLION + BigInt(nanosecond);
}

function floorDivide(a: bigint, b: bigint): bigint {
  const quotient = a / b;
  return a % b < 0n ? quotient - 1n : quotient;
}
