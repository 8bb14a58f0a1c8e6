import type { EvaluateOptions, Policy } from "#rego";

type Probe = NonNullable<EvaluateOptions["probe"]>;
type Site = ReturnType<Policy["sites"]>[number];

/** More steps than anybody reads. */
const MOST_STEPS = 10_000;
const MOST_CHARACTERS = 100;

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
