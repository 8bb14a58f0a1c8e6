/** Phases 1 to 4 in their order: modules to a program, and a program with a document or query to code. */
import { chooseDialect, parseModule, parseQuery } from "./1-parse/index.ts";
import { resolve, resolveQuery } from "./2-resolve/index.ts";
import type { Program, ResolvedQuery } from "./2-resolve/program.ts";
import { eachPart } from "./2-resolve/walk.ts";
import { checkQueryTypes, checkTypes, type SchemaSet, type TypeEnvironment } from "./3-check/index.ts";
import { type Code, emitDocument, emitQuery } from "./4-emit/index.ts";
import { type RulePath, rulePathsOf } from "./data-conflicts.ts";
import { SourceError, type SourceFinding } from "./errors.ts";
import { impureCalls } from "./pure.ts";
import { Source, type Span } from "./source.ts";
import type { Body, Module, Term } from "./syntax.ts";
import { separateTests } from "./tests.ts";

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
  /** JSON schemas that types are taken from: without them, annotations count only where they hold the schema itself. */
  readonly schemas?: SchemaSet;
}

/** The code of a query, and how a row that it finds is read: its variables in their order, then a value for each expression. */
export interface QueryCode<C extends Code = Code> {
  readonly code: C;
  readonly labels: readonly string[];
  /** The expressions that were written, in order of evaluation: which of those evaluated each is. */
  readonly parts: readonly { readonly index: number; readonly at: Span }[];
  /** Whether it asks for one value, which may be false. */
  readonly isValue: boolean;
}

/** Modules that went through phases 1 to 3, ready for phase 4 to write whatever is asked of them. */
export class Compiler {
  readonly program: Program;
  readonly warnings: readonly SourceFinding[];
  readonly #types: TypeEnvironment;
  readonly #options: CompileOptions;

  /** @throws SourceError with every finding of the first phase that failed */
  constructor(modules: { readonly [file: string]: string }, options: CompileOptions) {
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
    this.program = program;
    this.warnings = warnings;
    this.#types = checked.types;
    this.#options = options;
  }

  get rulePaths(): readonly RulePath[] {
    return rulePathsOf(this.program);
  }

  /**
   * The code of the document at a path.
   * @throws SourceError for a text that is no such path
   */
  document(path: string): Code {
    const { query } = this.#read(path);
    const [expr] = query.body;
    const term = expr?.form.kind === "term" ? expr.form.term : undefined;
    if (term === undefined || !isDocument(term) || query.body.length > 1)
      throw new TypeError(`not the path of a document: ${path}`);
    return emitDocument(this.program, term, this.#options.instrument);
  }

  /** @throws SourceError for a query that cannot be compiled */
  query(text: string): QueryCode {
    const { body, query } = this.#read(text);
    return {
      code: emitQuery(this.program, query, this.#options.instrument),
      labels: query.variables.map(({ label }) => label),
      parts: partsOf(query.body),
      isValue: isValue(body),
    };
  }

  #read(text: string): { readonly body: Body; readonly query: ResolvedQuery } {
    const { body, findings } = parseQuery(new Source("query", text), {
      dialect: this.#options.dialect ?? "v1",
    });
    if (body === undefined) throw new SourceError(findings);
    const resolved = resolveQuery(this.program, body);
    if (resolved.query === undefined) throw new SourceError(resolved.findings);
    const wrong = checkQueryTypes(this.#types, resolved.query);
    if (wrong.length > 0) throw new SourceError(wrong);
    return { body, query: resolved.query };
  }
}

/** Calls that were taken out of an expression stand before it and are within its text. */
function partsOf(body: Body): QueryCode["parts"] {
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
