/** The door for those who embed the engine: compile once, evaluate often. */
import { chooseDialect, parseModule, parseQuery } from "./1-parse/index.ts";
import { resolve, resolveQuery } from "./2-resolve/index.ts";
import type { Program } from "./2-resolve/program.ts";
import { eachPart } from "./2-resolve/walk.ts";
import { checkQueryTypes, checkTypes, type TypeEnvironment } from "./3-check/index.ts";
import { type Emitted, emitDocument, emitQuery, type Probe, type Row, State } from "./4-emit/index.ts";
import type { World } from "./builtins/builtin.ts";
import { boundedCache } from "./cache.ts";
import { dataConflicts } from "./data-conflicts.ts";
import { type BuiltinError, EvaluationError, SourceError, type SourceFinding } from "./errors.ts";
import { impureCalls } from "./pure.ts";
import { Source, type Span } from "./source.ts";
import type { Body, Module, Term } from "./syntax.ts";
import { type RegoTest, separateTests, testsOf } from "./tests.ts";
import { beginEffort, endEffort } from "./values/effort.ts";
import type { PlainObject, Value } from "./values/index.ts";

export interface CompileOptions {
  /** How modules are read that say nothing themselves: `v1` (the default) or `v0`. */
  readonly dialect?: "v1" | "v0";
  /** Whether a module that only the mixed syntax of printed guides can read is read so, with a warning. */
  readonly guide?: boolean;
  /** Refuse what OPA's strict mode refuses: unused imports and variables, and the like. */
  readonly strict?: boolean;
  /** Keep account of what is evaluated, for a `probe`. It costs speed. */
  readonly instrument?: boolean;
  /** Make each rule of one test's name a test of its own, as those who run `tests()` want it. */
  readonly separateTests?: boolean;
  /** Refuse calls of what the network or chance decides, as befits a policy that is to be put into effect. */
  readonly pure?: boolean;
  /** JSON schemas by the path that annotations name them by, such as `schema.input`. */
  readonly schemas?: ReadonlyMap<string, Value>;
}

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

const STEPS = 10_000_000;
/** Queries that a policy keeps prepared. */
const KEPT_QUERIES = 200;

/**
 * Compiles modules, given as text by file name, over base documents.
 * @throws SourceError with every finding of the first phase that failed
 */
export function compile(
  modules: { readonly [file: string]: string },
  data: PlainObject = {},
  options: CompileOptions = {},
): Policy {
  const warnings: SourceFinding[] = [];
  const parsed: Module[] = [];
  const errors: SourceFinding[] = [];
  for (const file of Object.keys(modules).sort()) {
    const source = new Source(file, modules[file] as string);
    const dialect = options.dialect ?? "v1";
    const chosen =
      options.guide === true
        ? chooseDialect(source, dialect)
        : { dialect, findings: [] as readonly SourceFinding[] };
    warnings.push(...chosen.findings);
    const { module, findings } = parseModule(source, { dialect: chosen.dialect });
    for (const finding of findings) (finding.severity === "error" ? errors : warnings).push(finding);
    if (module !== undefined) parsed.push(module);
  }
  if (errors.length > 0) throw new SourceError(errors);
  const separated = options.separateTests === true ? separateTests(parsed) : parsed;
  const { program, findings } = resolve(separated, { strict: options.strict ?? false });
  warnings.push(...findings.filter(({ severity }) => severity === "warning"));
  if (program === undefined) throw new SourceError(findings.filter(({ severity }) => severity === "error"));
  const checked = checkTypes(program, options.schemas === undefined ? {} : { schemas: options.schemas });
  const wrong = checked.findings.filter(({ severity }) => severity === "error");
  if (wrong.length > 0) throw new SourceError(wrong);
  const impure = options.pure === true ? impureCalls(program) : [];
  if (impure.length > 0) throw new SourceError(impure);
  return new Policy(program, checked.types, data, options, warnings);
}

/** Compiled modules with their data. Evaluations run one at a time; the policy holds no input after one has ended. */
export class Policy {
  readonly program: Program;
  readonly warnings: readonly SourceFinding[];
  readonly #types: TypeEnvironment;
  readonly #options: CompileOptions;
  readonly #state: State = new State(boundedCache(1_000));
  readonly #documents = new Map<string, Emitted<Value | undefined> | undefined>();
  readonly #queries = new Map<string, PreparedQuery>();
  #data: PlainObject;
  constructor(
    program: Program,
    types: TypeEnvironment,
    data: PlainObject,
    options: CompileOptions,
    warnings: readonly SourceFinding[],
  ) {
    this.program = program;
    this.warnings = warnings;
    this.#types = types;
    this.#options = options;
    this.#data = data;
  }

  /** The tests that the modules hold, in the order of their text. */
  tests(): readonly RegoTest[] {
    return testsOf(this.program.modules);
  }

