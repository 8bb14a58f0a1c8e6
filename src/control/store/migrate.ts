import { type Kysely, type Migration, Migrator } from "kysely";
import { PosternError } from "#kernel";
import { first } from "./migrations/0001-first.ts";
import { nodes } from "./migrations/0002-nodes.ts";
import { members } from "./migrations/0003-members.ts";
import type { Schema } from "./schema.ts";

/** In their order; the same for both databases. */
const MIGRATIONS: Readonly<Record<string, Migration>> = {
  "0001-first": first,
  "0002-nodes": nodes,
  "0003-members": members,
};

/** The migrations that a database of this version has had, in order, as Kysely's table `kysely_migration` names them. */
export const migrationNames: readonly string[] = Object.keys(MIGRATIONS);

/**
 * Brings the tables to this version. Of several nodes that start at once, one does it and the others wait.
 * @throws PosternError `state.newer`, or what the database says
 */
export async function migrate(db: Kysely<Schema>, where: string): Promise<void> {
  const migrator = new Migrator({
    db,
    provider: { getMigrations: async () => await Promise.resolve({ ...MIGRATIONS }) },
  });
  const { error } = await migrator.migrateToLatest();
  if (error === undefined) return;
  // Kysely has no code for it: the table of migrations names one that this program does not have
  if (error instanceof Error && error.message.includes("corrupted migrations")) {
    throw new PosternError("state.newer", "the database was written by a later version of Postern", {
      where,
      remedy: "start the later version, or restore a backup made by this one",
      cause: error,
    });
  }
  throw error;
}
