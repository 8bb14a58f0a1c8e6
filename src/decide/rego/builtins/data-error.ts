/** Data within an operand (a token, a key, a certificate) that is not what it should be. */
import type { Value } from "../values/index.ts";
import { type Evaluation, failure, type Implementations } from "./builtin.ts";

/** Its message says what is wrong, without the built-in's name. */
export class DataError extends Error {
  override readonly name = "DataError";
}

/** The built-in of that name, in which a `DataError` is a failure of that built-in. */
export function reading(
  name: string,
  implementation: (evaluation: Evaluation, ...operands: Value[]) => Value | undefined,
): Implementations[string] {
  return (evaluation, ...operands) => {
    try {
      return implementation(evaluation, ...operands);
    } catch (error) {
      if (error instanceof DataError) throw failure(name, error.message);
      throw error;
    }
  };
}
