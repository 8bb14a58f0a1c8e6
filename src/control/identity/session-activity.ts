import { z } from "zod";
import { PosternError } from "#kernel";
import type { ActivityReport } from "#link";
import type { Store } from "#store";
import { ACTIVITY_STEP, SESSION_IDLE } from "./limits.ts";
import type { Parts } from "./parts.ts";
import { inOrder, portions } from "./session-order.ts";
import { type SessionRow, sessionState } from "./sessions.ts";

const REPORT: z.ZodType<ActivityReport> = z.strictObject({
  sessions: z.record(z.string().max(64), z.number().int().nonnegative()),
});

/**
 * Takes an enforcement point's word that sessions were used: each lives on for its idle time from then, never
 * past its absolute limit. Sessions that have ended or are unknown stay so; the future counts as now.
 *
 * Reports of several enforcement points are taken beside one another and beside everything else, since each session is one
 * conditional update: it finds the row as it is then, and a session that another write has ended is not there any more. What
 * is told to enforcement points is what that update has left, numbered before the row is let go.
 * @throws PosternError `input.invalid`.
 */
export async function noteActivity(parts: Parts, report: unknown): Promise<void> {
  const parsed = REPORT.safeParse(report);
  if (!parsed.success)
    throw new PosternError("input.invalid", "not a report of activity", { cause: parsed.error });
  for (const portion of portions(inOrder(Object.entries(parsed.data.sessions), ([id]) => id))) {
    await parts.store.write(
      async (tx) => {
        const now = parts.clock.now();
        for (const [id, at] of portion) {
          const used = await noteUse(tx.db, id, Math.min(at, now), now);
          if (used !== undefined) tx.record({ kind: "session", key: id, value: sessionState(used) });
        }
      },
      { concurrent: true },
    );
  }
}

/** The session as it is from now on; undefined when it has ended, or was used later or hardly sooner than that. */
async function noteUse(
  db: Store["db"],
  id: string,
  at: number,
  now: number,
): Promise<(SessionRow & { user_id: string; authenticated_at: number }) | undefined> {
  const idle = at + SESSION_IDLE;
  const row = await db
    .updateTable("session")
    .set((e) => ({
      last_seen_at: at,
      idle_expires_at: e
        .case()
        .when("absolute_expires_at", "<", idle)
        .then(e.ref("absolute_expires_at"))
        .else(idle)
        .end(),
    }))
    .where("id", "=", id)
    .where("last_seen_at", "<=", at - ACTIVITY_STEP)
    .where("idle_expires_at", ">", now)
    .where("absolute_expires_at", ">", now)
    .where((e) =>
      e.exists(
        e
          .selectFrom("user")
          .select("user.id")
          .whereRef("user.id", "=", "session.user_id")
          .where("user.disabled", "=", 0),
      ),
    )
    .returningAll()
    .executeTakeFirst();
  if (row === undefined || row.user_id === null || row.authenticated_at === null) return undefined;
  return { ...row, user_id: row.user_id, authenticated_at: row.authenticated_at };
}
