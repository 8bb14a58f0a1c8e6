/**
 * `npm run conformance -- SUITE DIR`: holds this program to cases and schemas that others wrote, read in place
 * from DIR. Prints each failing case, then how many passed of each category that has one, and ends with
 * `SUITE: P of N passed`; exit 1 on a failure, 2 when it is asked for something else.
 */
import { PosternError } from "#kernel";
import type { Case } from "./suite.ts";
import { SUITES } from "./suites.ts";

const HINT = `  suites: ${[...SUITES.keys()].join(", ")}\n  try: npm run conformance -- ocsf ../shared/conformance/ocsf`;

function main(args: readonly string[]): number {
  const [name, folder, ...more] = args;
  if (name === undefined || folder === undefined || more.length > 0)
    return refuse("name one suite and one folder");
  const suite = SUITES.get(name);
  if (suite === undefined) return refuse(`no suite "${name}"`);
  try {
    return report(name, suite(folder));
  } catch (error) {
    if (!(error instanceof PosternError)) throw error;
    const { where } = error.details;
    return refuse(`${error.message}${where === undefined ? "" : ` (${where})`}`);
  }
}

function report(name: string, cases: readonly Case[]): number {
  const failing = cases.filter(({ findings }) => findings.length > 0);
  for (const { name: title, findings } of failing) {
    console.log(`✕ ${title}`);
    for (const finding of findings) console.log(`    ${finding}`);
  }
  for (const category of new Set(failing.flatMap((each) => each.category ?? []))) {
    const all = cases.filter((each) => each.category === category);
    const passed = all.filter(({ findings }) => findings.length === 0);
    console.log(`${category}: ${passed.length} of ${all.length} passed`);
  }
  console.log(`${name}: ${cases.length - failing.length} of ${cases.length} passed`);
  return failing.length === 0 && cases.length > 0 ? 0 : 1;
}

function refuse(what: string): number {
  console.error(`error: ${what}\n${HINT}`);
  return 2;
}

process.exitCode = main(process.argv.slice(2));
