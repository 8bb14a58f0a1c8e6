/** What a built-in is, to the compiler and to whoever writes one. */
import { BuiltinError } from "../errors.ts";
import {
  isArray,
  isNumber,
  isObject,
  isSet,
  type RegoNumber,
  type RegoObjectValue,
  type RegoSet,
  typeName,
  type Value,
} from "../values/index.ts";

/**
 * What an evaluation gives to built-ins. Nothing in it comes from the outside world but through `world`: an evaluation is a
 * function of its arguments.
 */
export interface Evaluation {
  /** `time.now_ns()`: nanoseconds since the Unix epoch, the same through one evaluation. */
  readonly now: bigint;
  /** What `rand.intn` and `uuid.rfc4122` are derived from; without it they are refused. */
  readonly seed: string | undefined;
  /** Takes steps from the budget; a built-in that loops charges for each turn. @throws EvaluationError when it is used up */
  charge(steps: number): void;
  /** One store for the built-in of that name, kept through one evaluation. */
  memo(name: string): Map<string, Value>;
  /** Compiled patterns, schemas and keys, kept through many evaluations; bounded, the oldest go. */
  readonly cache: Cache;
  /** Lines of `print`, with its place, and of `trace`. */
  print(line: string, where: string): void;
  /** A test with cases has come to this one, named step by step. */
  testCase?(names: readonly Value[]): void;
  /** Present only where the embedder allows it; without it such built-ins fail. */
  readonly world?: World;
}

export interface Cache {
  /** The entry of that kind and key, made now if it is not there. What `make` throws is thrown and not kept. */
  get<T>(kind: string, key: string, make: () => T): T;
}

/** The outside world, synchronous; each refuses by throwing `BuiltinError`. */
export interface World {
  /** `http.send`: its request object to its response object. */
  send(request: RegoObjectValue): Value;
  /** `net.lookup_ip_addr`: a name to addresses. */
  lookup(name: string): readonly string[];
  /** `opa.runtime()`: nothing secret. */
  runtime(): Value;
}

/**
 * Implementations by name, as each file of built-ins exports one table: operands in, a value out, or `undefined` where the
 * built-in is undefined without having failed. Signatures are in `declarations.ts`.
 */
export type Implementations = {
  readonly [name: string]: (evaluation: Evaluation, ...operands: Value[]) => Value | undefined;
};

/** The operand is of another type: `concat: operand 2 must be one of {array, set} but got string`. */
export function operandError(name: string, position: number, expected: string, got: Value): BuiltinError {
  return new BuiltinError(
    "eval_type_error",
    `${name}: operand ${position} must be ${expected} but got ${typeName(got)}`,
  );
}

/** An item of a collection is of another type: `concat: operand 2 must be array of strings but got array containing number`. */
export function itemError(
  name: string,
  position: number,
  collection: Value,
  expected: string,
  got: Value,
): BuiltinError {
  const kind = typeName(collection);
  return new BuiltinError(
    "eval_type_error",
    `${name}: operand ${position} must be ${kind} of ${expected} but got ${kind} containing ${typeName(got)}`,
  );
}

/** The built-in has no answer for these operands: `units.parse: no amount provided`. */
export function failure(name: string, message: string): BuiltinError {
  return new BuiltinError("eval_builtin_error", `${name}: ${message}`);
}

export function stringOperand(name: string, position: number, value: Value): string {
  if (typeof value !== "string") throw operandError(name, position, "string", value);
  return value;
}
export function numberOperand(name: string, position: number, value: Value): RegoNumber {
  if (!isNumber(value)) throw operandError(name, position, "number", value);
  return value;
}
export function arrayOperand(name: string, position: number, value: Value): readonly Value[] {
  if (!isArray(value)) throw operandError(name, position, "array", value);
  return value;
}
export function setOperand(name: string, position: number, value: Value): RegoSet {
  if (!isSet(value)) throw operandError(name, position, "set", value);
  return value;
}
export function objectOperand(name: string, position: number, value: Value): RegoObjectValue {
  if (!isObject(value)) throw operandError(name, position, "object", value);
  return value;
}
