import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { EntityChange } from "#link";
import { DATABASES, port } from "./rig.test.ts";

for (const database of DATABASES) {
  describe(`${database.name}: pages of the state`, { skip: database.skip }, () => {
    test("follow each other without a hole, and say of which position they are", async () => {
      const store = await database.open();
      const keys = ["B", "a", "a-b", "aa", "b", "ä", "z"];
      await store.write(async ({ record }) => {
        for (const [index, key] of keys.entries()) record(port(key, index));
        for (const key of keys) record({ kind: "control", key, value: { url: "https://x.example" } });
        await Promise.resolve();
      });
      const whole = await store.snapshot();
      for (const limit of [1, 3, 14, 15]) {
        const paged: EntityChange[] = [];
        for (let after: EntityChange | undefined; ; ) {
          const page = await store.page({ limit, ...(after === undefined ? {} : { after }) });
          assert.deepEqual([page.epoch, page.number], [whole.epoch, whole.number]);
          paged.push(...page.entities);
          if (page.entities.length < limit) break;
          after = page.entities.at(-1);
        }
        const inOrder = (entities: readonly EntityChange[]): string[] =>
          entities.map((entity) => JSON.stringify(entity)).sort();
        assert.deepEqual(inOrder(paged), inOrder(whole.entities));
      }
      await store.close();
    });

    test("hold the kinds that are asked for", async () => {
      const store = await database.open();
      await store.write(async ({ record }) => {
        record(port("p", 1));
        record({ kind: "control", key: "c", value: { url: "https://x.example" } });
        await Promise.resolve();
      });
      const page = await store.page({ kinds: ["port", "policy"], limit: 10 });
      assert.deepEqual(page.entities, [port("p", 1)]);
      await store.close();
    });
  });
}
