/** For the tests of built-ins: cases in files, one a line, each a call and what OPA 1.22.2 said to it. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { BuiltinError } from "../errors.ts";
import { equal, parseValue, stringify, type Value } from "../values/index.ts";
import type { Evaluation, Implementations } from "./builtin.ts";

interface Golden {
  readonly name: string;
  readonly call: string;
  /** A JSON array, as text since numbers have spellings. */
  readonly operands: string;
  /** JSON text; absent where the call is undefined or failed. */
  readonly result?: string;
  readonly error?: string;
}

/** An evaluation at noon of 1 December 2026 (UTC), which keeps nothing. */
export const EVALUATION: Evaluation = {
  now: BigInt(Date.UTC(2026, 11, 1, 12)) * 1_000_000n,
  seed: "golden",
  charge: () => undefined,
  memo: () => new Map(),
  cache: { get: (_kind, _key, make) => make() },
  print: () => undefined,
};

/** What a call gives: its value, `undefined`, or the code of its failure. */
export function outcome(
  table: Implementations,
  name: string,
  operands: readonly Value[],
  evaluation: Evaluation = EVALUATION,
): Value | undefined | { readonly failed: string } {
  try {
    return table[name]?.(evaluation, ...operands);
  } catch (error) {
    if (error instanceof BuiltinError) return { failed: error.code };
    throw error;
  }
}

/** Makes a test of every case of a file. */
export function testGolden(table: Implementations, file: URL): void {
  const lines = readFileSync(file, "utf8").split("\n");
  for (const line of lines.filter((text) => text !== "")) {
    const golden = JSON.parse(line) as Golden;
    test(`${golden.call}: ${golden.name}`, () => {
      const got = outcome(table, golden.call, parseValue(golden.operands) as readonly Value[]);
      if (golden.error !== undefined) assert.deepEqual(got, { failed: golden.error });
      else if (golden.result === undefined) assert.equal(got, undefined);
      else {
        const text = stringify(got as Value);
        assert.ok(equal(parseValue(text), parseValue(golden.result)), `${text}\nis not ${golden.result}`);
      }
    });
  }
}
