import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { makeRig, type Rig, type SignedIn } from "../rig.test.ts";

let rig: Rig;
let ada: SignedIn;
before(async () => {
  rig = await makeRig();
  ada = await rig.addPerson({ name: "ada" });
});
after(async () => await rig.close());

test("the API describes itself", async () => {
  const answer = await rig.owner("GET", "/api/openapi.json");
  assert.equal(answer.at("openapi"), "3.1.0");
  const paths = Object.keys(answer.at("paths") as object).sort();
  assert.deepEqual(paths, [
    "/api/v1/applications",
    "/api/v1/applications/{name}",
    "/api/v1/authority",
    "/api/v1/authority/rotate",
    "/api/v1/components",
    "/api/v1/decisions",
    "/api/v1/decisions/{id}",
    "/api/v1/events",
    "/api/v1/events/stream",
    "/api/v1/me",
    "/api/v1/members/tokens",
    "/api/v1/members/tokens/{role}/{name}",
    "/api/v1/members/{role}/{name}/revoke",
    "/api/v1/overview",
    "/api/v1/people",
    "/api/v1/people/{id}/disable",
    "/api/v1/people/{id}/enable",
    "/api/v1/policy",
    "/api/v1/policy/apply",
    "/api/v1/policy/check",
    "/api/v1/policy/versions",
    "/api/v1/sessions",
    "/api/v1/sessions/{id}",
    "/api/v1/setup-link",
  ]);
  const ofConsole = await rig.console(ada, "GET", "/api/openapi.json");
  assert.equal(ofConsole.at("paths", "/api/v1/setup-link"), undefined);
});
