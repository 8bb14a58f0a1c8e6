import { PosternError } from "#kernel";
import type { InstanceState } from "#link";
import type { PolicySet } from "#policy";
import type { Store, WriteTransaction } from "#store";

/** Ports by application. */
export type Ports = ReadonlyMap<string, number>;

/** Login and console have the first two ports. */
const FIRST = 2;
const LAST_PORT = 65_535;
/** The row of `instance` that holds the port which assignments were made from. */
const BASE = "application-ports-from";

/**
 * Brings the ports of applications in line with a set: each has one while it is there, the lowest that is free above
 * those of login and console, and keeps it. Another first port of the instance moves all of them.
 * @throws PosternError `conflict` when there are no more ports
 */
export async function assignPorts(
  tx: WriteTransaction,
  instance: InstanceState,
  set: PolicySet,
): Promise<Ports> {
  const wanted = instance.hostStyle === "port" ? [...set.applications.keys()].sort() : [];
  const base = instance.hostStyle === "port" ? String(instance.port) : "";
  const moved = (await baseOf(tx)) !== base;
  const held = new Map<string, number>();
  for (const { name, port } of await tx.db.selectFrom("application_port").selectAll().execute()) {
    if (!moved && wanted.includes(name)) {
      held.set(name, port);
      continue;
    }
    await tx.db.deleteFrom("application_port").where("name", "=", name).execute();
    if (!wanted.includes(name)) tx.record({ kind: "port", key: name, value: null });
  }
  const used = new Set(held.values());
  for (const name of wanted) {
    if (held.has(name)) continue;
    const port = lowestFree(instance.port + FIRST, used);
    used.add(port);
    held.set(name, port);
    await tx.db.insertInto("application_port").values({ name, port }).execute();
    tx.record({ kind: "port", key: name, value: { port } });
  }
  if (moved) await setBase(tx, base);
  return held;
}

/** The ports that are assigned, by application. */
export async function readPorts(db: Store["db"]): Promise<Ports> {
  const rows = await db.selectFrom("application_port").selectAll().execute();
  return new Map(rows.map(({ name, port }) => [name, port]));
}

function lowestFree(from: number, used: ReadonlySet<number>): number {
  for (let port = from; port <= LAST_PORT; port++) if (!used.has(port)) return port;
  throw new PosternError("conflict", "there is no port left for another application", {
    remedy: "start with a lower --port, or with --host-style=subdomain",
  });
}

async function baseOf(tx: WriteTransaction): Promise<string> {
  const row = await tx.db.selectFrom("instance").select("value").where("name", "=", BASE).executeTakeFirst();
  return row?.value ?? "";
}

async function setBase(tx: WriteTransaction, value: string): Promise<void> {
  await tx.db
    .insertInto("instance")
    .values({ name: BASE, value })
    .onConflict((conflict) => conflict.column("name").doUpdateSet({ value }))
    .execute();
}
