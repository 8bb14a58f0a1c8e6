/** Compiling beside a thread that decides: the work is done in another, and what comes back is only linked. */
import { once } from "node:events";
import { extname } from "node:path";
import { setTimeout as after } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { PosternError } from "#kernel";
import type { SchemaSet } from "./3-check/index.ts";
import { load } from "./4-emit/index.ts";
import type { Job, Outcome, PortableCompiled, ReadCode } from "./compile-worker.ts";
import type { CompileOptions } from "./compiler.ts";
import { SourceError } from "./errors.ts";
import { packSchemas, unpackCode, unpackSpans } from "./portable.ts";
import { type Compiled, type LoadableCode, PreparedPolicy } from "./prepared-policy.ts";
import type { PlainObject } from "./values/index.ts";

export interface WorkerOptions extends Omit<CompileOptions, "schemas"> {
  /** As for `compile`, but without a network. */
  readonly schemas?: Omit<SchemaSet, "world">;
  /** Paths of the documents that the policy is to answer with, such as `data.authz.allow`. */
  readonly documents?: readonly string[];
  /** Queries that the policy is to answer. */
  readonly queries?: readonly string[];
  /** Milliseconds that compiling may take; a minute unless told. */
  readonly timeoutMs?: number;
  /** Megabytes that compiling may hold; 1,024 unless told. */
  readonly memoryMb?: number;
}

const TIMEOUT_MS = 60_000;
const MEMORY_MB = 1_024;

/**
 * Compiles modules in a worker, with the documents and queries that are named, while this thread goes on deciding.
 * @throws SourceError as `compile` does; PosternError `policy.invalid` when compiling takes more time or memory than it may
 */
export async function compileInWorker(
  modules: { readonly [file: string]: string },
  data: PlainObject,
  {
    documents = [],
    queries = [],
    timeoutMs = TIMEOUT_MS,
    memoryMb = MEMORY_MB,
    schemas,
    ...options
  }: WorkerOptions,
): Promise<PreparedPolicy> {
  const job: Job = {
    modules,
    options,
    documents,
    queries,
    ...(schemas && { schemas: packSchemas(schemas) }),
  };
  const outcome = await run(job, timeoutMs, memoryMb);
  if (outcome.kind === "refused") throw new SourceError(outcome.findings);
  return new PreparedPolicy(unpackCompiled(outcome.compiled), data);
}

async function run(job: Job, timeoutMs: number, memoryMb: number): Promise<Outcome> {
  // The worker stands beside this file, whether that is the source or what was built from it.
  const name = `./compile-worker${extname(fileURLToPath(import.meta.url))}`;
  const worker = new Worker(new URL(name, import.meta.url), {
    workerData: job,
    resourceLimits: { maxOldGenerationSizeMb: memoryMb },
  });
  // Whatever it says after its time was up has nobody to hear it.
  worker.on("error", () => undefined);
  const over = new AbortController();
  const { signal } = over;
  try {
    return await Promise.race([
      once(worker, "message", { signal }).then(([outcome]: Outcome[]) => outcome as Outcome),
      once(worker, "exit", { signal }).then(() => {
        throw new PosternError("internal", "the worker that compiles ended without an answer");
      }),
      after(timeoutMs, undefined, { signal }).then(() => {
        throw beyond(`more than ${timeoutMs / 1_000} s`, "timeoutMs");
      }),
    ]);
  } catch (error) {
    if (isOutOfMemory(error)) throw beyond(`more than ${memoryMb} MB`, "memoryMb");
    throw error;
  } finally {
    over.abort();
    void worker.terminate();
  }
}

function beyond(what: string, option: string): PosternError {
  return new PosternError("policy.invalid", `compiling the policy takes ${what}`, {
    remedy: `make the policy smaller, for example by moving lists into data, or raise ${option}`,
  });
}

function isOutOfMemory(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ERR_WORKER_OUT_OF_MEMORY";
}

function unpackCompiled({ warnings, rulePaths, documents, queries }: PortableCompiled): Compiled {
  const documentCodes = new Map(documents.map(([path, code]) => [path, unpackRead(code)]));
  const queryCodes = new Map(
    queries.map(([text, { code, labels, isValue, parts }]) => {
      const at = unpackSpans(parts.at);
      const placed = at.map((span, number) => ({ index: parts.indexes[number] as number, at: span }));
      return [text, { code: unpackRead(code), labels, isValue, parts: placed }];
    }),
  );
  return {
    warnings,
    rulePaths,
    document: (path) => known(documentCodes, path, "documents"),
    query: (text) => known(queryCodes, text, "queries"),
  };
}

function unpackRead(code: ReadCode): LoadableCode {
  const unpacked = unpackCode(code);
  return { ...unpacked, script: load(unpacked, code.cached) };
}

function known<T>(codes: ReadonlyMap<string, T>, name: string, option: string): T {
  const code = codes.get(name);
  if (code === undefined)
    throw new TypeError(`${name} was not compiled; name it in "${option}" when compiling in a worker`);
  return code;
}
