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

/** One file as `opa test --coverage` reports it: what is nothing is absent. */
export interface FileCoverage {
  readonly covered?: readonly Range[];
  readonly not_covered?: readonly Range[];
  readonly covered_lines?: number;
  readonly not_covered_lines?: number;
  /** Per cent of lines. */
  readonly coverage?: number;
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
      const places = module.rules.flatMap(placesOf);
      const covered = places.filter(({ span }) => this.#reached.has(keyOf(span))).map(rangeOf);
      const missed = places
        .filter(({ span, declares }) => !declares && !this.#reached.has(keyOf(span)))
        .map(rangeOf);
      return [
        module.at.source.file,
        {
          ...(covered.length === 0 ? {} : { covered }),
          ...(missed.length === 0 ? {} : { not_covered: missed }),
          ...withoutZeros(counted(lines(covered), lines(missed))),
        },
      ];
    });
    const sum = (of: (file: FileCoverage) => number): number =>
      files.reduce((total, [, file]) => total + of(file), 0);
    return {
      files: Object.fromEntries(files),
      ...counted(
        sum((file) => file.covered_lines ?? 0),
        sum((file) => file.not_covered_lines ?? 0),
      ),
    };
  }
}

function counted(covered: number, missed: number): Omit<CoverageReport, "files"> {
  const all = covered + missed;
  return {
    covered_lines: covered,
    not_covered_lines: missed,
    coverage: all === 0 ? 0 : (100 * covered) / all,
  };
}

function withoutZeros(counts: Omit<CoverageReport, "files">): FileCoverage {
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
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

function rangeOf({ span: { source, start, end } }: Countable): Range {
  const from = source.position(start);
  const to = source.position(end);
  return { start: { row: from.line, col: from.column }, end: { row: to.line, col: to.column } };
}

/** What can be reached. A declaration (`some x in xs`) counts where it was, and is not missed where it was not. */
interface Countable {
  readonly span: Span;
  readonly declares: boolean;
}

function placesOf(rule: Rule): readonly Countable[] {
  const { head } = rule;
  const terms = [
    ...(head.value === undefined ? [] : [head.value]),
    ...(head.key === undefined ? [] : [head.key]),
  ];
  return [
    { span: head.at, declares: false },
    ...terms.flatMap(placesInTerm),
    ...placesInBody(rule.body),
    ...rule.else.flatMap(({ value, body }) => [
      ...(value === undefined ? [] : placesInTerm(value)),
      ...placesInBody(body),
    ]),
  ];
}

function placesInBody(body: Body): readonly Countable[] {
  return body.flatMap(placesInExpr);
}

function placesInExpr({ at, form }: Expr): readonly Countable[] {
  switch (form.kind) {
    case "some":
      return [];
    case "some-in":
      return [{ span: at, declares: true }, ...placesInTerm(form.collection)];
    case "every":
      return [{ span: at, declares: false }, ...placesInTerm(form.domain), ...placesInBody(form.body)];
    case "term":
      // what was put in to follow a test's cases has no text of its own
      return at.start === at.end ? [] : [{ span: at, declares: false }, ...placesInTerm(form.term)];
  }
}

function placesInTerm(term: Term): readonly Countable[] {
  switch (term.kind) {
    case "comprehension":
      return [
        ...(term.key === undefined ? [] : placesInTerm(term.key)),
        ...placesInTerm(term.value),
        ...placesInBody(term.body),
      ];
    case "call":
      return term.args.flatMap(placesInTerm);
    case "ref":
      return [...placesInTerm(term.head), ...term.path.flatMap(placesInTerm)];
    case "array":
    case "set":
      return term.items.flatMap(placesInTerm);
    case "object":
      return term.members.flatMap(([key, value]) => [...placesInTerm(key), ...placesInTerm(value)]);
    case "template":
      return term.parts.flatMap((part) => (typeof part === "string" ? [] : placesInExpr(part)));
    case "null":
    case "boolean":
    case "number":
    case "string":
    case "var":
      return [];
  }
}
