import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { BUILTIN_FILE, compileSet } from "#policy";
import { onEveryDatabase } from "../../../test/harness/databases.ts";
import { ACTOR, demoText, FIRST, housesOn, NOW, refusal, rules, state, wikiFor } from "./house.test.ts";
import { PolicyRefused } from "./index.ts";

onEveryDatabase((database) => {
  const { house, started } = housesOn(database);

  describe("the first set", () => {
    test("activates on an empty instance, and only there", async () => {
      const one = await started();
      const { version, activation, set } = await one.activation.active();
      assert.equal(activation, 1);
      assert.equal(version, compileSet(FIRST).version);
      assert.deepEqual([...set.applications.keys()].sort(), ["payroll", "wiki"]);
      assert.deepEqual((await one.store.snapshot()).entities, [
        {
          kind: "policy",
          key: "active",
          value: { version, activation: 1, activatedAt: NOW, files: set.files, builtin: BUILTIN_FILE.text },
        },
      ]);
      const before = await state(one);
      await one.activation.ensureFirst([wikiFor("somebody")]);
      assert.deepEqual(await state(one), before);
      await one.close();
    });

    test("is asked for before it is there", async () => {
      const one = await house();
      await refusal(one.activation.active(), "not_found");
      await refusal(one.activation.apply([wikiFor("ada")], "merge", ACTOR), "not_found");
      await one.close();
    });

    test("is there after a restart, with what was applied since", async () => {
      const one = await started();
      const applied = await one.activation.apply([wikiFor("ada")], "merge", ACTOR);
      await one.close();
      const again = await started({ place: one.place });
      const active = await again.activation.active();
      assert.equal(active.version, applied.version);
      assert.equal(active.actor, "ada");
      await again.close();
    });

    test("that another version of Postern has made is added to by that version alone", async () => {
      const one = await started();
      await one.store.write(async ({ db }) => {
        await db
          .insertInto("policy_version")
          .values({ version: "0".repeat(64), files: JSON.stringify(FIRST), created_at: NOW })
          .execute();
        await db
          .insertInto("policy_activation")
          .values({ activation: 2, version: "0".repeat(64), at: NOW, actor: "owner" })
          .execute();
      });
      await refusal(one.activation.apply([wikiFor("ada")], "merge", ACTOR), "conflict");
      assert.equal((await one.activation.active()).activation, 2);
      await one.close();
    });

    test("is activated anew when Postern's own rules have changed with its version", async () => {
      const one = await started();
      await one.store.write(async ({ db }) => {
        await db
          .insertInto("policy_version")
          .values({ version: "0".repeat(64), files: JSON.stringify(FIRST), created_at: NOW })
          .execute();
        await db
          .updateTable("policy_activation")
          .set({ version: "0".repeat(64) })
          .execute();
      });
      await one.close();
      const again = await started({ place: one.place });
      const { version, activation } = await again.activation.active();
      assert.equal(activation, 2);
      assert.equal(version, compileSet(FIRST).version);
      assert.equal(
        await again.activation.version("0".repeat(64)),
        undefined,
        "no explanation is better than a wrong one",
      );
      await again.close();
    });
  });

  describe("applying", () => {
    test("writes version, activation, change and event together, and the next number", async () => {
      const one = await started();
      const before = await state(one);
      const applied = await one.activation.apply([wikiFor("ada")], "merge", ACTOR);
      assert.deepEqual(
        applied.files.filter(({ change }) => change !== "same"),
        [{ path: "ada.rules", change: "added" }],
      );
      assert.equal(applied.activation, 2);
      const afterwards = await state(one);
      assert.equal(afterwards.number, before.number + 1, "one change");
      assert.equal(afterwards.events, before.events + 1);
      assert.deepEqual(
        { ...afterwards.versions[0] },
        {
          activation: 2,
          version: applied.version,
          at: NOW,
          actor: "ada",
        },
      );
      const [event] = await one.log.events({ limit: 1 });
      assert.match(
        JSON.stringify(event),
        new RegExp(`"act":"policy.apply".*"decision":"dec_1".*"version":"${applied.version}"`),
      );
      await one.close();
    });

    test("the same again changes nothing and takes no number", async () => {
      const one = await started();
      await one.activation.apply([wikiFor("ada")], "merge", ACTOR);
      const before = await state(one);
      const applied = await one.activation.apply([wikiFor("ada")], "merge", ACTOR);
      assert.equal(applied.changed, false);
      assert.equal(applied.activation, 2);
      assert.ok(applied.files.every(({ change }) => change === "same"));
      assert.deepEqual(await state(one), before);
      await one.close();
    });

    test("merging keeps what it does not name; replacing does not; going back is a new activation", async () => {
      const one = await started();
      const first = await one.activation.active();
      await one.activation.apply([wikiFor("ada")], "merge", ACTOR);
      const replaced = await one.activation.apply([wikiFor("bob")], "replace", ACTOR);
      assert.deepEqual(replaced.files, [
        { path: "ada.rules", change: "removed" },
        { path: "bob.rules", change: "added" },
        { path: "demo.yaml", change: "removed" },
        { path: "policy-set.yaml", change: "removed" },
        { path: "policy.rules", change: "removed" },
      ]);
      const back = await one.activation.apply(first.files, "replace", ACTOR);
      assert.equal(back.version, first.version);
      assert.equal(back.activation, 4);
      assert.deepEqual(
        (await one.activation.versions()).map(({ activation }) => activation),
        [4, 3, 2, 1],
      );
      assert.deepEqual(
        (await one.activation.versions({ before: 3, limit: 1 })).map(({ activation }) => activation),
        [2],
      );
      await one.close();
    });

    for (const [what, files, mode, code] of [
      [
        "a rule that does not compile",
        [rules("a.rules", "ALLOW IF user.rol == 1\n")],
        "merge",
        "policy.invalid",
      ],
      [
        "a manifest that is none",
        [{ path: "a.yaml", text: "kind: Applikation\n" }],
        "merge",
        "manifest.invalid",
      ],
      [
        "two applications of one name",
        [
          { path: "a.yaml", text: demoText() },
          { path: "b.yaml", text: demoText() },
        ],
        "replace",
        "manifest.invalid",
      ],
      [
        "a rule that locks administrators out",
        [rules("a.rules", 'DENY IF user.role == "administrator"\n')],
        "merge",
        "policy.locks_out",
      ],
      [
        "a rule that locks the owner out",
        [rules("a.rules", 'DENY IF user.role == "owner"\n')],
        "replace",
        "policy.locks_out",
      ],
    ] as const) {
      test(`${what} is refused, by preview too, and nothing whatever changes`, async () => {
        const one = await started();
        const before = await state(one);
        const error = await refusal(one.activation.apply(files, mode, ACTOR), code);
        assert.ok(error instanceof PolicyRefused && error.files.length > 0);
        await refusal(one.activation.preview(files, mode), code);
        assert.deepEqual(await state(one), before);
        await one.close();
      });
    }

    test("what the log does not take does not activate", async () => {
      const one = await started();
      const { version } = await one.activation.active();
      await one.store.write(async ({ db }) => {
        await db.schema.alterTable("event").renameTo("event_elsewhere").execute();
      });
      await assert.rejects(one.activation.apply([wikiFor("ada")], "merge", ACTOR));
      assert.equal((await one.activation.active()).version, version);
      assert.equal((await one.activation.versions()).length, 1);
      await one.close();
    });

    test("many at once all land, each on top of the one before", async () => {
      const one = await started();
      const names = Array.from({ length: 12 }, (_, i) => `p${i}`);
      const applied = await Promise.all(
        names.map(async (name) => await one.activation.apply([wikiFor(name)], "merge", ACTOR)),
      );
      assert.deepEqual(
        applied.map(({ activation }) => activation).sort((a, b) => a - b),
        names.map((_, i) => i + 2),
      );
      const paths = (await one.activation.active()).files.map(({ path }) => path);
      assert.deepEqual(
        names.filter((name) => !paths.includes(`${name}.rules`)),
        [],
      );
      await one.close();
    });

    test("a preview says what would be, and changes nothing", async () => {
      const one = await started();
      const before = await state(one);
      const seen = await one.activation.preview([wikiFor("ada")], "merge");
      assert.equal(seen.changed, true);
      assert.deepEqual(await state(one), before);
      assert.equal((await one.activation.apply([wikiFor("ada")], "merge", ACTOR)).version, seen.version);
      await one.close();
    });

    test("every version that was active can be had again, more than are kept compiled", async () => {
      const one = await started();
      const versions: string[] = [(await one.activation.active()).version];
      for (let i = 0; i < 12; i++)
        versions.push((await one.activation.apply([wikiFor(`p${i}`)], "merge", ACTOR)).version);
      for (const version of versions) assert.equal((await one.activation.version(version))?.version, version);
      assert.equal(await one.activation.version("f".repeat(64)), undefined);
      await one.close();
    });
  });
});
