import type { EvaluateOptions, Policy } from "#rego";
import { columns } from "../terminal/columns.ts";
import { fileOf } from "./show.ts";

type Probe = NonNullable<EvaluateOptions["probe"]>;
type Site = ReturnType<Policy["sites"]>[number];

/** More steps than anybody reads. */
const MOST_STEPS = 10_000;
const MOST_CHARACTERS = 100;
const PROFILE_ROWS = 10;

/** Where a site is, and its first line. */
export function siteOf({ source, start, end }: Site): { readonly where: string; readonly text: string } {
  const { line, column } = source.position(start);
  const [first = ""] = source.text.slice(start, end).split("\n");
  const cut = first.length > MOST_CHARACTERS || first.length < end - start;
  return {
    where: `${source.file}:${line}:${column}`,
    text: cut ? `${first.slice(0, MOST_CHARACTERS)}…` : first,
  };
}

/** One expression as it was tried, or the head of a rule that held. */
export interface Step {
  readonly site: number;
  readonly head: boolean;
  /** How many solutions it had. */
  held: number;
}

/** The order in which an evaluation went, for `--explain` and failing tests. */
export class Steps {
  readonly steps: Step[] = [];
  /** Every site that was, also of steps beyond those that are kept. */
  readonly reached: Set<number> = new Set();
  /** How many steps those are. */
  left = 0;
  /** The latest step of each expression. */
  readonly #latest = new Map<number, Step>();
  readonly probe: Probe = (site, event) => {
    this.reached.add(site);
    if (event === "enter") this.#latest.set(site, this.#add({ site, head: false, held: 0 }));
    if (event !== "holds") return;
    const tried = this.#latest.get(site);
    // a rule's head is not tried, it holds
    if (tried === undefined) this.#add({ site, head: true, held: 1 });
    else tried.held++;
  };
  #add(step: Step): Step {
    if (this.steps.length < MOST_STEPS) this.steps.push(step);
    else this.left++;
    return step;
  }
}

export interface ProfileRow {
  readonly site: number;
  readonly evaluations: number;
  readonly ms: number;
}

/** Where an evaluation's time goes: from the start of an expression to the next event counts as its own. */
export class Profile {
  readonly #rows = new Map<number, { evaluations: number; ms: number }>();
  #current: { evaluations: number; ms: number } | undefined;
  #since = 0;
  readonly probe: Probe = (site, event) => {
    const now = performance.now();
    if (this.#current !== undefined) this.#current.ms += now - this.#since;
    const row = this.#rows.get(site) ?? { evaluations: 0, ms: 0 };
    this.#rows.set(site, row);
    if (event === "enter") row.evaluations++;
    this.#current = row;
    this.#since = performance.now();
  };
  /** The dearest first. */
  rows(): readonly ProfileRow[] {
    return [...this.#rows].map(([site, row]) => ({ site, ...row })).sort((a, b) => b.ms - a.ms);
  }
}

interface Place {
  readonly file: string;
  readonly row: number;
  readonly col: number;
}

/** Each step on a line: `✓` held, `✕` did not, `⇒` the head of a rule that held. */
export function describeSteps({ steps, left }: Steps, policy: Policy, query: string): string {
  const sites = policy.sites(query);
  const rows = steps.flatMap(({ site, head, held }) => {
    const span = sites[site];
    if (span === undefined) return [];
    const { where, text } = siteOf(span);
    return [[head ? "⇒" : held > 0 ? "✓" : "✕", where, text, held > 1 ? `(${held} solutions)` : ""]];
  });
  return `${columns(rows)}${left === 0 ? "" : `… and ${left} more\n`}`;
}

/** The steps for programs; `held` is how many solutions each had. */
export function stepsJson(
  { steps }: Steps,
  policy: Policy,
  query: string,
): readonly {
  readonly kind: string;
  readonly held: number;
  readonly text: string;
  readonly location: Place;
}[] {
  const sites = policy.sites(query);
  return steps.flatMap(({ site, head, held }) => {
    const span = sites[site];
    if (span === undefined) return [];
    const text = span.source.text.slice(span.start, span.end);
    return [{ kind: head ? "rule" : "expression", held, text, location: placeOf(span) }];
  });
}

/** The dearest expressions on lines. */
export function describeProfile(profile: Profile, policy: Policy, query: string): string {
  const sites = policy.sites(query);
  const rows = profile.rows().flatMap(({ site, evaluations, ms }) => {
    const span = sites[site];
    if (span === undefined) return [];
    const { where, text } = siteOf(span);
    return [[`${(ms * 1_000).toFixed(1)} µs`, String(evaluations), where, text]];
  });
  return columns([["time", "evaluations", "where", "expression"], ...rows.slice(0, PROFILE_ROWS)]);
}

/** The dearest expressions as `opa eval --profile` prints them in JSON. */
export function profileJson(
  profile: Profile,
  policy: Policy,
  query: string,
): readonly { readonly total_time_ns: number; readonly num_eval: number; readonly location: Place }[] {
  const sites = policy.sites(query);
  return profile
    .rows()
    .flatMap(({ site, evaluations, ms }) => {
      const span = sites[site];
      if (span === undefined) return [];
      return [{ total_time_ns: Math.round(ms * 1e6), num_eval: evaluations, location: placeOf(span) }];
    })
    .slice(0, PROFILE_ROWS);
}

function placeOf({ source, start }: Site): Place {
  const { line, column } = source.position(start);
  return { file: fileOf(source.file), row: line, col: column };
}
