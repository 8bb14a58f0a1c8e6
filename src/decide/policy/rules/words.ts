import type { FactDefinition } from "../facts/definition.ts";
import type { Comparand, Condition, Value } from "./requirement.ts";

/** Says conditions and values to people: second person, present tense, and never a rule's own text. */

/** One sentence without a full stop that is true when the condition holds: "Your role is engineer or sre". */
export function sayCondition(condition: Condition, timeZone: string | undefined): string {
  const { fact, test, negated } = condition;
  const { noun } = fact;
  const is = fact.type === "texts" ? "are" : "is";
  switch (test.op) {
    case "known":
      return `${noun} ${is} ${negated ? "not " : ""}known`;
    case "matches":
      return negated
        ? `${noun} does not have a form that is refused`
        : `${noun} has the form that is asked for`;
    case "in": {
      const listed = list(
        test.values.map((value) => sayValue(value, fact)),
        negated ? "nor" : "or",
      );
      return negated ? `${noun} is neither ${listed}` : `${noun} is ${listed}`;
    }
    case "contains":
      if (fact.type === "texts")
        return `${noun} ${negated ? "do not include" : "include"} ${say(test.to, fact)}`;
      return `${noun} ${negated ? "does not contain" : "contains"} ${say(test.to, fact)}`;
    case "startsWith":
      return `${noun} ${negated ? "does not begin" : "begins"} with ${say(test.to, fact)}`;
    case "endsWith":
      return `${noun} ${negated ? "does not end" : "ends"} with ${say(test.to, fact)}`;
    case "equals":
      return sayEquals(condition, test.to);
    case "below":
    case "atMost":
      return sayOrder(condition, test.op, test.to);
    case "between":
      return sayBetween(condition, test.from, test.to, timeZone);
  }
}

function sayEquals({ fact, negated }: Condition, to: Comparand): string {
  if (fact.sentences !== undefined && to.kind === "value") {
    const [whenTrue, whenFalse] = fact.sentences;
    return (to.value === true) === negated ? whenFalse : whenTrue;
  }
  return `${fact.noun} is ${negated ? "not " : ""}${say(to, fact)}`;
}

function sayOrder({ fact, negated }: Condition, op: "below" | "atMost", to: Comparand): string {
  if (fact.name === "user.approval_expiry_ns" && to.kind === "fact")
    return negated ? "Your approval is still valid" : "Your approval has ended";
  const amount = say(to, fact);
  if (fact.within !== undefined && to.kind === "value") {
    const recent = fact.within.replace("…", amount);
    if (!negated) return recent;
    return `${fact.noun} is ${op === "below" ? "at least" : "more than"} ${amount}`;
  }
  const words = op === "below" ? ["below", "at least"] : ["at most", "above"];
  return `${fact.noun} is ${negated ? words[1] : words[0]} ${amount}`;
}

function sayBetween(
  { fact, negated }: Condition,
  from: Comparand,
  to: Comparand,
  timeZone: string | undefined,
): string {
  const not = negated ? "not " : "";
  if (fact.name === "time.hour" && from.kind === "value" && to.kind === "value")
    return `The time is ${not}between ${clock(from.value)}:00 and ${clock(to.value)}:59 (${timeZone ?? "UTC"})`;
  return `${fact.noun} is ${not}between ${say(from, fact)} and ${say(to, fact)}`;
}

function say(comparand: Comparand, fact: FactDefinition): string {
  if (comparand.kind === "value") return sayValue(comparand.value, fact);
  return lowerFirst(comparand.fact.noun);
}

/** A fact's value for people: "12 hours", "no", "engineer". Absent is "not known". */
export function sayValue(value: unknown, fact: FactDefinition): string {
  if (value === undefined) return "not known";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (Array.isArray(value)) return value.length === 0 ? "none" : list(value.map(String), "and");
  if (fact.type === "nanoseconds" && (typeof value === "bigint" || typeof value === "number"))
    return moment(BigInt(value));
  if (typeof value !== "number") return typeof value === "string" ? value : "not readable";
  switch (fact.unit) {
    case "hour of the day":
      return `${clock(value)}:00 to ${clock(value)}:59`;
    case "hours":
      return hours(value);
    case "minutes":
      return counted(round(value), "minute");
    case "seconds":
      return counted(round(value), "second");
    case "points":
    case "nanoseconds since 1970":
    case undefined:
      return String(round(value));
    default:
      return fact.unit satisfies never;
  }
}

/** Whole minutes rounded up, so that what is just over a limit never reads as within it. */
function hours(value: number): string {
  const minutes = Math.ceil(value * 60 - 1e-9);
  const whole = Math.floor(minutes / 60);
  const rest = minutes % 60;
  if (whole === 0 && rest > 0) return counted(rest, "minute");
  if (rest === 0 || whole >= 24) return counted(whole, "hour");
  return `${counted(whole, "hour")} ${counted(rest, "minute")}`;
}

function moment(ns: bigint): string {
  const date = new Date(Number(ns / 1_000_000n));
  return Number.isNaN(date.getTime()) ? String(ns) : date.toISOString().replace(/\.\d+Z$/, "Z");
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

function counted(amount: number, unit: string): string {
  return `${amount} ${unit}${amount === 1 ? "" : "s"}`;
}

function clock(value: Value): string {
  return String(value).padStart(2, "0");
}

function list(items: readonly string[], word: "or" | "nor" | "and"): string {
  if (items.length < 2) return items.join("");
  return `${items.slice(0, -1).join(", ")} ${word} ${items[items.length - 1]}`;
}

export function lowerFirst(sentence: string): string {
  return sentence.slice(0, 1).toLowerCase() + sentence.slice(1);
}
