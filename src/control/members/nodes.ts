import type { Expression, ExpressionBuilder, SqlBool } from "kysely";
import type { Schema, WriteTransaction } from "#store";
import { forgetConnections } from "./components.ts";
import { BEAT_EVERY, ENDED_TOKEN, NODE_GONE, NODE_LISTED, SWEEP_EVERY } from "./limits.ts";
import { messageOf, type Parts } from "./parts.ts";
import type { NodeItem } from "./types.ts";

/** Control nodes: each says for itself that it is there, and the leader says of those that no longer do. */
export interface Nodes {
  list(): Promise<readonly NodeItem[]>;
  close(): Promise<void>;
}

/** Says that this node is there. */
export async function openNodes(parts: Parts): Promise<Nodes> {
  const { store, authority, schedule, notify, clock, node } = parts;
  const startedAt = clock.now();
  let closed = false;
  /** The start of this process, or of another that has the same name and was told of. */
  let rival = node.boot;
  let beating: Promise<void> | undefined;

  async function beat(): Promise<void> {
    const { number } = await store.head();
    const { trusts, presents } = authority.standing();
    const before = await store.db
      .selectFrom("control_node")
      .select(["boot", "started_at"])
      .where("name", "=", node.name)
      .executeTakeFirst();
    if (before !== undefined && before.boot !== rival && before.started_at > startedAt) {
      rival = before.boot;
      notify({
        event: "warning",
        message: `another control node has started under the name ${node.name}: give each its own`,
      });
    }
    const row = {
      url: node.url ?? null,
      version: node.version,
      boot: node.boot,
      started_at: startedAt,
      last_seen_at: clock.now(),
      number,
      trusts: JSON.stringify(trusts),
      presents,
    };
    await store.write(
      async ({ db }) => {
        await db
          .insertInto("control_node")
          .values({ name: node.name, ...row })
          .onConflict((conflict) => conflict.column("name").doUpdateSet(row))
          .execute();
      },
      { concurrent: true },
    );
    if ((await publishedUrl(store.db, node.name)) !== node.url)
      await store.write(async (tx) => await publishUrl(tx, node.name, node.url));
  }

  function beatInBackground(): void {
    if (closed || beating !== undefined) return;
    beating = beat()
      .catch((error: unknown) =>
        notify({
          event: "warning",
          message: `it is not written that this control node is there: ${messageOf(error)}`,
        }),
      )
      .finally(() => {
        beating = undefined;
      });
  }

  await beat();
  const stops = [schedule.every(BEAT_EVERY, beatInBackground), authority.onChange(beatInBackground)];
  let sweeping: Promise<void> | undefined;
  const resign = store.elect("members", (leadership) => {
    return schedule.every(SWEEP_EVERY, () => {
      sweeping ??= sweepIfDue(parts, async (tx) => await leadership.confirm(tx))
        .catch((error: unknown) =>
          notify({ event: "warning", message: `what has ended is not cleared away: ${messageOf(error)}` }),
        )
        .finally(() => {
          sweeping = undefined;
        });
    });
  });

  return {
    async list() {
      const now = clock.now();
      const rows = await store.db.selectFrom("control_node").selectAll().orderBy("name").execute();
      return rows.map((row) => ({
        name: row.name,
        version: row.version,
        boot: row.boot,
        ...(row.url === null ? {} : { url: row.url }),
        startedAt: row.started_at,
        lastSeenAt: row.last_seen_at,
        live: row.last_seen_at > now - NODE_GONE,
        number: row.number,
        self: row.name === node.name && row.boot === node.boot,
      }));
    },
    async close() {
      closed = true;
      for (const stop of stops) stop();
      await resign();
      await Promise.all([beating, sweeping]);
      await store.write(async (tx) => {
        const { numDeletedRows } = await tx.db
          .deleteFrom("control_node")
          .where("name", "=", node.name)
          .where("boot", "=", node.boot)
          .executeTakeFirst();
        if (numDeletedRows > 0n) await publishUrl(tx, node.name, undefined);
      });
    },
  };
}

