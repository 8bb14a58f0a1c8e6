/** What a clock on the wall of a time zone shows. */
export interface WallTime {
  readonly hour: number;
  /** `monday` to `sunday`. */
  readonly weekday: string;
  /** `2026-03-29`. */
  readonly date: string;
}

export interface ZoneClock {
  readonly timeZone: string;
  /** Wall time at `ns` nanoseconds since the Unix epoch; throws `RangeError` beyond the calendar. */
  at(ns: bigint): WallTime;
}

const NS_PER_SECOND = 1_000_000_000n;

/** True for a name of the IANA time zone database that this runtime knows; fixed offsets such as `+01:00` are none. */
export function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/**
 * A wall clock of `timeZone`. Formatting costs microseconds and rules may ask many times within a request, so
 * the last second asked for is kept: offsets are whole seconds, so that it answers the same.
 */
export function zoneClock(timeZone: string): ZoneClock {
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone,
    calendar: "gregory",
    numberingSystem: "latn",
    hourCycle: "h23",
    weekday: "long",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
  });
  let lastSecond: bigint | undefined;
  let last: WallTime | undefined;
  return {
    timeZone,
    at(ns) {
      const second = ns / NS_PER_SECOND;
      if (last !== undefined && second === lastSecond) return last;
      const parts = new Map(
        format.formatToParts(new Date(Number(second) * 1_000)).map((part) => [part.type, part.value]),
      );
      const part = (name: Intl.DateTimeFormatPartTypes): string => parts.get(name) ?? "";
      last = {
        hour: Number(part("hour")),
        weekday: part("weekday").toLowerCase(),
        date: `${part("year").padStart(4, "0")}-${part("month")}-${part("day")}`,
      };
      lastSecond = second;
      return last;
    },
  };
}
