import assert from "node:assert/strict";
import { test } from "node:test";
import { compileSet, type PolicySet } from "#policy";
import { policyDifference } from "./policy-difference.ts";
import { manifest, RULES } from "./rig.test.ts";

function set(files: { readonly [path: string]: string }): PolicySet {
  return compileSet(Object.entries(files).map(([path, text]) => ({ path, text })));
}

const WIKI = manifest("wiki", "http://127.0.0.1:1", "  classification: internal\n");
const PAYROLL = manifest("payroll", "http://127.0.0.1:2", "  classification: confidential\n");
const BEFORE = { "apps.yaml": `${WIKI}---\n${PAYROLL}`, "policy.rules": RULES };

const CASES: readonly (readonly [
  string,
  { readonly [path: string]: string },
  readonly string[] | "everything",
])[] = [
  ["nothing", BEFORE, []],
  ["a manifest's place", { ...BEFORE, "apps.yaml": `# moved\n\n${WIKI}---\n${PAYROLL}` }, []],
  ["a comment between rules", { ...BEFORE, "policy.rules": `${RULES}\n# nothing\n` }, []],
  [
    "one application's upstream",
    { ...BEFORE, "apps.yaml": `${WIKI.replace(":1\n", ":9\n")}---\n${PAYROLL}` },
    ["wiki", "wiki"],
  ],
  [
    "one application's classification",
    { ...BEFORE, "apps.yaml": `${WIKI}---\n${PAYROLL.replace("confidential", "restricted")}` },
    ["payroll", "payroll"],
  ],
  ["an application less", { ...BEFORE, "apps.yaml": WIKI }, ["payroll"]],
  [
    "an application more",
    { ...BEFORE, "new.yaml": manifest("new", "http://127.0.0.1:3", "  classification: internal\n") },
    ["new"],
  ],
  ["a rule more", { ...BEFORE, "policy.rules": `${RULES}\nDENY IF action == "read"\n` }, "everything"],
  ["a rule less", { ...BEFORE, "policy.rules": "" }, "everything"],
  ["a rule's condition", { ...BEFORE, "policy.rules": RULES.replace("<= 4", "<= 3") }, "everything"],
];

for (const [what, files, expected] of CASES)
  test(`between two sets that differ in ${what}`, () => {
    const difference = policyDifference(set(BEFORE), set(files));
    assert.deepEqual(
      difference.everything ? "everything" : difference.applications.map(({ name }) => name),
      expected,
    );
  });

test("what is not known to concern applications alone concerns everything", () => {
  const [before, after] = [set(BEFORE), set(BEFORE)];
  assert.equal(policyDifference(undefined, after).everything, true);
  assert.equal(policyDifference(before, Object.assign({}, after, { grants: 1 })).everything, true);
});
