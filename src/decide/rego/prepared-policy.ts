/** Evaluation of what was compiled, in whichever thread that was. */
import type { Script } from "node:vm";
import { type Code, type Linked, link, type Probe, type Row, State } from "./4-emit/index.ts";
import type { World } from "./builtins/builtin.ts";
import { boundedCache } from "./cache.ts";
import type { QueryCode } from "./compiler.ts";
import { dataConflicts, type RulePath } from "./data-conflicts.ts";
import { type BuiltinError, EvaluationError, type SourceFinding } from "./errors.ts";
import type { Span } from "./source.ts";
import { beginEffort, endEffort } from "./values/effort.ts";
import type { PlainObject, Value } from "./values/index.ts";

export interface EvaluateOptions {
  /** Nanoseconds since the Unix epoch, for `time.now_ns()`; without it, asking for the time is an error. */
  readonly now?: bigint;
  /** What random built-ins are derived from; without it they fail. */
  readonly seed?: string;
  /** The first failure of a built-in ends the evaluation; else it leaves its expression undefined. */
  readonly strictBuiltinErrors?: boolean;
  /** Told of each failure of a built-in, whether it ends the evaluation or not, with its `file:line:column`. */
  readonly failed?: (error: BuiltinError, where: string) => void;
  /** Loop turns and calls at most; 10 million unless told. */
  readonly steps?: number;
  /** Asked every few thousand steps; true ends the evaluation. */
  readonly expired?: () => boolean;
  /** Network and runtime, for those built-ins that ask for them; refused without it. */
  readonly world?: World;
  readonly print?: (line: string, where: string) => void;
  /** Told of each case that a test with cases comes to, whether it has a result or not; see `RegoTest.cases`. */
  readonly testCase?: (names: readonly Value[]) => void;
  readonly probe?: Probe;
}

/** One solution of a query. */
export interface Solution {
  readonly bindings: { readonly [variable: string]: Value };
  /** The value of each expression. */
  readonly expressions: readonly Value[];
}

/** Modules as a compiler gives them: code for each document and query that is asked for. */
export interface Compiled {
  readonly warnings: readonly SourceFinding[];
  readonly rulePaths: readonly RulePath[];
  /** @throws SourceError for a text that is no path of a document */
  document(path: string): LoadableCode;
  /** @throws SourceError for a query that cannot be compiled */
  query(text: string): QueryCode<LoadableCode>;
}

/** Code, read already where the platform has been through its source. */
export interface LoadableCode extends Code {
  readonly script?: Script;
}

const STEPS = 10_000_000;
/** Queries that are kept. */
const KEPT_QUERIES = 200;

interface Document extends Linked<Value | undefined> {
  readonly sites: readonly Span[];
}

interface Query extends Linked<readonly Row[]>, QueryCode {}

/**
 * Compiled modules over data, for the documents and queries that were compiled with them. Evaluations run one at a time, and
 * nothing of an input is held after one has ended.
 */
export class PreparedPolicy {
  readonly warnings: readonly SourceFinding[];
  readonly #compiled: Compiled;
  readonly #state: State = new State(boundedCache(1_000));
  readonly #documents = new Map<string, Document>();
  readonly #queries = new Map<string, Query>();
  #data: PlainObject;
  constructor(compiled: Compiled, data: PlainObject) {
    this.warnings = compiled.warnings;
    this.#compiled = compiled;
    this.#data = data;
  }

  /** Rules that define what the base documents hold already; OPA refuses to load the two together. */
  dataConflicts(): readonly SourceFinding[] {
    return dataConflicts(this.#compiled.rulePaths, this.#data);
  }

  /** Puts other base documents in the place of those there are. Nothing is compiled again. */
  setData(data: PlainObject): void {
    this.#data = data;
    for (const document of this.#documents.values()) document.setData(data);
    for (const query of this.#queries.values()) query.setData(data);
  }

  /**
   * The document at a path such as `data.authz.allow`, or undefined.
   * @throws EvaluationError, and SourceError for a text that is no such path
   */
  value(path: string, input?: Value, options: EvaluateOptions = {}): Value | undefined {
    const known = this.#documents.get(path) ?? this.#prepareDocument(path);
    return this.#run(known, input, options);
  }

  /**
   * All solutions of a query, in order of evaluation. One of a false expression is none, as in OPA, unless the query is a
   * single expression without variables, which then answers with its value.
   * @throws SourceError for a query that cannot be compiled, EvaluationError for one without an answer
   */
  evaluate(query: string, input?: Value, options: EvaluateOptions = {}): readonly Solution[] {
    const prepared = this.#prepareQuery(query);
    return this.#run(prepared, input, options).flatMap((row) => {
      const bindings: [string, Value][] = prepared.labels.map((label, index) => [label, row[index] as Value]);
      const expressions = prepared.parts.map(({ index }) => row[prepared.labels.length + index] as Value);
      if (!prepared.isValue && expressions.includes(false)) return [];
      return [{ bindings: Object.fromEntries(bindings), expressions }];
    });
  }

  /** Where in a query's text the expressions stand that its solutions have values of. */
  parts(query: string): readonly Span[] {
    return this.#prepareQuery(query).parts.map(({ at }) => at);
  }

  /** What the numbers mean that a probe is told, for a document or query that was asked for already. */
  sites(query: string): readonly Span[] {
    return this.#documents.get(query)?.sites ?? this.#queries.get(query)?.code.sites ?? [];
  }

  #prepareDocument(path: string): Document {
    const code = this.#compiled.document(path);
    const document = { ...link<Value | undefined>(code, this.#state, code.script), sites: code.sites };
    document.setData(this.#data);
    this.#documents.set(path, document);
    return document;
  }

  #prepareQuery(text: string): Query {
    const known = this.#queries.get(text);
    if (known !== undefined) return known;
    const { code, ...reading } = this.#compiled.query(text);
    const query = { ...reading, code, ...link<readonly Row[]>(code, this.#state, code.script) };
    query.setData(this.#data);
    if (this.#queries.size >= KEPT_QUERIES)
      for (const oldest of this.#queries.keys()) if (this.#queries.delete(oldest)) break;
    this.#queries.set(text, query);
    return query;
  }

  #run<T>({ run }: Linked<T>, input: Value | undefined, options: EvaluateOptions): T {
    beginEffort();
    this.#state.begin(input, this.#data, {
      now: options.now,
      seed: options.seed,
      failed: options.failed,
      strict: options.strictBuiltinErrors ?? false,
      steps: options.steps ?? STEPS,
      expired: options.expired,
      world: options.world,
      print: options.print,
      testCase: options.testCase,
      probe: options.probe,
    });
    try {
      const result = run();
      if (this.#state.conflict !== undefined) throw this.#state.conflict;
      return result;
    } catch (error) {
      // The stack, a text or an integer grew beyond what the platform has.
      if (error instanceof RangeError)
        throw new EvaluationError("eval_cancel_error", "a value is nested too deeply or too large");
      throw error;
    } finally {
      this.#state.end();
      endEffort();
    }
  }
}
