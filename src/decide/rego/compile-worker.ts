/** The thread that `compileInWorker` starts: compiles what it is given, and answers once. */
import { parentPort, workerData } from "node:worker_threads";
import { type Code, load } from "./4-emit/index.ts";
import { type CompileOptions, Compiler, type QueryCode } from "./compiler.ts";
import type { RulePath } from "./data-conflicts.ts";
import { SourceError, type SourceFinding } from "./errors.ts";
import {
  type PortableCode,
  type PortableSchemas,
  type PortableSpans,
  packCode,
  packSpans,
  unpackSchemas,
} from "./portable.ts";

export interface Job {
  readonly modules: { readonly [file: string]: string };
  readonly options: Omit<CompileOptions, "schemas">;
  readonly schemas?: PortableSchemas;
  readonly documents: readonly string[];
  readonly queries: readonly string[];
}

export type Outcome =
  | { readonly kind: "compiled"; readonly compiled: PortableCompiled }
  | { readonly kind: "refused"; readonly findings: readonly SourceFinding[] };

export interface PortableCompiled {
  readonly warnings: readonly SourceFinding[];
  readonly rulePaths: readonly RulePath[];
  readonly documents: readonly (readonly [path: string, ReadCode])[];
  readonly queries: readonly (readonly [text: string, PortableQuery])[];
}

/** Code with what the platform made of its source, so that nobody need read that again. */
export interface ReadCode extends PortableCode {
  readonly cached: Uint8Array;
}

export interface PortableQuery extends Omit<QueryCode, "code" | "parts"> {
  readonly code: ReadCode;
  readonly parts: { readonly indexes: readonly number[]; readonly at: PortableSpans };
}

parentPort?.postMessage(outcomeOf(workerData as Job));

function outcomeOf(job: Job): Outcome {
  try {
    return { kind: "compiled", compiled: compiledOf(job) };
  } catch (error) {
    if (error instanceof SourceError) return { kind: "refused", findings: error.findings };
    throw error;
  }
}

function compiledOf({ modules, options, schemas, documents, queries }: Job): PortableCompiled {
  const compiler = new Compiler(modules, {
    ...options,
    ...(schemas && { schemas: unpackSchemas(schemas) }),
  });
  return {
    warnings: compiler.warnings,
    rulePaths: compiler.rulePaths,
    documents: documents.map((path) => [path, read(compiler.document(path))]),
    queries: queries.map((text) => [text, packQuery(compiler.query(text))]),
  };
}

function packQuery({ code, labels, parts, isValue }: QueryCode): PortableQuery {
  return {
    code: read(code),
    labels,
    isValue,
    parts: { indexes: parts.map(({ index }) => index), at: packSpans(parts.map(({ at }) => at)) },
  };
}

function read(code: Code): ReadCode {
  return { ...packCode(code), cached: load(code).createCachedData() };
}
