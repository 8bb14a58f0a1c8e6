/** Activation at several control nodes on one database: one order, nothing lost, and what one has put in force counts at all. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { compileSet } from "#policy";
import { onPostgres } from "../../../test/harness/databases.ts";
import { ACTOR, FIRST, type House, housesOn, NOW, refusal, rules, wikiFor } from "./house.test.ts";
import { PolicyRefused } from "./index.ts";

onPostgres((database) => {
  const { house, started } = housesOn(database);

  async function nodes(options: Parameters<typeof house>[0] = {}): Promise<[House, House, House]> {
    const a = await started(options);
    const more = { ...options, place: a.place };
    return [a, await house(more), await house(more)];
  }
  async function close(houses: readonly House[]): Promise<void> {
    for (const each of houses) await each.close();
  }
  function numbers(done: readonly { readonly activation: number }[]): number[] {
    return done.map(({ activation }) => activation).sort((a, b) => a - b);
  }

  test("of nodes that start at once on an empty database, one activates the first set", async () => {
    const place = await database.fresh();
    const all = [await house({ place }), await house({ place }), await house({ place })];
    await Promise.all(all.map(async ({ activation }) => await activation.ensureFirst(FIRST)));
    for (const { activation } of all) {
      assert.deepEqual(numbers(await activation.versions()), [1]);
      assert.equal((await activation.active()).version, compileSet(FIRST).version);
    }
    await close(all);
  });

  test("what one node has put in force counts at the others at once, and can be explained there", async () => {
    const all = await nodes();
    const [a, b, c] = all;
    for (const [i, each] of [a, b, c, b].entries()) {
      const applied = await each.activation.apply([wikiFor(`p${i}`)], "merge", ACTOR);
      for (const other of all) {
        const { version, activation, set } = await other.activation.active();
        assert.deepEqual([version, activation], [applied.version, applied.activation]);
        assert.equal(set.version, version);
        assert.equal((await other.activation.version(version))?.version, version);
      }
    }
    await close(all);
  });

  test("sets that are applied at every node at once all land, each on top of the one before", async () => {
    const all = await nodes();
    const names = Array.from({ length: 15 }, (_, i) => `p${i}`);
    const applied = await Promise.all(
      names.map(async (name, i) => await all[i % 3]?.activation.apply([wikiFor(name)], "merge", ACTOR)),
    );
    assert.deepEqual(
      numbers(applied.flatMap((each) => each ?? [])),
      names.map((_, i) => i + 2),
    );
    const { files, activation } = await all[0].activation.active();
    assert.equal(activation, 16);
    assert.deepEqual(
      names.filter((name) => !files.some(({ path }) => path === `${name}.rules`)),
      [],
    );
    const { epoch } = await all[1].store.head();
    const changes = (await all[1].store.changesAfter({ epoch, number: 0 }, 100)) ?? [];
    const told = changes.flatMap(({ entities }) =>
      entities.flatMap((change) =>
        change.kind === "policy" && change.value !== null ? [change.value.activation] : [],
      ),
    );
    assert.deepEqual(
      told,
      Array.from({ length: 16 }, (_, i) => i + 1),
      "enforcement points hear them in their order",
    );
    await close(all);
  });

  test("one application is added once and removed once, though asked for at every node", async () => {
    const all = await nodes();
    const grafana = {
      name: "grafana",
      upstream: "http://localhost:3000",
      classification: "internal",
    } as const;
    const added = await Promise.allSettled(
      all.map(async ({ activation }) => await activation.addApplication(grafana, ACTOR)),
    );
    assert.deepEqual(added.map(({ status }) => status).sort(), ["fulfilled", "rejected", "rejected"]);
    for (const each of added)
      if (each.status === "rejected") await refusal(Promise.reject(each.reason as Error), "conflict");
    const removed = await Promise.allSettled(
      all.map(async ({ activation }) => await activation.removeApplication("grafana", ACTOR)),
    );
    assert.deepEqual(removed.map(({ status }) => status).sort(), ["fulfilled", "rejected", "rejected"]);
    await close(all);
  });

  test("what is refused at one node leaves the others' as it is", async () => {
    const all = await nodes();
    const [a, b, c] = all;
    const lockout = rules("a.rules", 'DENY IF resource.kind == "postern"\n');
    const [refused, applied] = await Promise.allSettled([
      a.activation.apply([lockout], "merge", ACTOR),
      b.activation.apply([wikiFor("ada")], "merge", ACTOR),
    ]);
    assert.ok(refused.status === "rejected" && refused.reason instanceof PolicyRefused);
    assert.ok(applied.status === "fulfilled");
    assert.equal((await c.activation.active()).version, applied.value.version);
    await close(all);
  });

  test("ports are given out once, by whichever node, and known to all", async () => {
    const all = await nodes({ hostStyle: "port" });
    const names = ["alpha", "beta", "gamma"];
    await Promise.all(
      names.map(
        async (name, i) =>
          await all[i]?.activation.addApplication(
            { name, upstream: "http://localhost:3000", classification: "internal" },
            ACTOR,
          ),
      ),
    );
    const seen = await Promise.all(
      all.map(async ({ activation }) => activation.addresses((await activation.active()).set)),
    );
    const [first = []] = seen;
    assert.deepEqual(
      first.map(({ name }) => name),
      [...names, "payroll", "wiki"],
    );
    assert.equal(new Set(first.map(({ url }) => url)).size, 5);
    for (const other of seen)
      assert.deepEqual(
        other.map(({ url }) => url),
        first.map(({ url }) => url),
      );
    await close(all);
  });

  test("a person's applications are those of the set in force, at whichever node they ask", async () => {
    const all = await nodes();
    const [a, b, c] = all;
    await a.store.write(async ({ db }) => {
      await db
        .insertInto("user")
        .values({
          ...{ id: "usr_bob", name: "bob", display_name: "Bob", role: "member", groups: "[]" },
          ...{ disabled: 0, created_at: NOW, updated_at: NOW },
        })
        .execute();
      await db
        .insertInto("session")
        .values({
          ...{ id: "ses_bob", bearer_hash: "h", payload: "{}", user_id: "usr_bob", amr: "[]" },
          ...{ created_at: NOW, authenticated_at: NOW, mfa_verified_at: NOW, last_seen_at: NOW },
          ...{
            idle_expires_at: NOW + 1e6,
            absolute_expires_at: NOW + 1e6,
            source_ip: null,
            user_agent: null,
          },
        })
        .execute();
    });
    const urls = async ({ activation }: House): Promise<string[]> =>
      (await activation.applicationsFor("usr_bob", "ses_bob")).map(({ url }) => url);
    await a.activation.apply([rules("bob.rules", 'DENY IF user.name == "bob"\n')], "merge", ACTOR);
    for (const each of all) assert.deepEqual(await urls(each), []);
    await c.activation.apply([rules("bob.rules", 'ALLOW IF user.name == "bob"\n')], "merge", ACTOR);
    for (const each of [b, a, c])
      assert.ok((await urls(each)).includes("http://wiki.postern.localhost:7400/"));
    await close(all);
  });
});
