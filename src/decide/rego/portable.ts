/**
 * Code as it goes from one thread to another. The platform clones plain structures, and neither classes nor what makes equal
 * things one: values with classes in them are taken apart into lists that begin with what they are.
 */
import type { SchemaSet } from "./3-check/index.ts";
import type { Code } from "./4-emit/index.ts";
import { Source, type Span } from "./source.ts";
import { Decimal, RegoObject, RegoSet, type Value } from "./values/index.ts";

/** A constant: `plain` ones are cloned as they are. */
type PortableConstant =
  | readonly ["plain", unknown]
  | readonly ["array", readonly PortableConstant[]]
  | readonly ["record", readonly (readonly [string, PortableConstant])[]]
  | readonly ["map", readonly (readonly [PortableConstant, PortableConstant])[]]
  | readonly ["set", readonly PortableConstant[]]
  | readonly ["object", readonly (readonly [PortableConstant, PortableConstant])[]]
  | readonly ["decimal", string];

/** Each span as the number of its source, its start and its end. */
export interface PortableSpans {
  readonly sources: readonly { readonly file: string; readonly text: string }[];
  readonly spans: readonly (readonly [source: number, start: number, end: number])[];
}

export interface PortableCode {
  readonly source: string;
  readonly constants: readonly PortableConstant[];
  readonly sites: PortableSpans;
}

export function packCode({ source, constants, sites }: Code): PortableCode {
  return { source, constants: constants.map(pack), sites: packSpans(sites) };
}

export function unpackCode({ source, constants, sites }: PortableCode): Code {
  return { source, constants: constants.map(unpack), sites: unpackSpans(sites) };
}

/** Schemas without a network, which no other thread could ask. */
export interface PortableSchemas {
  readonly input?: PortableConstant;
  readonly named?: PortableConstant;
}

export function packSchemas({ input, named }: Omit<SchemaSet, "world">): PortableSchemas {
  return { ...(input !== undefined && { input: pack(input) }), ...(named && { named: pack(named) }) };
}

export function unpackSchemas({ input, named }: PortableSchemas): SchemaSet {
  return {
    ...(input && { input: unpackValue(input) }),
    ...(named && { named: unpack(named) as ReadonlyMap<string, Value> }),
  };
}

export function packSpans(spans: readonly Span[]): PortableSpans {
  const numbers = new Map<Source, number>();
  const packed = spans.map(({ source, start, end }) => {
    const number = numbers.get(source) ?? numbers.size;
    numbers.set(source, number);
    return [number, start, end] as const;
  });
  return { sources: [...numbers.keys()].map(({ file, text }) => ({ file, text })), spans: packed };
}

export function unpackSpans({ sources, spans }: PortableSpans): readonly Span[] {
  const made = sources.map(({ file, text }) => new Source(file, text));
  return spans.map(([source, start, end]) => ({ source: made[source] as Source, start, end }));
}

function pack(constant: unknown): PortableConstant {
  if (typeof constant !== "object" || constant === null) return ["plain", constant];
  if (constant instanceof Decimal) return ["decimal", constant.text];
  if (constant instanceof RegoSet) return ["set", constant.unsorted().map(pack)];
  if (constant instanceof RegoObject) return ["object", packPairs(constant.unsorted())];
  if (constant instanceof Map) {
    const pairs = packPairs(constant);
    return pairs.every(([key, value]) => isPlain(key) && isPlain(value))
      ? ["plain", constant]
      : ["map", pairs];
  }
  if (Array.isArray(constant)) {
    const items = constant.map(pack);
    return items.every(isPlain) ? ["plain", constant] : ["array", items];
  }
  const members = Object.entries(constant).map(([key, value]) => [key, pack(value)] as const);
  return members.every(([, value]) => isPlain(value)) ? ["plain", constant] : ["record", members];
}

function packPairs(
  pairs: Iterable<readonly [unknown, unknown]>,
): readonly (readonly [PortableConstant, PortableConstant])[] {
  return Array.from(pairs, ([key, value]) => [pack(key), pack(value)] as const);
}

function isPlain([kind]: PortableConstant): boolean {
  return kind === "plain";
}

function unpack(packed: PortableConstant): unknown {
  switch (packed[0]) {
    case "plain":
      return packed[1];
    case "array":
      return packed[1].map(unpack);
    case "record":
      return Object.fromEntries(packed[1].map(([key, value]) => [key, unpack(value)]));
    case "map":
      return new Map(packed[1].map(([key, value]) => [unpack(key), unpack(value)]));
    case "set":
      return RegoSet.of(packed[1].map(unpackValue));
    case "object":
      return RegoObject.of(packed[1].map(([key, value]) => [unpackValue(key), unpackValue(value)]));
    case "decimal":
      return new Decimal(packed[1]);
  }
}

/** What stands within a set or an object is a value, as it was when it was packed. */
function unpackValue(packed: PortableConstant): Value {
  return unpack(packed) as Value;
}
