/**
 * Values of Rego, as plain JavaScript wherever JavaScript has them: null, booleans, strings, arrays, and objects with string
 * keys are themselves, numbers are `RegoNumber`s; sets and objects with other keys are the two classes here. A value is never
 * changed once something else can see it. Undefined is JavaScript's `undefined`, and no value.
 *
 * An object with string keys alone may be either form, and the two are equal: read objects only by the functions here.
 */
import { spend } from "./effort.ts";
import { compareNumbers, Decimal, numberKey, numberText, type RegoNumber } from "./number.ts";

export type Value = null | boolean | string | RegoNumber | readonly Value[] | RegoObjectValue | RegoSet;
export type RegoObjectValue = PlainObject | RegoObject;
/** As `JSON.parse` gives it: every member its own, of any name. */
export interface PlainObject {
  readonly [key: string]: Value;
}

export type TypeName = "null" | "boolean" | "number" | "string" | "array" | "object" | "set";

export function typeName(value: Value): TypeName {
  switch (typeof value) {
    case "string":
      return "string";
    case "number":
    case "bigint":
      return "number";
    case "boolean":
      return "boolean";
    case "function":
    case "object":
    case "symbol":
    case "undefined":
      if (value === null) return "null";
      if (Array.isArray(value)) return "array";
      if (value instanceof RegoSet) return "set";
      if (value instanceof Decimal) return "number";
      return "object";
  }
}

export function isNumber(value: Value | undefined): value is RegoNumber {
  return typeof value === "number" || typeof value === "bigint" || value instanceof Decimal;
}
export function isArray(value: Value | undefined): value is readonly Value[] {
  return Array.isArray(value);
}
export function isSet(value: Value | undefined): value is RegoSet {
  return value instanceof RegoSet;
}
export function isObject(value: Value | undefined): value is RegoObjectValue {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof RegoSet) &&
    !(value instanceof Decimal)
  );
}

type Primitive = string | number | bigint | boolean | null;

/** The key of a value within a `Map`: of equal values equal. Composite values, and numbers that are no primitive, give a text. */
interface Slot {
  readonly primitive: boolean;
  readonly key: Primitive;
}

function slotOf(value: Value): Slot {
  if (typeof value === "object" && value !== null) {
    if (!(value instanceof Decimal)) return { primitive: false, key: canonicalText(value) };
    const { key } = value;
    return typeof key === "string" ? { primitive: false, key } : { primitive: true, key };
  }
  if (typeof value === "number" || typeof value === "bigint") {
    const key = numberKey(value);
    return typeof key === "string" ? { primitive: false, key } : { primitive: true, key };
  }
  return { primitive: true, key: value };
}

