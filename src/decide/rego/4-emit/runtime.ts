/**
 * What emitted code stands on: one `State` an emitted unit, and the operations that are too long to be written out at every
 * place. An evaluation is synchronous and never re-entered, so the state belongs to the one that runs.
 */
import type { Cache, Evaluation, World } from "../builtins/builtin.ts";
import { IMPLEMENTATIONS } from "../builtins/table.ts";
import { BuiltinError, EvaluationError } from "../errors.ts";
import {
  canonicalText,
  compare,
  entries,
  equal,
  isArray,
  isNumber,
  isObject,
  member,
  memberCount,
  NumberTooLarge,
  numberKey,
  numberText,
  type PlainObject,
  RegoObject,
  RegoSet,
  sortedEntries,
  sortedKeys,
  type Value,
} from "../values/index.ts";

/** Steps between two looks at the clock. */
const STRIDE = 8_192;

/** Called with each expression or rule that emitted code reaches, where instrumentation was asked for. */
export type Probe = (site: number, event: "enter" | "holds" | "fails") => void;

export interface RunOptions {
  readonly now: bigint | undefined;
  readonly seed: string | undefined;
  readonly failed: ((error: BuiltinError, where: string) => void) | undefined;
  readonly strict: boolean;
  /** Loop turns and calls that an evaluation may take. */
  readonly steps: number;
  /** Whether the time is up; asked every few thousand steps. */
  readonly expired: (() => boolean) | undefined;
  readonly world: World | undefined;
  readonly print: ((line: string, where: string) => void) | undefined;
  readonly testCase: ((names: readonly Value[]) => void) | undefined;
  readonly probe: Probe | undefined;
}

export type Mock =
  | ((...args: Value[]) => Value | undefined)
  | { readonly value: Value }
  /** Evaluated at each call, with the other replacements in effect. */
  | { readonly document: () => Value | undefined };

export class State implements Evaluation {
  input: Value | undefined = undefined;
  data: PlainObject = {};
  /** Paths under `data` whose rules a `with` has put out of sight. */
  hidden: readonly (readonly string[])[] | null = null;
  mocks: ReadonlyMap<string, Mock> | null = null;
  /** Changes whenever what rules see changes; results are kept beside the epoch that they are of. */
  epoch = 0;
  fuel = 0;
  seed: string | undefined = undefined;
  failed: ((error: BuiltinError, where: string) => void) | undefined = undefined;
  strict = false;
  /** Of a strict evaluation: a rule had two values. It has no answer, but may fail in another way before that is told. */
  conflict: EvaluationError | undefined = undefined;
  readonly cache: Cache;
  probe: Probe | undefined = undefined;
  declare world?: World;
  #epochs = 0;
  #left = 0;
  #now: bigint | undefined;
  #expired: (() => boolean) | undefined;
  #print: ((line: string, where: string) => void) | undefined;
  #testCase: ((names: readonly Value[]) => void) | undefined;
  #memos = new Map<string, Map<string, Value>>();
  #stored: PlainObject = {};

  constructor(cache: Cache) {
    this.cache = cache;
  }

