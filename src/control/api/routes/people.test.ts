import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { assertProblem, makeRig, NOW, names, type Rig, type SignedIn } from "../rig.test.ts";

let rig: Rig;
let ada: SignedIn;
before(async () => {
  rig = await makeRig();
  ada = await rig.addPerson({ name: "ada" });
});
after(async () => await rig.close());

describe("people and sessions", () => {
  test("somebody invited is listed with the end of their invitation, and cannot be invited over a passkey", async () => {
    const invited = await rig.owner("POST", "/api/v1/people", {
      name: "bob",
      displayName: "Bob Moss",
      role: "engineer",
      groups: ["staging"],
    });
    assert.equal(invited.at("person", "displayName"), "Bob Moss");
    assert.deepEqual(invited.at("person", "groups"), ["staging"]);
    assert.equal(invited.at("person", "invitedUntil"), NOW + 72 * 3_600_000);
    assert.match(String(invited.at("url")), /^http:\/\/login\.postern\.localhost:7400\/invite#/);
    assertProblem(await rig.owner("POST", "/api/v1/people", { name: "ada" }), 409, "conflict");
  });

  test("lists are paged without a gap or a double", async () => {
    for (let i = 0; i < 5; i++) await rig.addPerson({ role: "member" });
    for (const list of ["people", "sessions"]) {
      const all = names(await rig.owner("GET", `/api/v1/${list}`), "id");
      const paged: unknown[] = [];
      let before = "";
      do {
        const page = await rig.owner("GET", `/api/v1/${list}?limit=2${before}`);
        paged.push(...names(page, "id"));
        const next = page.at("next");
        before = typeof next === "string" ? `&before=${encodeURIComponent(next)}` : "";
      } while (before !== "");
      assert.deepEqual(paged, all);
      assert.equal(new Set(all).size, all.length);
      assert.ok(all.length > 5);
    }
    assertProblem(await rig.owner("GET", "/api/v1/sessions?before=nonsense"), 422, "input.invalid");
  });

  test("a session shows where it has been, and which is the reader's own", async () => {
    await rig.store.write(async ({ db }) => {
      for (const host of ["wiki.postern.localhost", "console.postern.localhost"])
        await db
          .insertInto("entry")
          .values({ cookie_hash: `hash ${host}`, session_id: ada.session, host, created_at: NOW })
          .execute();
    });
    const answer = await rig.console(ada, "GET", "/api/v1/sessions");
    const own = (answer.at("items") as { id: string; hosts: string[]; current: boolean }[]).filter(
      ({ current }) => current,
    );
    assert.deepEqual(
      own.map(({ id, hosts }) => ({ id, hosts })),
      [{ id: ada.session, hosts: ["console.postern.localhost", "wiki.postern.localhost"] }],
    );
  });

  test("ending a session ends it, and a second time there is none", async () => {
    const eve = await rig.addPerson();
    assert.deepEqual(JSON.parse((await rig.console(ada, "DELETE", `/api/v1/sessions/${eve.session}`)).text), {
      ended: eve.session,
    });
    assertProblem(await rig.console(eve, "GET", "/api/v1/me"), 401, "unauthenticated");
    assertProblem(await rig.console(ada, "DELETE", `/api/v1/sessions/${eve.session}`), 404, "not_found");
  });

  test("disabling a person ends their sessions; enabling lets them sign in again", async () => {
    const eve = await rig.addPerson({ role: "member" });
    const disabled = await rig.console(ada, "POST", `/api/v1/people/${eve.user}/disable`);
    assert.equal(disabled.at("disabled"), true);
    assert.ok(!names(await rig.owner("GET", "/api/v1/sessions"), "id").includes(eve.session));
    const enabled = await rig.console(ada, "POST", `/api/v1/people/${eve.user}/enable`);
    assert.equal(enabled.at("disabled"), false);
  });

  test("a setup link is refused once there is an administrator, and given out before", async () => {
    assertProblem(await rig.owner("POST", "/api/v1/setup-link", {}), 409, "conflict");
    const empty = await makeRig();
    const link = await empty.owner("POST", "/api/v1/setup-link", {});
    assert.match(String(link.at("url")), /\/setup#/);
    assert.doesNotMatch(
      (await empty.owner("GET", "/api/v1/events")).text,
      new RegExp(String(link.at("url")).split("#")[1] ?? "?"),
    );
    await empty.close();
  });
});