/** A map from values to `T`, by Rego's equality. The first spelling of a key stays. */
class ValueMap<T> {
  readonly #primitives = new Map<Primitive, T>();
  #composites: Map<Primitive, T> | undefined;
  get size(): number {
    return this.#primitives.size + (this.#composites?.size ?? 0);
  }
  get(key: Value): T | undefined {
    if (typeof key === "string") return this.#primitives.get(key);
    const slot = slotOf(key);
    return slot.primitive ? this.#primitives.get(slot.key) : this.#composites?.get(slot.key);
  }
  set(key: Value, item: T): void {
    if (typeof key === "string") {
      this.#primitives.set(key, item);
      return;
    }
    const slot = slotOf(key);
    if (slot.primitive) this.#primitives.set(slot.key, item);
    else {
      this.#composites ??= new Map();
      this.#composites.set(slot.key, item);
    }
  }
  items(): T[] {
    return this.#composites === undefined
      ? [...this.#primitives.values()]
      : [...this.#primitives.values(), ...this.#composites.values()];
  }
}

/** A set. Built with `add` by whoever made it, and left alone from then on. */
export class RegoSet {
  readonly #members = new ValueMap<{ readonly value: Value }>();
  #sorted: readonly Value[] | undefined;
  static of(values: Iterable<Value>): RegoSet {
    const set = new RegoSet();
    for (const value of values) set.add(value);
    return set;
  }
  get size(): number {
    return this.#members.size;
  }
  has(value: Value): boolean {
    return this.#members.get(value) !== undefined;
  }
  /** The member equal to this value, in the spelling that it came in with. */
  member(value: Value): Value | undefined {
    return this.#members.get(value)?.value;
  }
  /** Adds a value; of equal ones the first stays. */
  add(value: Value): void {
    if (this.#members.get(value) !== undefined) return;
    this.#members.set(value, { value });
    this.#sorted = undefined;
  }
  /** In no order. */
  unsorted(): Value[] {
    return this.#members.items().map(({ value }) => value);
  }
  /** In Rego's order. */
  sorted(): readonly Value[] {
    this.#sorted ??= this.unsorted().sort(compare);
    return this.#sorted;
  }
}

/** An object whose keys may be any values. Built with `put` by whoever made it, and left alone from then on. */
export class RegoObject {
  readonly #entries = new ValueMap<[Value, Value]>();
  #sorted: readonly (readonly [Value, Value])[] | undefined;
  static of(entries: Iterable<readonly [Value, Value]>): RegoObject {
    const object = new RegoObject();
    for (const [key, value] of entries) object.put(key, value);
    return object;
  }
  get size(): number {
    return this.#entries.size;
  }
  get(key: Value): Value | undefined {
    return this.#entries.get(key)?.[1];
  }
  /** Sets a member; the last value wins, the first spelling of the key stays. */
  put(key: Value, value: Value): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) this.#entries.set(key, [key, value]);
    else entry[1] = value;
    this.#sorted = undefined;
  }
  unsorted(): readonly (readonly [Value, Value])[] {
    return this.#entries.items();
  }
  /** In Rego's order of keys. */
  sorted(): readonly (readonly [Value, Value])[] {
    this.#sorted ??= this.#entries.items().sort((a, b) => compare(a[0], b[0]));
    return this.#sorted;
  }
}

/** The member of that key, or undefined. Only own members count, whatever their name. */
export function member(object: RegoObjectValue, key: Value): Value | undefined {
  if (object instanceof RegoObject) return object.get(key);
  return typeof key === "string" && Object.hasOwn(object, key) ? object[key] : undefined;
}

/** How many members an object has. */
export function memberCount(object: RegoObjectValue): number {
  return object instanceof RegoObject ? object.size : Object.keys(object).length;
}

/** The keys of an object, in Rego's order. */
export function sortedKeys(object: RegoObjectValue): readonly Value[] {
  if (object instanceof RegoObject) return object.sorted().map(([key]) => key);
  return sortTexts(Object.keys(object));
}

/** The members of an object, in Rego's order of keys. */
export function sortedEntries(object: RegoObjectValue): readonly (readonly [Value, Value])[] {
  if (object instanceof RegoObject) return object.sorted();
  return sortTexts(Object.keys(object)).map((key) => [key, object[key] as Value]);
}

/** The members of an object, in no order. */
export function entries(object: RegoObjectValue): readonly (readonly [Value, Value])[] {
  return object instanceof RegoObject ? object.unsorted() : Object.entries(object);
}

/** A new object of these members: plain when every key is a string. */
export function objectOf(members: Iterable<readonly [Value, Value]>): RegoObjectValue {
  const all = RegoObject.of(members);
  return plain(all) ?? all;
}

/** The same object in its plain form, or undefined when a key is no string. */
export function plain(object: RegoObjectValue): PlainObject | undefined {
  if (!(object instanceof RegoObject)) return object;
  const result: Record<string, Value> = {};
  for (const [key, value] of object.unsorted()) {
    if (typeof key !== "string") return undefined;
    setMember(result, key, value);
  }
  return result;
}

/** Sets a member of a plain object in the making, whatever its name. */
export function setMember(object: Record<string, Value>, key: string, value: Value): void {
  if (key === "__proto__")
    Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
  else object[key] = value;
}

const ASTRAL = /[\uD800-\uFFFF]/;

/** Compares texts by Unicode code point, which is Go's order of UTF-8 bytes; JavaScript's own is by UTF-16 code unit. */
export function compareTexts(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x === y) continue;
    if (x < 0xd800 || y < 0xd800) return x < y ? -1 : 1;
    // Surrogates stand for code points above U+FFFF, so they come after U+E000 to U+FFFF.
    return rank(x) < rank(y) ? -1 : 1;
  }
  return a.length < b.length ? -1 : 1;
}