  begin(input: Value | undefined, data: PlainObject, options: RunOptions): void {
    for (const _ in PROBE_OF_POLLUTION)
      throw new EvaluationError(
        "eval_internal_error",
        "Object.prototype has members of its own in this process",
      );
    this.input = input;
    this.data = data;
    this.#stored = data;
    this.hidden = null;
    this.mocks = null;
    this.epoch = ++this.#epochs;
    this.fuel = Math.min(STRIDE, options.steps);
    this.#left = options.steps - this.fuel;
    this.#expired = options.expired;
    this.#now = options.now;
    this.seed = options.seed;
    this.failed = options.failed;
    this.strict = options.strict;
    this.conflict = undefined;
    this.#print = options.print;
    this.#testCase = options.testCase;
    this.probe = options.probe;
    if (options.world === undefined) delete this.world;
    else this.world = options.world;
    if (this.#memos.size > 0) this.#memos.clear();
  }

  /** Whether no `with` has put anything in the place of the base document. */
  isStored(path: readonly string[]): boolean {
    return this.data === this.#stored || lookup(this.data, path) === lookup(this.#stored, path);
  }

  /** Lets go of what belongs to one evaluation. */
  end(): void {
    this.input = undefined;
    this.hidden = null;
    this.mocks = null;
  }

  get now(): bigint {
    if (this.#now === undefined) throw new BuiltinError("eval_builtin_error", "no clock was given", true);
    return this.#now;
  }

  charge(steps: number): void {
    this.fuel -= steps;
    if (this.fuel < 0) this.refuel();
  }

  /** Takes further steps from what is left, or ends the evaluation. */
  refuel(): void {
    if (this.#expired?.() === true)
      throw new EvaluationError("eval_cancel_error", "the time for this evaluation is up");
    const wanted = Math.min(STRIDE - this.fuel, this.#left);
    this.#left -= wanted;
    this.fuel += wanted;
    if (this.fuel < 0)
      throw new EvaluationError("eval_cancel_error", "the steps for this evaluation are used up");
  }

  memo(name: string): Map<string, Value> {
    let memo = this.#memos.get(name);
    if (memo === undefined) {
      memo = new Map();
      this.#memos.set(name, memo);
    }
    return memo;
  }

  print(line: string, where: string): void {
    this.#print?.(line, where);
  }

  testCase(names: readonly Value[]): void {
    this.#testCase?.(names);
  }

  newEpoch(): void {
    this.epoch = ++this.#epochs;
  }
}

const PROBE_OF_POLLUTION = {};

/** What a `with` changes, to be put back by `leave`. */
export interface Saved {
  readonly input: Value | undefined;
  readonly data: PlainObject;
  readonly hidden: readonly (readonly string[])[] | null;
  readonly mocks: ReadonlyMap<string, Mock> | null;
  readonly epoch: number;
}

/** What one `with` replaces: a path under `input` or `data`, or a function by its name. */
export type Replacement =
  | { readonly root: "input" | "data"; readonly path: readonly string[]; readonly value: Value | undefined }
  | { readonly root: "function"; readonly name: string; readonly mock: Mock };

export function enter(state: State, replacements: readonly Replacement[]): Saved {
  const saved: Saved = {
    input: state.input,
    data: state.data,
    hidden: state.hidden,
    mocks: state.mocks,
    epoch: state.epoch,
  };
  for (const replacement of replacements) {
    if (replacement.root === "function")
      state.mocks = new Map([...(state.mocks ?? []), [replacement.name, replacement.mock]]);
    else if (replacement.root === "input")
      state.input = replaced(state.input, replacement.path, 0, replacement.value);
    else {
      const data = replaced(state.data, replacement.path, 0, replacement.value) ?? {};
      if (!isObject(data)) throw new EvaluationError("eval_with_merge_error", "data must be an object");
      state.data = plainOrFail(data);
      state.hidden = [...(state.hidden ?? []), replacement.path];
    }
  }
  state.newEpoch();
  return saved;
}

function plainOrFail(value: Value): PlainObject {
  if (value instanceof RegoObject)
    return Object.fromEntries(
      value.unsorted().map(([key, item]) => [typeof key === "string" ? key : canonicalText(key), item]),
    );
  return value as PlainObject;
}

export function leave(state: State, saved: Saved): void {
  state.input = saved.input;
  state.data = saved.data;
  state.hidden = saved.hidden;
  state.mocks = saved.mocks;
  state.epoch = saved.epoch;
}

/** The value with another at a path; with none there, where that is undefined. */
function replaced(
  value: Value | undefined,
  path: readonly string[],
  at: number,
  item: Value | undefined,
): Value | undefined {
  const key = path[at];
  if (key === undefined) return item;
  const old = isObject(value) ? value : undefined;
  const inner = replaced(old === undefined ? undefined : member(old, key), path, at + 1, item);
  if (old instanceof RegoObject) {
    const copy = RegoObject.of(old.unsorted().filter(([name]) => name !== key));
    if (inner !== undefined) copy.put(key, inner);
    return copy;
  }
  const others = Object.entries(old ?? {}).filter(([name]) => name !== key);
  return Object.fromEntries(inner === undefined ? others : [...others, [key, inner]]);
}

/** Whether the rules at this path are out of sight. */
export function isHidden(state: State, path: readonly string[]): boolean {
  for (const hidden of state.hidden ?? [])
    if (hidden.length <= path.length && hidden.every((step, i) => path[i] === step)) return true;
  return false;
}

/** The value at a path of names, or undefined. Of an array a text of digits is an index, as in a path of OPA's store. */
export function lookup(value: Value | undefined, path: readonly string[]): Value | undefined {
  let found = value;
  for (const step of path) {
    if (isObject(found)) found = member(found, step);
    else if (isArray(found) && /^(?:0|[1-9]\d*)$/.test(step)) found = found[Number(step)];
    else return undefined;
  }
  return found;
}

/** `value[key]` of a value of any kind; undefined where there is none. */
export function at(value: Value, key: Value): Value | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  if (isArray(value)) {
    if (typeof key === "number") return value[key];
    if (!isNumber(key)) return undefined;
    const index = numberKey(key);
    return typeof index === "number" ? value[index] : undefined;
  }
  if (value instanceof RegoSet) return value.member(key);
  return isObject(value) ? member(value, key) : undefined;
}

/** `value.key` after a plain read gave nothing: of the two classes, or of a name that prototypes have. */
export function missed(value: Value, key: string): Value | undefined {
  if (value instanceof RegoObject) return value.get(key);
  return value instanceof RegoSet ? value.member(key) : undefined;
}

/** Names that JavaScript's own prototypes have: these are read by `at`, which looks at own members alone. */
export const NAMES_OF_PROTOTYPES: ReadonlySet<string> = new Set(
  [Object, Array, String, Number, BigInt, Boolean, RegoObject, RegoSet]
    .flatMap(({ prototype }) => Object.getOwnPropertyNames(prototype))
    .concat(["text", "parts", "key", "toJSON"]),
);

/** Keys to iterate over, in Rego's order, of what is no array; undefined of what has none. Of a set, its members. */
export function keysOf(value: Value): readonly Value[] | undefined {
  if (value instanceof RegoSet) return value.sorted();
  return isObject(value) ? sortedKeys(value) : undefined;
}

/** A document that rules define below it: read step by step, so that nothing is evaluated that nobody asks for. */
export class VirtualNode {
  readonly path: readonly string[];
  readonly children: ReadonlyMap<string, VirtualNode | (() => Value | undefined)>;
  readonly state: State;
  /** Which of the children are partial sets and objects. */
  readonly partial: readonly string[];
  constructor(
    state: State,
    path: readonly string[],
    children: ReadonlyMap<string, VirtualNode | (() => Value | undefined)>,
    partial: readonly string[],
  ) {
    this.state = state;
    this.path = path;
    this.children = children;
    this.partial = partial;
  }
  base(): Value | undefined {
    return lookup(this.state.data, this.path);
  }
  get(key: Value): Value | VirtualNode | undefined {
    const child = typeof key === "string" ? this.children.get(key) : undefined;
    if (child === undefined || (this.state.hidden !== null && isHidden(this.state, this.path))) {
      const base = this.base();
      return base === undefined ? undefined : stored(base, key);
    }
    return typeof child === "function" ? child() : child;
  }
  keys(): readonly Value[] | undefined {
    const base = this.base();
    const own = base === undefined ? undefined : keysOf(base);
    if (this.state.hidden !== null && isHidden(this.state, this.path)) return own;
    const all = new Set<Value>(own);
    for (const key of this.children.keys()) all.add(key);
    return [...all].sort(compare);
  }
  document(): Value | undefined {
    const base = this.base();
    if (this.state.hidden !== null && isHidden(this.state, this.path)) return base;
    const members = new RegoObject();
    const { conflict } = this.state;
    if (base !== undefined && isObject(base))
      for (const [key, value] of entries(base)) members.put(key, value);
    for (const [key, child] of this.children) {
      // Where a rule defines what the data has already, the data is shown.
      if (typeof child === "function" && members.get(key) !== undefined) continue;
      const value = typeof child === "function" ? child() : child.document();
      if (value !== undefined) members.put(key, value);
    }
    // All values of its rules are asked for here, not the first of each.
    if (this.state.conflict !== conflict) throw this.state.conflict;
    return members;
  }
  /** The document without those below that no rule gives anything, beside rules whose keys are variables; there may be none. */
  populated(): Value | undefined {
    const members = new RegoObject();
    const base = this.base();
    if (base !== undefined && isObject(base))
      for (const [key, value] of entries(base)) members.put(key, value);
    for (const [key, child] of this.children) {
      if (typeof child === "function" && members.get(key) !== undefined) continue;
      const value = typeof child === "function" ? child() : child.populated();
      if (value === undefined || (this.partial.includes(key) && isEmpty(value))) continue;
      members.put(key, value);
    }
    return members.size === 0 && base === undefined ? undefined : members;
  }
}

export function isEmpty(value: Value): boolean {
  return value instanceof RegoSet ? value.size === 0 : isObject(value) && memberCount(value) === 0;
}

/**
 * `document[key]` of a base document, where OPA's store goes by names: a number is its text, and a text that is an integer a
 * place in an array.
 */
export function stored(document: Value, key: Value): Value | undefined {
  const found = at(document, key);
  if (found !== undefined) return found;
  if (typeof key === "string")
    return isArray(document) && /^[+-]?\d+$/.test(key) ? document[Number(key)] : undefined;
  return isNumber(key) && isObject(document) ? at(document, numberText(key)) : undefined;
}

/** `node[key]` of what may still be a virtual document. */
export function step(node: Value | VirtualNode, key: Value): Value | VirtualNode | undefined {
  return node instanceof VirtualNode ? node.get(key) : at(node, key);
}

export function stepKeys(node: Value | VirtualNode): readonly Value[] | undefined {
  if (node instanceof VirtualNode) return node.keys();
  return isArray(node) ? node.map((_, index) => index) : keysOf(node);
}

export function settle(node: Value | VirtualNode): Value | undefined {
  return node instanceof VirtualNode ? node.document() : node;
}

/** Merges into a partial object what one solution of a rule `p[k1][k2] := v` says. */
export function put(object: RegoObject, keys: readonly Value[], value: Value, where: string): void {
  let node = object;
  for (let i = 0; i < keys.length - 1; i++) {
    const key = keys[i] as Value;
    const inner = node.get(key);
    if (inner === undefined) {
      const made = new PartialObject();
      node.put(key, made);
      node = made;
    } else if (inner instanceof PartialObject) node = inner;
    else throw conflictingKeys(where);
  }
  const last = keys[keys.length - 1] as Value;
  const old = node.get(last);
  if (old === undefined) node.put(last, value);
  else if (old instanceof PartialObject !== value instanceof PartialObject || !equal(old, value))
    throw conflictingKeys(where);
}

/** The set at a path of a partial object whose leaves are sets: `p[k] contains x`. */
export function setAt(object: RegoObject, keys: readonly Value[], where: string): RegoSet {
  let node = object;
  for (let i = 0; i < keys.length - 1; i++) {
    const key = keys[i] as Value;
    const inner = node.get(key);
    if (inner === undefined) {
      const made = new PartialObject();
      node.put(key, made);
      node = made;
    } else if (inner instanceof PartialObject) node = inner;
    else throw conflictingKeys(where);
  }
  const last = keys[keys.length - 1] as Value;
  const old = node.get(last);
  if (old === undefined) {
    const made = new PartialSet();
    node.put(last, made);
    return made;
  }
  if (!(old instanceof PartialSet)) throw conflictingKeys(where);
  return old;
}

/** Merges the ground members of an object that has rules with variable keys too: `p[x] := 1` and `p.a := 2`. */
export function putDocument(object: RegoObject, key: string, value: Value, where: string): void {
  const old = object.get(key);
  if (old === undefined) {
    object.put(key, value);
    return;
  }
  if (old instanceof PartialObject && isObject(value)) {
    for (const [name, item] of entries(value)) {
      if (typeof name === "string") putDocument(old, name, item, where);
      else put(old, [name], item, where);
    }
    return;
  }
  if (old instanceof PartialSet && value instanceof RegoSet)
    for (const item of value.unsorted()) old.add(item);
  else if (!equal(old, value)) throw conflictingKeys(where);
}

/** A level of a partial object that rules are still adding to, and one of its sets: these merge where values conflict. */
class PartialObject extends RegoObject {}
class PartialSet extends RegoSet {}

export function conflictingKeys(where: string): EvaluationError {
  return new EvaluationError("eval_conflict_error", "object keys must be unique", where);
}
export function conflictingRules(where: string): EvaluationError {
  return new EvaluationError(
    "eval_conflict_error",
    "complete rules must not produce multiple outputs",
    where,
  );
}
export function conflictingFunctions(where: string): EvaluationError {
  return new EvaluationError(
    "eval_conflict_error",
    "functions must not produce multiple outputs for same inputs",
    where,
  );
}

/** A `with` replaces what no name leads to. */
export function badPath(where: string): never {
  throw new EvaluationError("eval_conflict_error", "bad document path", where);
}

/** Of two results of one complete rule: the one, if they are equal. */
export function same(
  state: State,
  old: Value | undefined,
  value: Value,
  where: string,
  isFunction: boolean,
): Value {
  if (old === undefined || equal(old, value)) return old ?? value;
  const conflict = isFunction ? conflictingFunctions(where) : conflictingRules(where);
  if (!state.strict) throw conflict;
  // What follows is evaluated with the first value before there is a second: a failure in it is what OPA tells of.
  state.conflict ??= conflict;
  return old;
}

/** The parts of a comprehension by the values that select them. */
export function groups(): RegoObject {
  return new RegoObject();
}
export function group(all: RegoObject, key: readonly Value[], isASet: boolean, value: Value): void {
  const part = all.get(key);
  if (part === undefined) all.put(key, isASet ? RegoSet.of([value]) : [value]);
  else if (part instanceof RegoSet) part.add(value);
  else (part as Value[]).push(value);
}
export function grouped(all: RegoObject, key: readonly Value[], isASet: boolean): Value {
  return all.get(key) ?? (isASet ? new RegoSet() : []);
}

/** Adds to an object comprehension. */
export function putUnique(object: RegoObject, key: Value, value: Value, where: string): void {
  const old = object.get(key);
  if (old === undefined) object.put(key, value);
  else if (!equal(old, value)) throw conflictingKeys(where);
}

/** Members of a set that was written out, each with a turn of its own. */
class Turns extends RegoSet {
  readonly #turns: readonly Value[];
  constructor(turns: readonly Value[]) {
    super();
    this.#turns = turns;
  }
  override sorted(): readonly Value[] {
    return this.#turns;
  }
  override member(value: Value): Value {
    return value;
  }
}
export function turns(values: readonly Value[]): RegoSet {
  return new Turns(values);
}

/** How often one member is asked for before all are evaluated: from then on each further one is a look-up. */
export const MEMBERS_ONE_BY_ONE = 16;

export function setOf(values: readonly Value[]): RegoSet {
  return RegoSet.of(values);
}

/** An object literal with keys that are known only now; the last of equal keys wins. */
export function objectLiteral(members: readonly (readonly [Value, Value])[]): RegoObject {
  return RegoObject.of(members);
}

export function less(a: Value, b: Value): boolean {
  return typeof a === "number" && typeof b === "number" ? a < b : compare(a, b) < 0;
}
export function lessOrEqual(a: Value, b: Value): boolean {
  return typeof a === "number" && typeof b === "number" ? a <= b : compare(a, b) <= 0;
}

/** Whether a text, or one of several where they may be (`several`), begins with one of those. */
export function beginsAny(value: Value, starts: readonly string[], several: boolean): boolean {
  return anyText(value, several, (text) => starts.some((start) => text.startsWith(start)));
}

export function endsAny(value: Value, ends: readonly string[], several: boolean): boolean {
  return anyText(value, several, (text) => ends.some((end) => text.endsWith(end)));
}

function anyText(value: Value, several: boolean, holds: (text: string) => boolean): boolean {
  if (typeof value === "string") return holds(value);
  return several && membersOf(value).some((item) => typeof item === "string" && holds(item));
}

function membersOf(value: Value): readonly Value[] {
  if (isArray(value)) return value;
  if (value instanceof RegoSet) return value.sorted();
  return isObject(value) ? Array.from(entries(value), ([, item]) => item) : [];
}

/** `value in collection`. */
export function contains(collection: Value, value: Value): boolean {
  if (isArray(collection)) {
    if (typeof value === "string") return collection.includes(value);
    for (const item of collection) if (equal(item, value)) return true;
    return false;
  }
  if (collection instanceof RegoSet) return collection.has(value);
  if (!isObject(collection)) return false;
  for (const [, item] of entries(collection)) if (equal(item, value)) return true;
  return false;
}

/** `key, value in collection`. */
export function containsPair(collection: Value, key: Value, value: Value): boolean {
  if (collection instanceof RegoSet) return equal(key, value) && collection.has(value);
  const found = at(collection, key);
  return found !== undefined && equal(found, value);
}

/** A pattern's view of an object: has it exactly so many members? */
export function isObjectOf(value: Value, size: number): boolean {
  return isObject(value) && memberCount(value) === size;
}

/** The pairs of `walk`: each value below this one with its path, the outer ones first. Charges for each. */
export function walk(state: State, value: Value): readonly (readonly [readonly Value[], Value])[] {
  const found: [readonly Value[], Value][] = [];
  const visit = (item: Value, path: readonly Value[]): void => {
    state.charge(1);
    found.push([path, item]);
    if (isArray(item)) for (const [index, inner] of item.entries()) visit(inner, [...path, index]);
    else if (item instanceof RegoSet) for (const inner of item.sorted()) visit(inner, [...path, inner]);
    else if (isObject(item)) for (const [key, inner] of sortedEntries(item)) visit(inner, [...path, key]);
  };
  visit(value, []);
  return found;
}

/** A built-in as emitted code calls it: its failure is undefined, or ends a strict evaluation. */
export function builtin(
  state: State,
  name: string,
  where: string,
): (...operands: Value[]) => Value | undefined {
  const implementation = IMPLEMENTATIONS.get(name);
  if (implementation === undefined)
    return () => {
      throw new EvaluationError("eval_builtin_error", `${name}: there is no such built-in here`, where);
    };
  const call = implementation as (evaluation: Evaluation, ...operands: Value[]) => Value | undefined;
  const failed = (error: unknown): undefined => {
    if (error instanceof BuiltinError) {
      state.failed?.(error, where);
      if (state.strict || error.halt) throw new EvaluationError(error.code, error.message, where);
    } else if (!(error instanceof NumberTooLarge)) throw error;
    else if (state.strict)
      throw new EvaluationError("eval_builtin_error", `${name}: ${error.message}`, where);
    return undefined;
  };
  switch (call.length) {
    case 2:
      return (a) => {
        try {
          return call(state, a as Value);
        } catch (error) {
          return failed(error);
        }
      };
    case 3:
      return (a, b) => {
        try {
          return call(state, a as Value, b as Value);
        } catch (error) {
          return failed(error);
        }
      };
    default:
      return (...operands) => {
        try {
          return call(state, ...operands);
        } catch (error) {
          return failed(error);
        }
      };
  }
}

/** Calls a function that a `with` may have replaced. Within the replacement all functions are their own again. */
export function callMocked(
  state: State,
  name: string,
  original: (...args: Value[]) => Value | undefined,
  args: readonly Value[],
): Value | undefined {
  const mock = state.mocks?.get(name);
  if (mock === undefined) return original(...args);
  if ("value" in mock) return mock.value;
  const saved = enter(state, []);
  try {
    if ("document" in mock) {
      state.mocks = new Map([...(state.mocks ?? [])].filter(([mocked]) => mocked !== name));
      return mock.document();
    }
    state.mocks = null;
    return mock(...args);
  } finally {
    leave(state, saved);
  }
}

/** A rule index: bodies by the value of one reference, exactly or by its beginning. */
export interface IndexNode {
  /** Which of the group's keys is looked at. */
  readonly key: number;
  readonly exact: ReadonlyMap<Value, IndexNode | readonly number[]>;
  readonly prefixes: ReadonlyMap<string, IndexNode | readonly number[]>;
  /** Lengths of prefixes, each once. */
  readonly lengths: readonly number[];
  readonly rest: IndexNode | readonly number[];
}

/** Adds to `found` the bodies that may hold when the keys have these values. */
export function select(
  node: IndexNode | readonly number[],
  keys: readonly (Value | undefined)[],
  found: number[],
): void {
  if (isBodies(node)) {
    for (const body of node) found.push(body);
    return;
  }
  const value = keys[node.key];
  if (value !== undefined) {
    const exact = node.exact.get(indexKey(value));
    if (exact !== undefined) select(exact, keys, found);
    if (typeof value === "string")
      for (const length of node.lengths) {
        if (length > value.length) continue;
        const bodies = node.prefixes.get(value.slice(0, length));
        if (bodies !== undefined) select(bodies, keys, found);
      }
  }
  select(node.rest, keys, found);
}

function isBodies(node: IndexNode | readonly number[]): node is readonly number[] {
  return Array.isArray(node);
}

/** Scalars of equal value are one key; composites are none that an index has. */
export function indexKey(value: Value): Value {
  return isNumber(value) ? numberKey(value) : value;
}
