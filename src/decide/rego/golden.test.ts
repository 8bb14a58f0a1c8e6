/** Policies in files, one a line, each with what OPA 1.22.2 says to it. A case more is a line more. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { compile, EvaluationError, type SchemaSet, SourceError, stringify, type Value } from "./index.ts";

const INPUT: Value = { reqs: [{ id: 0 }], co: 5 };

/** A module without its first line; the document of its package or, for a query, the bindings of all solutions. */
interface Answer {
  readonly module: string;
  readonly v0?: true;
  readonly query?: string;
  /** JSON text; absent where the document is undefined. */
  readonly result?: string;
  /** JSON texts in order, with commas between. */
  readonly solutions?: string;
  readonly error?: string;
}

/** Modules and schemas, and what the check of types finds: messages, after their line where they have one. */
interface Typed {
  readonly modules: { readonly [file: string]: string };
  readonly input?: Value;
  readonly named?: { readonly [path: string]: Value };
  readonly findings: readonly string[];
}

function rowsOf<T>(name: string): readonly T[] {
  const text = readFileSync(new URL(`./golden/${name}.golden.jsonl`, import.meta.url), "utf8");
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as T);
}

function answerOf({ module, v0, query }: Answer): Omit<Answer, "module"> {
  try {
    const text = `package fuzz\n\n${module}\n`;
    const policy = compile({ "fuzz.rego": text }, {}, { dialect: v0 === true ? "v0" : "v1" });
    if (query !== undefined) {
      const bindings = policy.evaluate(query, INPUT).map((solution) => stringify(solution.bindings));
      return { solutions: bindings.sort().join(",") };
    }
    const value = policy.value("data.fuzz", INPUT);
    return value === undefined ? {} : { result: stringify(value) };
  } catch (error) {
    if (error instanceof SourceError) return { error: error.findings[0]?.code ?? "" };
    if (error instanceof EvaluationError) return { error: error.code };
    throw error;
  }
}

function definedOf(answer: { readonly [name: string]: string | undefined }): object {
  return Object.fromEntries(Object.entries(answer).filter(([, text]) => text !== undefined));
}

for (const name of ["answers", "queries", "scopes", "types"])
  test(`${name} are OPA's`, () => {
    for (const row of rowsOf<Answer>(name)) {
      const { module, query = "", result, solutions, error } = row;
      assert.deepEqual(answerOf(row), definedOf({ result, solutions, error }), `${module}\n${query}`);
    }
  });

test("schemas are types as OPA's", () => {
  for (const { modules, input, named, findings } of rowsOf<Typed>("schemas")) {
    const schemas: SchemaSet = {
      ...(input !== undefined && { input }),
      ...(named !== undefined && { named: new Map(Object.entries(named)) }),
    };
    const isGiven = input !== undefined || named !== undefined;
    let found: readonly string[] = [];
    try {
      compile(modules, {}, isGiven ? { schemas } : {});
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      found = error.findings.map(({ file, line, message }) =>
        file === "schema" ? message : `${line}: ${message}`,
      );
    }
    assert.deepEqual(found, findings, JSON.stringify({ modules, input, named }));
  }
});
