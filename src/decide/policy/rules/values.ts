import { nearest } from "#kernel";
import type { FactDefinition, FactType } from "../facts/definition.ts";
import { CLASSIFICATIONS } from "../types.ts";
import type { Value } from "./requirement.ts";
import type { Operand } from "./syntax.ts";

/** What each type is called in a message. */
export const TYPE_WORDS: { readonly [type in FactType]: string } = {
  text: "a text",
  number: "a number",
  boolean: "true or false",
  texts: "a list of texts",
  nanoseconds: "a time in nanoseconds",
  classification: "a classification",
  date: "a date",
};

/** Example literal of each type, for hints. */
const EXAMPLES: { readonly [type in FactType]: string } = {
  text: '"…"',
  number: "4",
  boolean: "true",
  texts: '"…"',
  nanoseconds: "time.now_ns",
  classification: '"internal"',
  date: '"2026-12-24"',
};

export interface Wrong {
  readonly code: "rule.wrong_type" | "rule.bad_value";
  readonly message: string;
  readonly hint?: string;
}

/** Whether `value` is one that a fact of this kind can have. `type` is that of one element for a list. */
export function literalValue(
  fact: FactDefinition,
  operand: Exclude<Operand, { kind: "fact" }>,
): { readonly value: Value } | Wrong {
  const type = fact.type === "texts" ? "text" : fact.type;
  const { kind } = operand;
  if (kind === "text" && type === "text") return inList(fact, operand.value);
  if (kind === "text" && type === "classification")
    return inList({ ...fact, values: CLASSIFICATIONS }, operand.value);
  if (kind === "text" && type === "date") return calendarDate(operand.value);
  if (kind === "boolean" && type === "boolean") return { value: operand.value };
  if (kind === "number" && type === "number") return inRange(fact, operand.value);
  if (kind === "number" && type === "nanoseconds") return wholeNanoseconds(operand.value);
  return {
    code: "rule.wrong_type",
    message: `${fact.name} is ${TYPE_WORDS[fact.type]}, and this is ${kind === "boolean" ? "true or false" : `a ${kind}`}`,
    hint: hintForType(type, operand),
  };
}

function hintForType(type: FactType, operand: Exclude<Operand, { kind: "fact" }>): string {
  if (type === "boolean" && operand.kind === "text" && /^(?:true|false)$/i.test(operand.value))
    return `without quotes: ${operand.value.toLowerCase()}`;
  if (type === "number" && operand.kind === "text" && /^-?\d+(?:\.\d+)?$/.test(operand.value))
    return `without quotes: ${operand.value}`;
  if (type === "text" && operand.kind !== "text") return `in quotes: "${operand.value}"`;
  return `write ${type === "boolean" ? "true or false" : `a value such as ${EXAMPLES[type]}`}`;
}

function inList(fact: FactDefinition, value: string): { readonly value: Value } | Wrong {
  const { values } = fact;
  if (values === undefined || values.includes(value)) return { value };
  const meant = nearest(value, values);
  return {
    code: "rule.bad_value",
    message: `${fact.name} is never ${JSON.stringify(value)}`,
    hint: meant === undefined ? `one of ${values.join(", ")}` : `did you mean "${meant}"?`,
  };
}

function inRange(fact: FactDefinition, text: string): { readonly value: Value } | Wrong {
  const value = Number(text);
  const { range } = fact;
  if (
    range === undefined ||
    (value >= range.least && value <= range.most && (range.whole !== true || Number.isInteger(value)))
  )
    return { value };
  return {
    code: "rule.bad_value",
    message: `${fact.name} is never ${text}: it goes from ${range.least} to ${range.most}${range.whole === true ? " in whole numbers" : ""}`,
    ...(fact.name === "time.hour"
      ? { hint: "22:59 is hour 22; midnight is hour 0, and the last hour is 23" }
      : {}),
  };
}

function wholeNanoseconds(text: string): { readonly value: Value } | Wrong {
  if (text.includes("."))
    return {
      code: "rule.bad_value",
      message: "nanoseconds are whole numbers",
      hint: text.replace(/\..*$/, ""),
    };
  return { value: BigInt(text) };
}

function calendarDate(text: string): { readonly value: Value } | Wrong {
  const wrong: Wrong = {
    code: "rule.bad_value",
    message: `${JSON.stringify(text)} is no date`,
    hint: 'write it as "2026-12-24"',
  };
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return wrong;
  const moment = new Date(`${text}T00:00:00Z`);
  if (Number.isNaN(moment.getTime()) || moment.toISOString().slice(0, 10) !== text) return wrong;
  return { value: text };
}
