import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type Answer, assertProblem, makeRig, names, type Rig, type SignedIn } from "../rig.test.ts";

let rig: Rig;
let _ada: SignedIn;
before(async () => {
  rig = await makeRig();
  _ada = await rig.addPerson({ name: "ada" });
});
after(async () => await rig.close());

describe("policy", () => {
  test("is shown with its rules, files and versions", async () => {
    const answer = await rig.owner("GET", "/api/v1/policy");
    assert.equal(answer.at("timeZone"), "UTC");
    assert.ok(Number(answer.at("activation")) >= 1);
    assert.match(answer.text, /administrators administer/);
    assert.equal(answer.at("set"), undefined);
  });

  test("is checked without being changed, and applied with what it changes", async () => {
    const files = [
      { path: "extra.rules", text: 'ALLOW IF user.name == "eve" AND resource.name == "wiki"\n' },
    ];
    const before = await rig.activation.active();
    const checked = await rig.owner("POST", "/api/v1/policy/check", { files, mode: "merge" });
    assert.equal(checked.at("changed"), true);
    assert.equal((await rig.activation.active()).version, before.version);
    const applied = await rig.owner("POST", "/api/v1/policy/apply", { files, mode: "merge" });
    assert.equal(applied.at("version"), checked.at("version"));
    assert.equal(applied.at("activation"), before.activation + 1);
    const changes = applied.at("files") as { path: string; change: string }[];
    assert.deepEqual(
      changes.filter(({ change }) => change !== "same"),
      [{ path: "extra.rules", change: "added" }],
    );
    const again = await rig.owner("POST", "/api/v1/policy/apply", { files, mode: "merge" });
    assert.equal(again.at("changed"), false);
    assert.equal(again.at("activation"), before.activation + 1);
  });

  for (const [what, file, code] of [
    [
      "a rule with an unknown fact",
      { path: "a.rules", text: 'ALLOW IF user.rol == "sre"\n' },
      "policy.invalid",
    ],
    [
      "a manifest with an unknown field",
      {
        path: "a.yaml",
        text: "apiVersion: postern.dev/v1\nkind: Application\nmetadata:\n  name: a\nspec:\n  upstrem: http://localhost\n",
      },
      "manifest.invalid",
    ],
    ["broken YAML", { path: "a.yaml", text: "a: [\n" }, "manifest.invalid"],
    ["a path outside of the set", { path: "../a.rules", text: "" }, "manifest.invalid"],
    ["a file of Postern's own", { path: "postern/builtin.rules", text: "" }, "manifest.invalid"],
  ] as const) {
    test(`${what} is refused with its place, by check and apply alike`, async () => {
      const { version } = await rig.activation.active();
      for (const verb of ["check", "apply"]) {
        const answer = await rig.owner("POST", `/api/v1/policy/${verb}`, { files: [file], mode: "merge" });
        assertProblem(answer, 422, code);
        assert.equal(answer.at("diagnostics", 0, "file"), file.path);
        assert.ok(Number(answer.at("diagnostics", 0, "line")) >= 1);
        assert.match(String(answer.at("diagnostics", 0, "rendered")), /error: /);
      }
      assert.equal((await rig.activation.active()).version, version);
    });
  }

  test("a finding shows its line and a caret", async () => {
    const files = [{ path: "a.rules", text: '# first\nALLOW IF user.rol == "sre"\n' }];
    const answer = await rig.owner("POST", "/api/v1/policy/apply", { files, mode: "merge" });
    const rendered = String(answer.at("diagnostics", 0, "rendered"));
    assert.match(rendered, /^a\.rules:2:10: error: .*\n {2}ALLOW IF user\.rol == "sre"\n {11}\^{8}\n/);
  });

  test("a set that would lock everybody out who could mend it is refused, and says why", async () => {
    for (const text of [
      "DENY IF action == action\n",
      'DENY IF user.role == "administrator"\n',
      'DENY IF user.role == "owner"\n',
    ]) {
      for (const verb of ["check", "apply"]) {
        const files = [{ path: "lock.rules", text }];
        const answer = await rig.owner("POST", `/api/v1/policy/${verb}`, { files, mode: "merge" });
        assert.equal(answer.status, 422, answer.text);
        assert.match(String(answer.at("code")), /^policy\.(locks_out|invalid)$/);
      }
    }
    const files = [{ path: "lock.rules", text: 'DENY IF user.role == "administrator"\n' }];
    const answer = await rig.owner("POST", "/api/v1/policy/apply", { files, mode: "replace" });
    assertProblem(answer, 422, "policy.locks_out");
    assert.match(String(answer.at("title")), /lock\.rules:1/);
  });

  test("two that are applied at once both land", async () => {
    const { activation } = await rig.activation.active();
    const apply = async (name: string): Promise<Answer> =>
      await rig.owner("POST", "/api/v1/policy/apply", {
        files: [
          { path: `${name}.rules`, text: `ALLOW IF user.name == "${name}" AND resource.name == "wiki"\n` },
        ],
        mode: "merge",
      });
    const people = ["p1", "p2", "p3", "p4", "p5", "p6"];
    const answers = await Promise.all(people.map(apply));
    assert.deepEqual(
      answers.map((answer) => Number(answer.at("activation"))).sort((a, b) => a - b),
      people.map((_, i) => activation + 1 + i),
    );
    const paths = (await rig.activation.active()).files.map(({ path }) => path);
    for (const name of people) assert.ok(paths.includes(`${name}.rules`), name);
  });

  test("takes a body of several MiB, and no more than 12", async () => {
    const line = `# ${"x".repeat(97)}\n`;
    const big = Array.from({ length: 6 }, (_, i) => ({ path: `big-${i}.rules`, text: line.repeat(10_000) }));
    const taken = await rig.owner("POST", "/api/v1/policy/check", { files: big, mode: "merge" });
    assert.equal(taken.status, 200, taken.text.slice(0, 500));
    const over = Array.from({ length: 13 }, (_, i) => ({
      path: `big-${i}.rules`,
      text: line.repeat(10_400),
    }));
    assertProblem(
      await rig.owner("POST", "/api/v1/policy/check", { files: over, mode: "merge" }),
      413,
      "input.too_large",
    );
  });

  test("versions are paged, newest first", async () => {
    const first = await rig.owner("GET", "/api/v1/policy/versions?limit=2");
    const second = await rig.owner(
      "GET",
      `/api/v1/policy/versions?limit=2&before=${String(first.at("next"))}`,
    );
    const { activation } = await rig.activation.active();
    assert.deepEqual(
      [...names(first, "activation"), ...names(second, "activation")],
      [0, 1, 2, 3].map((i) => activation - i),
    );
  });
});
