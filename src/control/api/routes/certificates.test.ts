import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { assertProblem, makeRig, type Rig, type SignedIn } from "../rig.test.ts";

let rig: Rig;
let ada: SignedIn;
before(async () => {
  rig = await makeRig();
  ada = await rig.addPerson({ name: "ada" });
});
after(async () => await rig.close());

test("the authority is shown, and its rotation from the beginning to the end", async () => {
  const before = await rig.console(ada, "GET", "/api/v1/authority");
  assert.equal(before.status, 200, before.text);
  assert.equal(before.at("trustDomain"), "postern.localhost");
  assert.match(String(before.at("pin")), /^sha256:[0-9a-f]{64}$/);
  assert.equal(before.at("phase"), "steady");
  assert.deepEqual(before.at("waitingFor"), []);
  assert.match(String(before.at("authorities", 0, "id")), /^[0-9a-f]{64}$/);

  // a gateway that has not seen the next one holds the rotation up
  const gateway = { role: "gateway", name: "edge-1" } as const;
  rig.members.connected(gateway, { ...gateway, boot: "boot_1", version: "0.1.0" });
  await until("it is connected", async () =>
    (await rig.owner("GET", "/api/v1/components")).text.includes('"connectedSince"'),
  );
  rig.clock.advance(60_000);
  const begun = await rig.console(ada, "POST", "/api/v1/authority/rotate");
  assert.equal(begun.status, 200, begun.text);
  assert.equal(begun.at("phase"), "published");
  assert.equal(begun.at("authorities", 0, "id"), before.at("authorities", 0, "id"));
  assert.notEqual(begun.at("authorities", 1, "id"), undefined);
  assert.ok((begun.at("waitingFor") as string[]).includes("gateway edge-1 to see it"), begun.text);
  assertProblem(await rig.owner("POST", "/api/v1/authority/rotate"), 409, "conflict");

  const { epoch, number } = await rig.store.head();
  const report = { boot: "boot_1", version: "0.1.0", position: { epoch, number }, skewSeconds: 0 };
  await rig.members.report(gateway, report);
  await until("the rotation is over", async () => {
    const now = await rig.owner("GET", "/api/v1/authority");
    return now.at("phase") === "steady" && (now.at("authorities") as unknown[]).length === 1;
  });
  const afterwards = await rig.owner("GET", "/api/v1/authority");
  assert.deepEqual(afterwards.at("authorities"), [begun.at("authorities", 1)]);
  assert.notEqual(afterwards.at("pin"), before.at("pin"));
});

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (const end = performance.now() + 10_000; !(await holds()); ) {
    assert.ok(performance.now() < end, `not in time: ${what}`);
    rig.tick();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

test("what can be read of the authority holds no key", async () => {
  const answer = await rig.console(ada, "GET", "/api/v1/authority");
  assert.deepEqual(Object.keys(JSON.parse(answer.text) as object).sort(), [
    "authorities",
    "phase",
    "pin",
    "since",
    "trustDomain",
    "waitingFor",
  ]);
  assert.doesNotMatch(answer.text, /PRIVATE|sealed/);
});
