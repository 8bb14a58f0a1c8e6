/** Time (OPA policy reference, "Time"): moments are nanoseconds since the Unix epoch. */
import {
  ceil,
  compareNumbers,
  floor,
  integer,
  integerOf,
  isArray,
  isNumber,
  type Value,
} from "../values/index.ts";
import { failure, type Implementations, numberOperand, operandError, stringOperand } from "./builtin.ts";
import { DataError, reading } from "./data-error.ts";
import { parseDuration } from "./go-time/duration.ts";
import { formatTime } from "./go-time/format.ts";
import { LAYOUTS, WEEKDAYS } from "./go-time/layout.ts";
import { fits, momentOf, type Shown, shown } from "./go-time/moment.ts";
import { daysIn, parseTime } from "./go-time/parse.ts";
import { type Zone, zoneNamed } from "./go-time/zone.ts";
import { integerOperand } from "./numbers.ts";

interface TimeOperand {
  readonly nanoseconds: bigint;
  readonly zone: Zone;
  readonly layout: string;
}

/** A number of nanoseconds, or an array of them with a zone and a layout. */
function timeOperand(name: string, position: number, value: Value): TimeOperand {
  if (!isNumber(value) && (!isArray(value) || value.length === 0))
    throw operandError(name, position, "either number (ns) or [number (ns), string (tz)]", value);
  const [moment = null, zoneName = "", layout = ""] = isArray(value) ? value : [value];
  const number = numberOperand(name, position, moment);
  const zone = zoneOperand(name, stringOperand(name, position, zoneName));
  // A fraction that 64 bits cannot hold is none.
  const whole = floor(number);
  const nanoseconds = compareNumbers(whole, ceil(number)) === 0 ? integerOf(whole) : undefined;
  if (nanoseconds === undefined || !fits(nanoseconds)) throw failure(name, "timestamp too big");
  return { nanoseconds, zone, layout: stringOperand(name, position, layout) };
}

function zoneOperand(name: string, zoneName: string): Zone {
  const zone = zoneNamed(zoneName);
  if (zone !== undefined) return zone;
  const isPath = /^[/\\]|(?:^|[/\\])\.\.(?:[/\\]|$)/.test(zoneName);
  throw failure(name, isPath ? "time: invalid location name" : `unknown time zone ${zoneName}`);
}

function shownOperand(name: string, position: number, value: Value): Shown {
  const { nanoseconds, zone } = timeOperand(name, position, value);
  return shown(nanoseconds, zone);
}

function inRange(nanoseconds: bigint): Value {
  if (!fits(nanoseconds)) throw new DataError("time outside of valid range");
  return integer(nanoseconds);
}

/** Years, months, days, hours, minutes and seconds between two moments. */
function difference(a: Shown, b: Shown): readonly number[] {
  let [year, month, day, hour, minute, second] = [
    b.year - a.year,
    b.month - a.month,
    b.day - a.day,
    b.hour - a.hour,
    b.minute - a.minute,
    b.second - a.second,
  ];
  if (second < 0) {
    second += 60;
    minute--;
  }
  if (minute < 0) {
    minute += 60;
    hour--;
  }
  if (hour < 0) {
    hour += 24;
    day--;
  }
  if (day < 0) {
    day += daysIn(a.year, a.month);
    month--;
  }
  if (month < 0) {
    month += 12;
    year--;
  }
  return [year, month, day, hour, minute, second];
}

export const TIME: Implementations = {
  "time.now_ns": (evaluation) => integer(evaluation.now),
  "time.parse_ns": reading("time.parse_ns", (_, layout, value) => {
    const wanted = stringOperand("time.parse_ns", 1, layout);
    const text = stringOperand("time.parse_ns", 2, value);
    return inRange(parseTime(LAYOUTS.get(wanted) ?? wanted, text));
  }),
  "time.parse_rfc3339_ns": reading("time.parse_rfc3339_ns", (_, value) =>
    inRange(parseTime(LAYOUTS.get("RFC3339") as string, stringOperand("time.parse_rfc3339_ns", 1, value))),
  ),
  "time.parse_duration_ns": reading("time.parse_duration_ns", (_, value) =>
    integer(parseDuration(stringOperand("time.parse_duration_ns", 1, value))),
  ),
  "time.format": (_, value) => {
    const { nanoseconds, zone, layout } = timeOperand("time.format", 1, value);
    const wanted = layout === "" ? "RFC3339Nano" : layout;
    return formatTime(shown(nanoseconds, zone), LAYOUTS.get(wanted) ?? wanted);
  },
  "time.date": (_, value) => {
    const { year, month, day } = shownOperand("time.date", 1, value);
    return [year, month, day];
  },
  "time.clock": (_, value) => {
    const { hour, minute, second } = shownOperand("time.clock", 1, value);
    return [hour, minute, second];
  },
  "time.weekday": (_, value) => WEEKDAYS[shownOperand("time.weekday", 1, value).weekday],
  "time.add_date": reading("time.add_date", (_, value, a, b, c) => {
    const name = "time.add_date";
    const { nanoseconds, zone } = timeOperand(name, 1, value);
    const [years, months, days] = [a, b, c].map((operand, index) =>
      integerOperand(name, index + 2, operand ?? null),
    ) as [bigint, bigint, bigint];
    const at = shown(nanoseconds, zone);
    const day = {
      year: BigInt(at.year) + years,
      month: BigInt(at.month) + months,
      day: BigInt(at.day) + days,
    };
    const time = BigInt(at.hour * 3600 + at.minute * 60 + at.second);
    return inRange(momentOf(day, time, BigInt(at.nanosecond), zone));
  }),
  "time.diff": (_, x, y) => {
    const left = timeOperand("time.diff", 1, x);
    const right = timeOperand("time.diff", 2, y);
    const [a, b] =
      left.nanoseconds > right.nanoseconds
        ? [right.nanoseconds, left.nanoseconds]
        : [left.nanoseconds, right.nanoseconds];
    return difference(shown(a, left.zone), shown(b, left.zone));
  },
};
