import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { onEveryDatabase } from "../../../test/harness/databases.ts";
import { ACTOR, demoText, FIRST, type House, housesOn, NOW, refusal, rules, state } from "./house.test.ts";

onEveryDatabase((database) => {
  const { house, started } = housesOn(database);

  describe("applications", () => {
    const grafana = {
      name: "grafana",
      upstream: "http://localhost:3000",
      classification: "internal",
    } as const;

    test("are manifests like any other, whatever stands in them", async () => {
      const one = await started();
      await one.activation.addApplication(
        { ...grafana, title: 'yes: [no] # "x" --- &a *b !!int {}', env: "null" },
        ACTOR,
      );
      const application = (await one.activation.active()).set.applications.get("grafana");
      assert.equal(application?.env, "null");
      assert.equal(application?.source, "applications/grafana.yaml:1");
      await one.close();
    });

    test("are not added twice, also not at once", async () => {
      const one = await started();
      await refusal(one.activation.addApplication({ ...grafana, name: "wiki" }, ACTOR), "conflict");
      const outcomes = await Promise.allSettled(
        [1, 2, 3].map(async () => await one.activation.addApplication(grafana, ACTOR)),
      );
      assert.deepEqual(outcomes.map(({ status }) => status).sort(), ["fulfilled", "rejected", "rejected"]);
      await one.close();
    });

    test("are not written over a file that has something else in it", async () => {
      const one = await started();
      const taken = {
        path: "applications/grafana.yaml",
        text: demoText().replaceAll("wiki", "notes").replaceAll("payroll", "books"),
      };
      await one.activation.apply([taken], "merge", ACTOR);
      await one.activation.addApplication(grafana, ACTOR);
      const { set } = await one.activation.active();
      assert.equal(set.applications.get("grafana")?.source, "applications/grafana-2.yaml:1");
      assert.ok(set.applications.has("notes"));
      await one.close();
    });

    test("are taken out of a file that has others in it, and the others stay", async () => {
      const one = await started();
      const removed = await one.activation.removeApplication("wiki", ACTOR);
      assert.deepEqual(
        removed.files.filter(({ change }) => change !== "same"),
        [{ path: "demo.yaml", change: "changed" }],
      );
      assert.deepEqual([...(await one.activation.active()).set.applications.keys()], ["payroll"]);
      await one.activation.removeApplication("payroll", ACTOR);
      assert.deepEqual([...(await one.activation.active()).set.applications.keys()], []);
      await refusal(one.activation.removeApplication("payroll", ACTOR), "not_found");
      await one.close();
    });
  });

  describe("addresses", () => {
    test("by name are under the domain, with the prefix", async () => {
      const one = await started({ port: 80 });
      await one.activation.addApplication(
        { name: "docs", upstream: "http://localhost:1", classification: "public", pathPrefix: "/v1/" },
        ACTOR,
      );
      const { set } = await one.activation.active();
      assert.deepEqual(
        one.activation.addresses(set).map(({ url }) => url),
        [
          "http://docs.postern.localhost/v1",
          "http://payroll.postern.localhost/",
          "http://wiki.postern.localhost/",
        ],
      );
      assert.deepEqual((await state(one)).ports, []);
      await one.close();
    });

    async function urls(one: House): Promise<Record<string, string>> {
      const { set } = await one.activation.active();
      return Object.fromEntries(one.activation.addresses(set).map(({ name, url }) => [name, url]));
    }

    test("by port are the lowest free, kept while the application is there, and freed when it goes", async () => {
      const one = await started({ hostStyle: "port" });
      assert.deepEqual(await urls(one), {
        payroll: "http://localhost:7402/",
        wiki: "http://localhost:7403/",
      });
      await one.activation.addApplication(
        { name: "alpha", upstream: "http://localhost:1", classification: "public" },
        ACTOR,
      );
      assert.equal((await urls(one))["alpha"], "http://localhost:7404/");
      await one.activation.removeApplication("payroll", ACTOR);
      assert.deepEqual(await urls(one), { alpha: "http://localhost:7404/", wiki: "http://localhost:7403/" });
      const { entities } = await one.store.snapshot();
      assert.deepEqual(
        entities.filter(({ kind }) => kind === "port"),
        [
          { kind: "port", key: "wiki", value: { port: 7403 } },
          { kind: "port", key: "alpha", value: { port: 7404 } },
        ],
      );
      await one.activation.addApplication(
        { name: "zeta", upstream: "http://localhost:1", classification: "public" },
        ACTOR,
      );
      assert.equal((await urls(one))["zeta"], "http://localhost:7402/");
      await one.close();
    });

    test("by port are known inside and after a write that another one is part of, and not after one that fails", async () => {
      const one = await started({ hostStyle: "port" });
      const added = { name: "alpha", upstream: "http://localhost:1", classification: "public" } as const;
      await assert.rejects(
        one.store.write(async () => {
          await one.activation.addApplication(added, ACTOR);
          throw new Error("no");
        }),
      );
      assert.deepEqual(Object.keys(await urls(one)), ["payroll", "wiki"]);
      await one.store.write(async () => await one.activation.addApplication(added, ACTOR));
      assert.equal((await urls(one))["alpha"], "http://localhost:7404/");
      await one.close();
    });

    test("by port follow the instance to another port, and go when it is started by name", async () => {
      const one = await started({ hostStyle: "port" });
      await one.activation.removeApplication("payroll", ACTOR);
      await one.close();
      const moved = await started({ place: one.place, hostStyle: "port", port: 9000 });
      assert.deepEqual(await urls(moved), { wiki: "http://localhost:9002/" });
      await moved.close();
      const named = await started({ place: one.place });
      assert.deepEqual(await urls(named), { wiki: "http://wiki.postern.localhost:7400/" });
      assert.deepEqual(
        (await named.store.snapshot()).entities.filter(({ kind }) => kind === "port"),
        [],
      );
      await named.close();
    });

    test("by port run out with the ports", async () => {
      const one = await house({ hostStyle: "port", port: 65_533 });
      await refusal(one.activation.ensureFirst(FIRST), "conflict");
      await refusal(one.activation.active(), "not_found");
      await one.close();
    });
  });

  describe("the applications of a person", () => {
    async function signIn({ store }: House, mfa: number | null): Promise<void> {
      await store.write(async ({ db }) => {
        await db
          .insertInto("user")
          .values({
            id: "usr_1",
            name: "bob",
            display_name: "Bob",
            role: "member",
            groups: "[]",
            disabled: 0,
            created_at: NOW,
            updated_at: NOW,
          })
          .execute();
        await db
          .insertInto("session")
          .values({
            id: "ses_1",
            bearer_hash: "x",
            payload: "{}",
            user_id: "usr_1",
            created_at: NOW,
            authenticated_at: NOW,
            amr: "[]",
            mfa_verified_at: mfa,
            last_seen_at: NOW,
            idle_expires_at: NOW + 1,
            absolute_expires_at: NOW + 1,
            source_ip: null,
            user_agent: null,
          })
          .execute();
      });
    }

    test("are those that the policy lets them open now", async () => {
      const one = await started();
      await signIn(one, NOW);
      assert.deepEqual(await one.activation.applicationsFor("usr_1", "ses_1"), [
        {
          title: "Wiki",
          url: "http://wiki.postern.localhost:7400/",
          description: "A demo application that shows who reached it",
        },
      ]);
      await one.activation.apply(
        [rules("no.rules", 'DENY IF user.name == "bob" AND resource.kind == "application"\n')],
        "merge",
        ACTOR,
      );
      assert.deepEqual(await one.activation.applicationsFor("usr_1", "ses_1"), []);
      await one.close();
    });

    test("are none without a passkey, without a session, or in the session of another", async () => {
      const one = await started();
      await signIn(one, null);
      assert.deepEqual(await one.activation.applicationsFor("usr_1", "ses_1"), []);
      assert.deepEqual(await one.activation.applicationsFor("usr_1", "ses_2"), []);
      assert.deepEqual(await one.activation.applicationsFor("usr_2", "ses_1"), []);
      await one.close();
    });
  });
});
