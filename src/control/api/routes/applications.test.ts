import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { assertProblem, makeRig, names, type Rig, type SignedIn } from "../rig.test.ts";

let rig: Rig;
let ada: SignedIn;
before(async () => {
  rig = await makeRig();
  ada = await rig.addPerson({ name: "ada" });
});
after(async () => await rig.close());

describe("applications", () => {
  const grafana = {
    name: "grafana",
    upstream: "http://localhost:3000",
    classification: "internal",
    title: "Grafana",
  };

  test("are listed with their addresses", async () => {
    const answer = await rig.owner("GET", "/api/v1/applications");
    assert.deepEqual(names(answer), ["payroll", "wiki"]);
    assert.equal(answer.at("items", 1, "url"), "http://wiki.postern.localhost:7400/");
    assert.match(String(answer.at("items", 1, "source")), /^demo\.yaml:\d+$/);
  });

  test("are added as a manifest, and taken away again", async () => {
    const added = await rig.console(ada, "POST", "/api/v1/applications", {
      ...grafana,
      env: "staging",
      pathPrefix: "/g",
    });
    assert.equal(added.status, 200, added.text);
    assert.deepEqual(JSON.parse(added.text), {
      name: "grafana",
      title: "Grafana",
      url: "http://grafana.postern.localhost:7400/g",
      upstream: "http://localhost:3000",
      classification: "internal",
      env: "staging",
      source: "applications/grafana.yaml:1",
    });
    const removed = await rig.console(ada, "DELETE", "/api/v1/applications/grafana");
    assert.equal(removed.at("changed"), true);
    assert.deepEqual(names(await rig.owner("GET", "/api/v1/applications")), ["payroll", "wiki"]);
  });

  test("of a name that is there, or is not there, are refused with what to do", async () => {
    const twice = await rig.owner("POST", "/api/v1/applications", { ...grafana, name: "wiki" });
    assertProblem(twice, 409, "conflict");
    assert.match(String(twice.at("remedy")), /postern app remove wiki/);
    assert.match(String(twice.at("where")), /^demo\.yaml/);
    assertProblem(await rig.owner("DELETE", "/api/v1/applications/nothing"), 404, "not_found");
  });

  for (const [what, wrong] of [
    ["no name", { name: "Not A Name" }],
    ["Postern's own name", { name: "login" }],
    ["a name with a path", { name: "../demo" }],
    ["a name that is YAML", { name: "x: {}\nkind: PolicySet" }],
    ["an upstream that is no address", { upstream: "localhost" }],
    ["an upstream in plain sight", { upstream: "http://192.0.2.1:80" }],
    ["the address of another", { name: "other", host: "wiki" }],
    ["an odd prefix", { pathPrefix: "/a/../b" }],
    ["a classification of its own", { classification: "secret" }],
  ] as const) {
    test(`with ${what} are refused, and nothing changes`, async () => {
      const { version } = await rig.activation.active();
      const answer = await rig.owner("POST", "/api/v1/applications", { ...grafana, ...wrong });
      assert.equal(answer.status, 422, answer.text);
      assert.equal((await rig.activation.active()).version, version);
    });
  }

  test("show where a generated manifest is wrong", async () => {
    const answer = await rig.owner("POST", "/api/v1/applications", { ...grafana, upstream: "ftp://x" });
    assertProblem(answer, 422, "manifest.invalid");
    assert.match(String(answer.at("diagnostics", 0, "rendered")), /upstream: ftp:\/\/x\n\s+\^+/);
  });
});
