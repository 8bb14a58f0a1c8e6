/** Time (OPA policy reference, "Time"): moments are nanoseconds since the Unix epoch. */
import { BuiltinError } from "../errors.ts";
import { ceil, compareNumbers, floor, integer, integerOf, isArray, type Value } from "../values/index.ts";
import { failure, type Implementations, numberOperand, stringOperand } from "./builtin.ts";
import { formatTime } from "./go-time/format.ts";
import { LAYOUTS, WEEKDAYS } from "./go-time/layout.ts";
import { fits, moment, type Shown, shown } from "./go-time/moment.ts";
import { daysIn, parseTime } from "./go-time/parse.ts";
import { isZone } from "./go-time/zone.ts";
import { integerOperand } from "./numbers.ts";

interface TimeOperand {
  readonly nanoseconds: bigint;
  readonly zone: string;
  readonly layout: string | undefined;
}

/** A number of nanoseconds, or an array of them with a zone and, for `time.format`, a layout. */
function timeOperand(name: string, position: number, value: Value, longest = 2): TimeOperand {
  const [moment, zone = "", layout] = isArray(value) ? value : [value];
  if (isArray(value) && (value.length < 2 || value.length > longest))
    throw new BuiltinError(
      "eval_type_error",
      `${name}: operand ${position} must be either number (ns) or array of ns, time zone`,
    );
  if (typeof zone !== "string" || (layout !== undefined && typeof layout !== "string"))
    throw new BuiltinError("eval_type_error", `${name}: operand ${position} must be string`);
  const number = numberOperand(name, position, moment ?? null);
  // A fraction that 64 bits cannot hold is none.
  const whole = floor(number);
  const nanoseconds = compareNumbers(whole, ceil(number)) === 0 ? integerOf(whole) : undefined;
  if (nanoseconds === undefined || !fits(nanoseconds))
    throw new BuiltinError("eval_builtin_error", `${name}: timestamp too big`);
  if (!isZone(zone)) throw failure(name, `unknown time zone ${zone}`);
  return { nanoseconds, zone, layout };
}

function shownOperand(name: string, position: number, value: Value): Shown {
  const { nanoseconds, zone } = timeOperand(name, position, value);
  return shown(nanoseconds, zone);
}

function inRange(name: string, nanoseconds: bigint | undefined, text: string): Value {
  if (nanoseconds === undefined) throw failure(name, `parsing time ${JSON.stringify(text)}: cannot parse`);
  if (!fits(nanoseconds)) throw failure(name, "time outside of valid range");
  return integer(nanoseconds);
}

const UNITS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
  d: 86_400_000_000_000n,
  w: 604_800_000_000_000n,
  y: 31_536_000_000_000_000n,
};

/** Go's durations, with days, weeks and years of 365 days. */
function parseDuration(text: string): bigint | undefined {
  const match = /^([+-]?)(.+)$/s.exec(text);
  if (match === null) return undefined;
  const body = match[2] as string;
  if (body === "0") return 0n;
  let total = 0n;
  let rest = body;
  while (rest !== "") {
    const part = /^(\d*)(?:\.(\d*))?(ns|us|µs|μs|ms|[smhdwy])/.exec(rest);
    if (part === null || ((part[1] ?? "") === "" && (part[2] ?? "") === "")) return undefined;
    const [whole, digits = "", fraction = "", unit = ""] = part;
    const factor = UNITS[unit] as bigint;
    total += BigInt(digits === "" ? 0 : digits) * factor;
    if (fraction !== "") total += (BigInt(fraction) * factor) / 10n ** BigInt(fraction.length);
    rest = rest.slice(whole.length);
  }
  return match[1] === "-" ? -total : total;
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
  "time.parse_ns": (_, layout, value) => {
    const name = "time.parse_ns";
    const wanted = stringOperand(name, 1, layout);
    const text = stringOperand(name, 2, value);
    return inRange(name, parseTime(LAYOUTS.get(wanted) ?? wanted, text), text);
  },
  "time.parse_rfc3339_ns": (_, value) => {
    const name = "time.parse_rfc3339_ns";
    const text = stringOperand(name, 1, value);
    return inRange(name, parseTime(LAYOUTS.get("RFC3339") as string, text), text);
  },
  "time.parse_duration_ns": (_, value) => {
    const name = "time.parse_duration_ns";
    const text = stringOperand(name, 1, value);
    const found = parseDuration(text);
    if (found === undefined || !fits(found))
      throw failure(name, `time: invalid duration ${JSON.stringify(text)}`);
    return integer(found);
  },
  "time.format": (_, value) => {
    const { nanoseconds, zone, layout } = timeOperand("time.format", 1, value, 3);
    const wanted = layout === undefined || layout === "" ? "RFC3339Nano" : layout;
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
  "time.add_date": (_, value, a, b, c) => {
    const name = "time.add_date";
    const { nanoseconds } = timeOperand(name, 1, value);
    const [years, months, days] = [a, b, c].map((operand, index) =>
      Number(integerOperand(name, index + 2, operand)),
    ) as [number, number, number];
    const at = shown(nanoseconds, "UTC");
    const moved = moment(
      at.year + years,
      at.month + months,
      at.day + days,
      at.hour,
      at.minute,
      at.second,
      at.nanosecond,
    );
    if (!fits(moved)) throw failure(name, "time outside of valid range");
    return integer(moved);
  },
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
