import type { Policy } from "#rego";

type Module = Policy["program"]["modules"][number];
type Rule = Module["rules"][number];
type Body = Rule["body"];
type Expr = Body[number];
type Term = NonNullable<Rule["head"]["value"]>;
type Span = Rule["at"];

interface Place {
  readonly row: number;
  readonly col: number;
}
interface Range {
  readonly start: Place;
  readonly end: Place;
}

/** One file as `opa test --coverage` reports it. */
export interface FileCoverage {
  readonly covered?: readonly Range[];
  readonly not_covered?: readonly Range[];
  readonly covered_lines: number;
  readonly not_covered_lines: number;
  /** Per cent of lines. */
  readonly coverage: number;
}

export interface CoverageReport {
  readonly files: { readonly [file: string]: FileCoverage };
  readonly covered_lines: number;
  readonly not_covered_lines: number;
  readonly coverage: number;
}

/** Keeps account of the expressions and heads that evaluations reached, over any number of them. */
export class Coverage {
  /** The file and where in it. */
  readonly #reached = new Set<string>();

  /** What to give an evaluation as its `probe`. `sites` is what its numbers mean, once it is prepared. */
  add(sites: ReturnType<Policy["sites"]>, reached: ReadonlySet<number>): void {
    for (const site of reached) {
      const span = sites[site];
      if (span !== undefined) this.#reached.add(keyOf(span));
    }
  }

  /** Every expression and every rule's head of these modules, reached or not. */
  report(modules: readonly Module[]): CoverageReport {
    const files = modules.map((module): readonly [string, FileCoverage] => {
      const spans = module.rules.flatMap(spansOf);
      const covered = spans.filter((span) => this.#reached.has(keyOf(span))).map(rangeOf);
      const missed = spans.filter((span) => !this.#reached.has(keyOf(span))).map(rangeOf);
      return [
        module.at.source.file,
        {
          ...(covered.length === 0 ? {} : { covered }),
          ...(missed.length === 0 ? {} : { not_covered: missed }),
          ...counted(lines(covered), lines(missed)),
        },
      ];
    });
    const sum = (of: (file: FileCoverage) => number): number =>
      files.reduce((total, [, file]) => total + of(file), 0);
    return {
      files: Object.fromEntries(files),
      ...counted(
        sum((file) => file.covered_lines),
        sum((file) => file.not_covered_lines),
      ),
    };
  }
}

function counted(
  covered: number,
  missed: number,
): Pick<FileCoverage, "covered_lines" | "not_covered_lines" | "coverage"> {
  const all = covered + missed;
  return {
    covered_lines: covered,
    not_covered_lines: missed,
    coverage: all === 0 ? 0 : (100 * covered) / all,
  };
}

/** A line that is part of several counts once. */
function lines(ranges: readonly Range[]): number {
  const rows = new Set<number>();
  for (const { start, end } of ranges) for (let row = start.row; row <= end.row; row++) rows.add(row);
  return rows.size;
}

function keyOf({ source, start }: Span): string {
  return `${source.file}:${start}`;
}

function rangeOf({ source, start, end }: Span): Range {
  const from = source.position(start);
  const to = source.position(end);
  return { start: { row: from.line, col: from.column }, end: { row: to.line, col: to.column } };
}

/** A default is no more than a constant, and has nothing to be reached. */
function spansOf(rule: Rule): readonly Span[] {
  if (rule.default) return [];
  const { head } = rule;
  const terms = [
    ...(head.value === undefined ? [] : [head.value]),
    ...(head.key === undefined ? [] : [head.key]),
  ];
  return [
    head.at,
    ...terms.flatMap(spansInTerm),
    ...spansInBody(rule.body),
    ...rule.else.flatMap(({ value, body }) => [
      ...(value === undefined ? [] : spansInTerm(value)),
      ...spansInBody(body),
    ]),
  ];
}

function spansInBody(body: Body): readonly Span[] {
  return body.flatMap(spansInExpr);
}

/** A declaration with `some` alone does nothing that could be left out. */
function spansInExpr({ at, form }: Expr): readonly Span[] {
  switch (form.kind) {
    case "some":
      return [];
    case "some-in":
      return spansInTerm(form.collection);
    case "every":
      return [at, ...spansInTerm(form.domain), ...spansInBody(form.body)];
    case "term":
      return [at, ...spansInTerm(form.term)];
  }
}

function spansInTerm(term: Term): readonly Span[] {
  switch (term.kind) {
    case "comprehension":
      return [
        ...(term.key === undefined ? [] : spansInTerm(term.key)),
        ...spansInTerm(term.value),
        ...spansInBody(term.body),
      ];
    case "call":
      return term.args.flatMap(spansInTerm);
    case "ref":
      return [...spansInTerm(term.head), ...term.path.flatMap(spansInTerm)];
    case "array":
    case "set":
      return term.items.flatMap(spansInTerm);
    case "object":
      return term.members.flatMap(([key, value]) => [...spansInTerm(key), ...spansInTerm(value)]);
    case "template":
      return term.parts.flatMap((part) => (typeof part === "string" ? [] : spansInExpr(part)));
    case "null":
    case "boolean":
    case "number":
    case "string":
    case "var":
      return [];
  }
}
