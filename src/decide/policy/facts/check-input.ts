import { PosternError } from "#kernel";
import { CLASSIFICATIONS, type Classification, type Input } from "../types.ts";
import type { FactDefinition } from "./definition.ts";
import { FACTS, LABEL_NAME } from "./table.ts";

/** The shape of an input, worked out from the table of facts: groups of facts, and facts that stand alone. */
const ALONE: ReadonlyMap<string, FactDefinition> = new Map(
  FACTS.filter((fact) => !fact.name.includes(".")).map((fact) => [fact.name, fact]),
);
const GROUPS: ReadonlyMap<string, ReadonlyMap<string, FactDefinition>> = groups();

const LABELS = "labels";

function groups(): ReadonlyMap<string, ReadonlyMap<string, FactDefinition>> {
  const made = new Map<string, Map<string, FactDefinition>>();
  for (const fact of FACTS) {
    const [group, member] = fact.name.split(".");
    if (group === undefined || member === undefined || fact.derived === true) continue;
    const members = made.get(group) ?? new Map<string, FactDefinition>();
    members.set(member, fact);
    made.set(group, members);
  }
  return made;
}

/**
 * Holds a value from outside to the table of facts: no member that is not in it, each of its type, none null,
 * and what speaks of the same person says the same.
 * @throws PosternError `input.invalid`, naming the member.
 */
export function checkInput(candidate: unknown): Input {
  const input = members(candidate, "the input");
  for (const [name, value] of Object.entries(input)) {
    const alone = ALONE.get(name);
    const group = GROUPS.get(name);
    if (alone !== undefined) checkFact(alone, value);
    else if (group !== undefined) checkGroup(name, group, value);
    else throw refused(name, "is no fact");
  }
  for (const fact of FACTS) if (fact.required === "always") requirePresent(input, fact);
  if (!isInput(input)) throw refused("the input", "is incomplete");
  checkAgreement(input);
  return input;
}

function checkGroup(name: string, facts: ReadonlyMap<string, FactDefinition>, value: unknown): void {
  const group = members(value, name);
  for (const [member, held] of Object.entries(group)) {
    const fact = facts.get(member);
    if (fact === undefined) throw refused(`${name}.${member}`, "is no fact");
    if (member === LABELS) checkLabels(held);
    else checkFact(fact, held);
  }
  for (const [member, fact] of facts) {
    if (fact.required === "with" && !Object.hasOwn(group, member)) throw refused(fact.name, "is missing");
  }
}

function checkLabels(value: unknown): void {
  for (const [label, text] of Object.entries(members(value, "resource.labels"))) {
    if (!LABEL_NAME.test(label))
      throw refused(`resource.labels ${JSON.stringify(label)}`, "is no name of a label");
    if (typeof text !== "string") throw refused(`resource.labels.${label}`, "is not a text");
  }
}

function checkFact(fact: FactDefinition, value: unknown): void {
  const { name, range, values } = fact;
  if (value === null) throw refused(name, "is null; a fact that is not known is left out");
  switch (fact.type) {
    case "text":
    case "date":
      if (typeof value !== "string") throw refused(name, "is not a text");
      if (values !== undefined && !values.includes(value))
        throw refused(name, `is none of ${values.join(", ")}`);
      return;
    case "classification":
      if (!isClassification(value)) throw refused(name, `is none of ${CLASSIFICATIONS.join(", ")}`);
      return;
    case "number":
      if (typeof value !== "number" || !Number.isFinite(value)) throw refused(name, "is not a number");
      if (range !== undefined && (value < range.least || value > range.most))
        throw refused(name, `is not from ${range.least} to ${range.most}`);
      return;
    case "boolean":
      if (typeof value !== "boolean") throw refused(name, "is not true or false");
      return;
    case "nanoseconds":
      if (typeof value !== "bigint" && !(typeof value === "number" && Number.isSafeInteger(value)))
        throw refused(name, "is not an exact whole number");
      return;
    case "texts":
      if (!Array.isArray(value) || !value.every((item) => typeof item === "string"))
        throw refused(name, "is not a list of texts");
  }
}

function requirePresent(input: { readonly [name: string]: unknown }, fact: FactDefinition): void {
  const [first = "", second] = fact.name.split(".");
  if (!Object.hasOwn(input, first)) throw refused(fact.name, "is missing");
  if (second !== undefined && !Object.hasOwn(members(input[first], first), second))
    throw refused(fact.name, "is missing");
}

/** Two words for one thing must agree: a rule may ask either. */
function checkAgreement({ type, subject, user, time }: Input): void {
  if (typeof time.now_ns !== "bigint") throw refused("time.now_ns", "is not an exact whole number");
  if (subject === undefined) return;
  if (subject.type !== type) throw refused("subject.type", "is not the input's type");
  if (type !== "user" || user === undefined) return;
  if (subject.id !== user.id) throw refused("subject.id", "is not user.id");
  if (subject.role !== undefined && user.role !== undefined && subject.role !== user.role)
    throw refused("subject.role", "is not user.role");
}

function isClassification(value: unknown): value is Classification {
  return typeof value === "string" && (CLASSIFICATIONS as readonly string[]).includes(value);
}

/** The table has been applied to every member; what is left is that those are there which TypeScript counts on. */
function isInput(value: object): value is Input {
  return "type" in value && "action" in value && "resource" in value && "time" in value;
}

function members(value: unknown, name: string): { readonly [member: string]: unknown } {
  if (!isPlain(value)) throw refused(name, "is not an object");
  return value;
}

function isPlain(value: unknown): value is { readonly [member: string]: unknown } {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function refused(name: string, what: string): PosternError {
  return new PosternError("input.invalid", `${name} ${what}`, { where: name });
}
