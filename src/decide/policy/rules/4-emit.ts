import type { FactDefinition, Facts, FactType } from "../facts/definition.ts";
import type { ZoneClock } from "../facts/time-zone.ts";
import { CLASSIFICATIONS } from "../types.ts";
import type { Comparand, Condition, Requirement, Test, Value } from "./requirement.ts";

/**
 * Requirements to closures, in Kleene's three-valued logic: the three values are ordered, AND is the least, OR the greatest.
 * Nothing is allocated when one runs.
 */
export type Truth = typeof FALSE | typeof UNKNOWN | typeof TRUE;
export const FALSE = 0;
export const UNKNOWN = 1;
export const TRUE = 2;

/** @throws FactError when a fact is of another type than the table says; whoever calls denies. */
export type Probe = (facts: Facts, zone: ZoneClock | undefined) => Truth;

/** A fact is not of its type, so that nothing can be concluded from it. */
class FactError extends Error {
  readonly fact: string;
  constructor(fact: string) {
    super(`${fact} is not of its type`);
    this.fact = fact;
  }
}

/** @param probes takes each condition's own closure, for tracing */
export function emit(requirement: Requirement, probes: Map<Condition, Probe>): Probe {
  switch (requirement.kind) {
    case "constant": {
      const truth = requirement.value ? TRUE : FALSE;
      return () => truth;
    }
    case "condition": {
      const probe = emitCondition(requirement);
      probes.set(requirement, probe);
      return probe;
    }
    case "all":
      return emitAll(requirement.of.map((part) => emit(part, probes)));
    case "any":
      return emitAny(requirement.of.map((part) => emit(part, probes)));
  }
}

function emitAll(parts: readonly Probe[]): Probe {
  return (facts, zone) => {
    let least: Truth = TRUE;
    for (const part of parts) {
      const truth = part(facts, zone);
      if (truth === FALSE) return FALSE;
      if (truth < least) least = truth;
    }
    return least;
  };
}

function emitAny(parts: readonly Probe[]): Probe {
  return (facts, zone) => {
    let greatest: Truth = FALSE;
    for (const part of parts) {
      const truth = part(facts, zone);
      if (truth === TRUE) return TRUE;
      if (truth > greatest) greatest = truth;
    }
    return greatest;
  };
}

const LIST_TYPES: ReadonlySet<FactType> = new Set(["texts"]);

function emitCondition({ fact, test, negated }: Condition): Probe {
  const whenTrue = negated ? FALSE : TRUE;
  const whenFalse = negated ? TRUE : FALSE;
  const { read } = fact;
  if (test.op === "known") {
    return (facts, zone) => (readKnown(read(facts, zone), fact) === undefined ? whenFalse : whenTrue);
  }
  const compare = comparisonOf(fact, test);
  const others = comparandsOf(test).filter((comparand) => comparand.kind === "fact");
  const [first, second] = others;
  if (first === undefined) {
    return (facts, zone) => {
      const value = readKnown(read(facts, zone), fact);
      if (value === undefined) return UNKNOWN;
      return compare(value) ? whenTrue : whenFalse;
    };
  }
  // which of the two ends of BETWEEN is a fact was settled when it was compiled
  return (facts, zone) => {
    const value = readKnown(read(facts, zone), fact);
    const one = readKnown(first.fact.read(facts, zone), first.fact);
    const two = second === undefined ? one : readKnown(second.fact.read(facts, zone), second.fact);
    if (value === undefined || one === undefined || two === undefined) return UNKNOWN;
    return compare(value, one, two) ? whenTrue : whenFalse;
  };
}

type Known = Value | readonly unknown[];

/** The value when it is of the fact's type, undefined when absent. Null is a wrong type, never an absence. */
function readKnown(value: unknown, fact: FactDefinition): Known | undefined {
  if (value === undefined) return undefined;
  switch (fact.type) {
    case "text":
    case "date":
      if (typeof value === "string") return value;
      break;
    case "classification":
      if (typeof value === "string" && (CLASSIFICATIONS as readonly string[]).includes(value)) return value;
      break;
    case "number":
      if (typeof value === "number" && Number.isFinite(value)) return value;
      break;
    case "boolean":
      if (typeof value === "boolean") return value;
      break;
    case "nanoseconds":
      if (typeof value === "bigint") return value;
      if (typeof value === "number" && Number.isSafeInteger(value)) return BigInt(value);
      break;
    case "texts":
      if (Array.isArray(value) && value.every((item) => typeof item === "string")) return value;
      break;
  }
  throw new FactError(fact.name);
}

type Compare = (value: Known, one?: Known, two?: Known) => boolean;

/** The facts that a test compares with, in the order in which their values are handed to its comparison. */
export function comparandsOf(test: Test): readonly Comparand[] {
  switch (test.op) {
    case "equals":
    case "below":
    case "atMost":
    case "contains":
    case "startsWith":
    case "endsWith":
      return [test.to];
    case "between":
      return [test.from, test.to];
    case "in":
    case "matches":
    case "known":
      return [];
  }
}

function comparisonOf(fact: FactDefinition, test: Exclude<Test, { op: "known" }>): Compare {
  switch (test.op) {
    case "equals": {
      const to = resolve(test.to);
      return (value, one) => value === to(one);
    }
    case "below": {
      const order = orderOf(fact);
      const to = resolve(test.to);
      return (value, one) => order(value) < order(to(one));
    }
    case "atMost": {
      const order = orderOf(fact);
      const to = resolve(test.to);
      return (value, one) => order(value) <= order(to(one));
    }
    case "between": {
      const order = orderOf(fact);
      const from = resolve(test.from);
      const to = resolve(test.to);
      const { wraps } = test;
      const bothFacts = test.from.kind === "fact";
      return (value, one, two) => {
        const position = order(value);
        const above = position >= order(from(one));
        const below = position <= order(to(bothFacts ? two : one));
        return wraps ? above || below : above && below;
      };
    }
    case "in": {
      const values = new Set<unknown>(test.values);
      return (value) => values.has(value);
    }
    case "contains": {
      const to = resolve(test.to);
      if (LIST_TYPES.has(fact.type)) return (value, one) => (value as readonly unknown[]).includes(to(one));
      return (value, one) => (value as string).includes(to(one) as string);
    }
    case "startsWith": {
      const to = resolve(test.to);
      return (value, one) => (value as string).startsWith(to(one) as string);
    }
    case "endsWith": {
      const to = resolve(test.to);
      return (value, one) => (value as string).endsWith(to(one) as string);
    }
    case "matches": {
      const { matches } = test;
      return (value) => matches(value as string);
    }
  }
}

function resolve(comparand: Comparand): (given: Known | undefined) => Known {
  if (comparand.kind === "value") {
    const { value } = comparand;
    return () => value;
  }
  const { name } = comparand.fact;
  return (given) => {
    if (given === undefined) throw new FactError(name);
    return given;
  };
}

/** What `<` compares: classifications by their order, everything else as it is. */
function orderOf(fact: FactDefinition): (value: Known) => Value {
  if (fact.type === "classification")
    return (value) => (CLASSIFICATIONS as readonly unknown[]).indexOf(value);
  return (value) => value as Value;
}