  /** Rules that define what the base documents hold already; OPA refuses to load the two together. */
  dataConflicts(): readonly SourceFinding[] {
    return dataConflicts(this.program, this.#data);
  }

  /** Puts other base documents in the place of those there are. Nothing is compiled again. */
  setData(data: PlainObject): void {
    this.#data = data;
    for (const document of this.#documents.values()) document?.setData(data);
    for (const { emitted } of this.#queries.values()) emitted.setData(data);
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
    const prepared = this.prepare(query);
    return this.#run(prepared.emitted, input, options).flatMap((row) => {
      const bindings: [string, Value][] = prepared.labels.map((label, index) => [label, row[index] as Value]);
      const expressions = prepared.parts.map(({ index }) => row[prepared.labels.length + index] as Value);
      if (!prepared.isValue && expressions.includes(false)) return [];
      return [{ bindings: Object.fromEntries(bindings), expressions }];
    });
  }

  /** Compiles a query and keeps it, for the next `evaluate` of the same text. */
  prepare(query: string): PreparedQuery {
    const known = this.#queries.get(query);
    if (known !== undefined) return known;
    const source = new Source("query", query);
    const { body, findings } = parseQuery(source, { dialect: this.#options.dialect ?? "v1" });
    if (body === undefined) throw new SourceError(findings);
    const resolved = resolveQuery(this.program, body);
    if (resolved.query === undefined) throw new SourceError(resolved.findings);
    const wrong = checkQueryTypes(this.#types, resolved.query);
    if (wrong.length > 0) throw new SourceError(wrong);
    const emitted = emitQuery(this.program, this.#state, resolved.query, this.#options.instrument);
    emitted.setData(this.#data);
    const labels = resolved.query.variables.map(({ label }) => label);
    const parts = partsOf(resolved.query.body);
    const prepared = { emitted, labels, parts, isValue: isValue(body) };
    if (this.#queries.size >= KEPT_QUERIES)
      for (const oldest of this.#queries.keys()) if (this.#queries.delete(oldest)) break;
    this.#queries.set(query, prepared);
    return prepared;
  }

  /** Where in a query's text the expressions stand that its solutions have values of. */
  parts(query: string): readonly Span[] {
    return this.prepare(query).parts.map(({ at }) => at);
  }

  /** What the numbers mean that a probe is told, for a document or query that was prepared. */
  sites(query: string): readonly Span[] {
    return (this.#documents.get(query) ?? this.#queries.get(query)?.emitted)?.sites ?? [];
  }

  #prepareDocument(path: string): Emitted<Value | undefined> {
    const source = new Source("query", path);
    const { body, findings } = parseQuery(source, { dialect: this.#options.dialect ?? "v1" });
    if (body === undefined) throw new SourceError(findings);
    const resolved = resolveQuery(this.program, body);
    if (resolved.query === undefined) throw new SourceError(resolved.findings);
    const [expr] = resolved.query.body;
    const term = expr?.form.kind === "term" ? expr.form.term : undefined;
    if (term === undefined || !isDocument(term) || resolved.query.body.length > 1)
      throw new TypeError(`not the path of a document: ${path}`);
    const wrong = checkQueryTypes(this.#types, resolved.query);
    if (wrong.length > 0) throw new SourceError(wrong);
    const emitted = emitDocument(this.program, this.#state, term, this.#options.instrument);
    emitted.setData(this.#data);
    this.#documents.set(path, emitted);
    return emitted;
  }

  #run<T>({ run }: Emitted<T>, input: Value | undefined, options: EvaluateOptions): T {
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
      return run();
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

interface PreparedQuery {
  readonly emitted: Emitted<readonly Row[]>;
  readonly labels: readonly string[];
  /** The expressions that were written, in order of evaluation: which of those evaluated each is. */
  readonly parts: readonly { readonly index: number; readonly at: Span }[];
  /** Whether it asks for one value, which may be false. */
  readonly isValue: boolean;
}

/** Calls that were taken out of an expression stand before it and are within its text. */
function partsOf(body: Body): PreparedQuery["parts"] {
  const all = body.map(({ at }, index) => ({ index, at }));
  return all.filter(
    ({ index, at }) =>
      !all.some(
        (other) =>
          other.index !== index &&
          other.at.start <= at.start &&
          other.at.end >= at.end &&
          (other.index > index || other.at.end - other.at.start > at.end - at.start),
      ),
  );
}

function isValue(body: Body): boolean {
  const [expr, ...more] = body;
  if (expr?.form.kind !== "term" || more.length > 0) return false;
  return !hasVariables(expr.form.term);
}

function hasVariables(term: Term): boolean {
  if (term.kind === "var") return term.name !== "data" && term.name !== "input";
  let found = false;
  eachPart(term, (part) => {
    found ||= hasVariables(part);
  });
  return found;
}

/** `data`, `input`, or a reference into one by constants. */
function isDocument(term: Term): boolean {
  const head = term.kind === "ref" ? term.head : term;
  if (head.kind !== "var" || (head.name !== "data" && head.name !== "input")) return false;
  return (
    term.kind === "var" ||
    (term.kind === "ref" && term.path.every(({ kind }) => kind !== "var" && kind !== "ref"))
  );
}
