import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  compile,
  compileInWorker,
  EvaluationError,
  PreparedPolicy,
  parseValue,
  SourceError,
  stringify,
} from "./index.ts";

const AUTHZ = `package authz

default allow := false

allow if {
  some role in data.roles[input.user]
  role in {"admin", "owner"}
}

deny contains reason if {
  input.minutes > 10
  reason := sprintf("%d minutes", [input.minutes])
}
`;

describe("a policy that a worker compiled", () => {
  it("decides as one that was compiled here", async () => {
    const data = { roles: { mia: ["admin"], tom: ["guest"] } };
    const options = {
      documents: ["data.authz.allow", "data.authz.deny"],
      queries: ["data.roles[who][_] = x"],
    };
    const policy = await compileInWorker({ "authz.rego": AUTHZ }, data, options);
    assert.ok(policy instanceof PreparedPolicy);
    const here = compile({ "authz.rego": AUTHZ }, data);
    for (const input of [{ user: "mia", minutes: 5 }, { user: "tom", minutes: 11 }, {}]) {
      for (const path of options.documents)
        assert.equal(
          stringify(policy.value(path, input) ?? null),
          stringify(here.value(path, input) ?? null),
        );
      const [query = ""] = options.queries;
      assert.deepEqual(policy.evaluate(query, input), here.evaluate(query, input));
      assert.deepEqual(
        policy.parts(query).map(({ start, end }) => [start, end]),
        here.parts(query).map(({ start, end }) => [start, end]),
      );
    }
    policy.setData({ roles: { tom: ["owner"] } });
    assert.equal(policy.value("data.authz.allow", { user: "tom" }), true);
    assert.equal(policy.value("data.authz.allow", { user: "mia" }), false);
  });

  it("keeps constants of every kind, and the index over many rules", async () => {
    const module = [
      "package kinds",
      'values := [1e400, 12345678901234567890, 1.50, {1, {2.0}}, {[1]: {1.0: 2}, null: 1}, {"__proto__": {"a": {3}}}]',
      ...Array.from({ length: 40 }, (_, i) => `grant := ${i}.0 if input.n == ${i}.0`),
      ...Array.from({ length: 40 }, (_, i) => `path contains ${i} if startswith(input.path, "/p${i}/")`),
    ].join("\n");
    const documents = ["data.kinds.values", "data.kinds.grant", "data.kinds.path"];
    const policy = await compileInWorker({ "kinds.rego": module }, {}, { documents });
    const here = compile({ "kinds.rego": module });
    const input = { n: 7, path: "/p12/x" };
    for (const path of documents)
      assert.equal(stringify(policy.value(path, input) ?? null), stringify(here.value(path, input) ?? null));
    assert.equal(stringify(policy.value("data.kinds.grant", input) ?? null), "7.0");
  });

  it("says where a failure or a step is", async () => {
    const module = "package p\n\nx := 1 if input.a\n\nx := 2 if input.b\n";
    const options = { documents: ["data.p.x"], instrument: true };
    const policy = await compileInWorker({ "p.rego": module }, {}, options);
    assert.throws(
      () => policy.value("data.p.x", { a: 1, b: 1 }),
      (error) =>
        error instanceof EvaluationError &&
        error.code === "eval_conflict_error" &&
        error.where === "p.rego:5:1",
    );
    const seen: string[] = [];
    const probe = (site: number, event: string): void => {
      const at = policy.sites("data.p.x")[site];
      if (event === "holds" && at !== undefined) seen.push(at.source.text.slice(at.start, at.end));
    };
    assert.equal(policy.value("data.p.x", { b: 1 }, { probe }), 2);
    assert.ok(seen.includes("input.b"), seen.join("; "));
    assert.ok(!seen.includes("input.a"), seen.join("; "));
  });

  it("tells of rules that the data holds already, and warns as the compiler did", async () => {
    const modules = { "g.rego": "package g\nallow { input.user.role in data.roles }" };
    const policy = await compileInWorker(
      modules,
      { g: { allow: 1 } },
      { documents: ["data.g.allow"], guide: true },
    );
    assert.deepEqual(
      policy.dataConflicts(),
      compile(modules, { g: { allow: 1 } }, { guide: true }).dataConflicts(),
    );
    assert.equal(policy.dataConflicts().length, 1);
    assert.equal(policy.warnings.length, 1);
  });

  it("answers nothing that it was not compiled for", async () => {
    const policy = await compileInWorker({ "authz.rego": AUTHZ }, {}, { documents: ["data.authz.allow"] });
    assert.throws(
      () => policy.value("data.authz.deny"),
      /data\.authz\.deny was not compiled; name it in "documents"/,
    );
    assert.throws(() => policy.evaluate("x := 1"), /x := 1 was not compiled; name it in "queries"/);
  });
});

