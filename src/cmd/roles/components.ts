import type { Clock } from "#kernel";
import type { StreamRequest } from "#link";
import type { WriteTransaction } from "#store";

/** After a start nobody is connected yet, whatever the row of a control that was killed says. */
export async function forgetConnections(tx: WriteTransaction): Promise<void> {
  await tx.db
    .updateTable("component")
    .set({ connected_since: null })
    .where("connected_since", "is not", null)
    .execute();
}

/** Notes that records came from a process: it is alive. */
export async function noteSeen(tx: WriteTransaction, boots: readonly string[], now: number): Promise<void> {
  if (boots.length === 0) return;
  await tx.db.updateTable("component").set({ last_seen_at: now }).where("boot", "in", boots).execute();
}

/** Keeps in the `component` table which gateways and agents hold a stream open, and since when not. */
export function trackComponents(
  clock: Clock,
): (tx: WriteTransaction, who: StreamRequest, state: "connected" | "disconnected") => Promise<void> {
  /** Open streams by process: one that connects again may do so before its old stream is found dead. */
  const open = new Map<string, number>();
  return async (tx, who, state) => {
    const now = clock.now();
    const { role, name, boot, version } = who;
    const streams = (open.get(boot) ?? 0) + (state === "connected" ? 1 : -1);
    if (streams > 0) open.set(boot, streams);
    else open.delete(boot);
    if (state === "disconnected" && streams > 0) return;
    if (state === "disconnected") {
      await tx.db
        .updateTable("component")
        .set({ connected_since: null, last_seen_at: now })
        .where("role", "=", role)
        .where("name", "=", name)
        .where("boot", "=", boot)
        .execute();
      return;
    }
    const said = { hostname: who.hostname ?? null, os_release: who.osRelease ?? null };
    const row = { role, name, boot, version, ...said, connected_since: now, last_seen_at: now };
    await tx.db
      .insertInto("component")
      .values(row)
      .onConflict((conflict) => conflict.columns(["role", "name"]).doUpdateSet(row))
      .execute();
  };
}