function rank(unit: number): number {
  return unit < 0xe000 ? unit + 0x10000 : unit;
}

/** Sorts texts in place, in Rego's order. */
export function sortTexts(texts: string[]): string[] {
  let astral = false;
  for (const text of texts) if (ASTRAL.test(text)) astral = true;
  // The default order, by code unit, is the same one unless such a character is there, and much faster.
  return astral ? texts.sort(compareTexts) : texts.sort();
}

/** Where a value's type stands in the total order: null, boolean, number, string, array, object, set. */
function rankOf(value: Value): number {
  switch (typeof value) {
    case "boolean":
      return 1;
    case "number":
    case "bigint":
      return 2;
    case "string":
      return 3;
    case "function":
    case "object":
    case "symbol":
    case "undefined":
      if (value === null) return 0;
      if (Array.isArray(value)) return 4;
      if (value instanceof RegoSet) return 6;
      return value instanceof Decimal ? 2 : 5;
  }
}

/** Rego's total order: null, false, true, numbers, strings, arrays, objects, sets; composites member by member. */
export function compare(a: Value, b: Value): number {
  if (a === b) return 0;
  const types = rankOf(a) - rankOf(b);
  if (types !== 0) return types < 0 ? -1 : 1;
  if (typeof a === "string") return compareTexts(a, b as string);
  if (typeof a === "boolean") return a ? 1 : -1;
  if (isNumber(a)) return compareNumbers(a, b as RegoNumber);
  if (isArray(a)) return compareLists(a, b as readonly Value[]);
  if (a instanceof RegoSet) return compareLists(a.sorted(), (b as RegoSet).sorted());
  return compareObjects(a as RegoObjectValue, b as RegoObjectValue);
}

function compareLists(a: readonly Value[], b: readonly Value[]): number {
  spend();
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const order = compare(a[i] as Value, b[i] as Value);
    if (order !== 0) return order;
  }
  return Math.sign(a.length - b.length);
}

function compareObjects(a: RegoObjectValue, b: RegoObjectValue): number {
  spend();
  const left = sortedEntries(a);
  const right = sortedEntries(b);
  const length = Math.min(left.length, right.length);
  for (let i = 0; i < length; i++) {
    const [leftKey, leftValue] = left[i] as readonly [Value, Value];
    const [rightKey, rightValue] = right[i] as readonly [Value, Value];
    const order = compare(leftKey, rightKey) || compare(leftValue, rightValue);
    if (order !== 0) return order;
  }
  return Math.sign(left.length - right.length);
}

/** Rego's equality: `1` and `1.0` are equal, `1` and `"1"` are not. */
export function equal(a: Value, b: Value): boolean {
  if (a === b) return true;
  if (typeof a === "string" || typeof b === "string" || a === null || b === null) return false;
  if (isNumber(a)) return isNumber(b) && compareNumbers(a, b) === 0;
  spend();
  if (isArray(a)) {
    if (!isArray(b) || a.length !== b.length) return false;
    for (let i = 0; i < a.length; i++) if (!equal(a[i] as Value, b[i] as Value)) return false;
    return true;
  }
  if (a instanceof RegoSet) {
    if (!(b instanceof RegoSet) || a.size !== b.size) return false;
    for (const value of a.unsorted()) if (!b.has(value)) return false;
    return true;
  }
  if (!isObject(a) || !isObject(b) || memberCount(a) !== memberCount(b)) return false;
  for (const [key, value] of entries(a)) {
    const other = member(b, key);
    if (other === undefined || !equal(value, other)) return false;
  }
  return true;
}

/** One text for all values equal to this one. */
export function canonicalText(value: Value): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (isNumber(value)) {
    const key = numberKey(value);
    return typeof key === "string" ? key : String(key);
  }
  if (value === null || typeof value === "boolean") return String(value);
  if (isArray(value)) return `[${value.map(canonicalText).join(",")}]`;
  if (value instanceof RegoSet) return `<${value.sorted().map(canonicalText).join(",")}>`;
  return `{${sortedEntries(value)
    .map(([key, item]) => `${canonicalText(key)}:${canonicalText(item)}`)
    .join(",")}}`;
}

/** A number's text for people and JSON. */
export { numberText };
