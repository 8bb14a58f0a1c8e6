import { type Kysely, sql } from "kysely";
import { PosternError } from "#kernel";
import type { Schema } from "./schema.ts";

/** Begins the next term of a task, which ends all those before. Only for whoever holds the task's lock. */
export async function beginTerm(db: Kysely<Schema>, task: string, at: number): Promise<number> {
  const row = await db
    .insertInto("leader")
    .values({ task, term: 1, since: at })
    .onConflict((conflict) =>
      conflict.column("task").doUpdateSet(({ eb }) => ({ term: eb("leader.term", "+", 1), since: at })),
    )
    .returning("term")
    .executeTakeFirstOrThrow();
  return row.term;
}

/**
 * Makes sure that no later term has begun, and holds off the next one until this transaction ends.
 * @throws PosternError `conflict`
 */
export async function confirmTerm(db: Kysely<Schema>, task: string, term: number): Promise<void> {
  // an update that changes nothing takes the row's lock on both databases
  const { rows } = await sql<{ term: number }>`
    update leader set term = term where task = ${task} returning term`.execute(db);
  if (rows[0]?.term !== term)
    throw new PosternError("conflict", `another control node leads in ${task} by now`, {
      remedy: "nothing: that node goes on with it",
    });
}