describe("compiling in a worker", () => {
  it("refuses what compile refuses, with the same findings", async () => {
    const wrong: readonly (readonly [string, string])[] = [
      ["package p\nallow if {", "data.p.allow"],
      ["package p\nallow if x > 1", "data.p.allow"],
      ["package p\na := b\nb := a", "data.p.a"],
      ['package p\na := 1 + "x"', "data.p.a"],
      ["package p\na := 1", "data.p[["],
      ["package p\na := 1", "data.p.a; data.p.b"],
    ];
    for (const [module, path] of wrong) {
      const refusal = failure(() => compile({ "p.rego": module }).value(path));
      const refused = await compileInWorker({ "p.rego": module }, {}, { documents: [path] }).then(
        () => assert.fail(`${module} was compiled`),
        (error: unknown) => error,
      );
      assert.equal((refused as Error).name, (refusal as Error).name);
      assert.equal((refused as Error).message, (refusal as Error).message);
      if (refusal instanceof SourceError)
        assert.deepEqual((refused as SourceError).findings, refusal.findings);
    }
  });

  it("takes types from schemas", async () => {
    const modules = { "p.rego": "package p\nx if input.ag > 1" };
    const input = { type: "object", properties: { age: { type: "integer", minimum: parseValue("1.0") } } };
    await assert.rejects(compileInWorker(modules, {}, { documents: ["data.p.x"], schemas: { input } }), {
      message: "undefined ref: input.ag",
    });
    await compileInWorker(modules, {}, { documents: ["data.p.x"] });
  });

  it("never delays a decision", async () => {
    const rules = Array.from(
      { length: 5_000 },
      (_, i) => `allow if { input.id == "user-${i}"; input.n > ${i} }`,
    );
    const deciding = compile({ "authz.rego": AUTHZ }, { roles: { mia: ["admin"] } });
    let compiled = false;
    let decisions = 0;
    const started = performance.now();
    const compiling = compileInWorker(
      { "many.rego": `package many\n${rules.join("\n")}` },
      {},
      { documents: ["data.many.allow"] },
    ).then((policy) => {
      compiled = true;
      return policy;
    });
    let longest = 0;
    let last = performance.now();
    while (!compiled) {
      assert.equal(deciding.value("data.authz.allow", { user: "mia" }), true);
      decisions++;
      await new Promise((resume) => setImmediate(resume));
      const now = performance.now();
      longest = Math.max(longest, now - last);
      last = now;
    }
    const took = performance.now() - started;
    assert.equal((await compiling).value("data.many.allow", { id: "user-4999", n: 5_000 }), true);
    assert.ok(decisions > 100, `${decisions} decisions while compiling took ${took} ms`);
    assert.ok(longest < took / 2, `a decision waited ${longest} ms while compiling took ${took} ms`);
  });

  it("ends what takes too long or too much", async () => {
    const rules = Array.from(
      { length: 20_000 },
      (_, i) => `allow if { input.id == "user-${i}"; input.n > ${i} }`,
    );
    const modules = { "many.rego": `package many\n${rules.join("\n")}` };
    const documents = ["data.many.allow"];
    await assert.rejects(compileInWorker(modules, {}, { documents, timeoutMs: 50 }), {
      code: "policy.invalid",
      message: "compiling the policy takes more than 0.05 s",
    });
    await assert.rejects(compileInWorker(modules, {}, { documents, memoryMb: 32 }), {
      code: "policy.invalid",
      message: "compiling the policy takes more than 32 MB",
    });
  });
});

function failure(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  return assert.fail("it was compiled");
}
