import { isDeepStrictEqual } from "node:util";
import type { Application, PolicySet } from "#policy";

/** What a set that takes the place of another changes for connections that are open. */
export type PolicyDifference =
  /** Rules, or anything else that may bear on every decision. */
  | { readonly everything: true }
  /** These applications alone, each as it was and as it is. */
  | { readonly everything: false; readonly applications: readonly Application[] };

/** Members of a set that say nothing about decisions, or are compared one by one. */
const COMPARED_APART: ReadonlySet<string> = new Set(["version", "files", "warnings", "applications"]);

/** Compares two sets. Whatever is not known to concern applications alone concerns everything. */
export function policyDifference(before: PolicySet | undefined, after: PolicySet): PolicyDifference {
  if (before === undefined || !isDeepStrictEqual(rest(before), rest(after))) return { everything: true };
  const applications: Application[] = [];
  for (const name of new Set([...before.applications.keys(), ...after.applications.keys()])) {
    const [was, is] = [before.applications.get(name), after.applications.get(name)];
    if (isDeepStrictEqual(withoutPlace(was), withoutPlace(is))) continue;
    if (was !== undefined) applications.push(was);
    if (is !== undefined) applications.push(is);
  }
  return { everything: false, applications };
}

function rest(set: PolicySet): { readonly [member: string]: unknown } {
  return Object.fromEntries(Object.entries(set).filter(([name]) => !COMPARED_APART.has(name)));
}

/** Where a manifest stands in its file decides nothing. */
function withoutPlace(application: Application | undefined): unknown {
  if (application === undefined) return undefined;
  const { source: _source, ...what } = application;
  return what;
}