/** The url under which enforcement points know a node. */
async function publishedUrl(db: Parts["store"]["db"], name: string): Promise<string | undefined> {
  const row = await db
    .selectFrom("entity")
    .select("value")
    .where("kind", "=", "control")
    .where("key", "=", name)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const value: unknown = JSON.parse(row.value);
  return typeof value === "object" && value !== null && "url" in value ? String(value.url) : undefined;
}

async function publishUrl(tx: WriteTransaction, name: string, url: string | undefined): Promise<void> {
  if ((await publishedUrl(tx.db, name)) === url) return;
  tx.record({ kind: "control", key: name, value: url === undefined ? null : { url } });
}

/** The leader's work, looked for without a write since there is seldom any. */
async function sweepIfDue(parts: Parts, confirm: (tx: WriteTransaction) => Promise<void>): Promise<void> {
  const { store, clock } = parts;
  const now = clock.now();
  if (!(await isSweepDue(store.db, now))) return;
  await store.write(async (tx) => {
    await confirm(tx);
    for (const name of await publishedNodesGone(tx.db, now))
      tx.record({ kind: "control", key: name, value: null });
    const there = await nodesThere(tx.db, now);
    await forgetConnections(tx, there);
    await tx.db
      .deleteFrom("control_node")
      .where("last_seen_at", "<=", now - NODE_LISTED)
      .execute();
    await tx.db
      .deleteFrom("join_token")
      .where("expires_at", "<=", now - ENDED_TOKEN)
      .execute();
    await tx.db.deleteFrom("member_certificate").where("not_after", "<=", now).execute();
    await tx.db.deleteFrom("gateway_key").where(isOfRevoked).execute();
  });
}

async function isSweepDue(db: Parts["store"]["db"], now: number): Promise<boolean> {
  if ((await publishedNodesGone(db, now)).length > 0) return true;
  const there = await nodesThere(db, now);
  const held = await db
    .selectFrom("component")
    .select("name")
    .where("connected_since", "is not", null)
    .where((e) =>
      there.length === 0 ? e.lit(true) : e.or([e("node", "is", null), e("node", "not in", there)]),
    )
    .limit(1)
    .executeTakeFirst();
  const node = await db
    .selectFrom("control_node")
    .select("name")
    .where("last_seen_at", "<=", now - NODE_LISTED)
    .limit(1)
    .executeTakeFirst();
  const token = await db
    .selectFrom("join_token")
    .select("name")
    .where("expires_at", "<=", now - ENDED_TOKEN)
    .limit(1)
    .executeTakeFirst();
  const certificate = await db
    .selectFrom("member_certificate")
    .select("serial")
    .where("not_after", "<=", now)
    .limit(1)
    .executeTakeFirst();
  // announced while the revocation was on its way
  const key = await db.selectFrom("gateway_key").select("kid").where(isOfRevoked).limit(1).executeTakeFirst();
  return [held, node, token, certificate, key].some((row) => row !== undefined);
}

function isOfRevoked(e: ExpressionBuilder<Schema, "gateway_key">): Expression<SqlBool> {
  return e.exists(
    e
      .selectFrom("member")
      .select("member.name")
      .whereRef("member.name", "=", "gateway_key.gateway")
      .where("member.role", "=", "gateway")
      .where("member.state", "=", "revoked"),
  );
}

/** Nodes that have said of late that they are there. */
export async function nodesThere(db: Parts["store"]["db"], now: number): Promise<string[]> {
  const rows = await db
    .selectFrom("control_node")
    .select("name")
    .where("last_seen_at", ">", now - NODE_GONE)
    .execute();
  return rows.map(({ name }) => name);
}

async function publishedNodesGone(db: Parts["store"]["db"], now: number): Promise<string[]> {
  const there = new Set(await nodesThere(db, now));
  const rows = await db.selectFrom("entity").select("key").where("kind", "=", "control").execute();
  return rows.map(({ key }) => key).filter((name) => !there.has(name));
}
