import type { Kysely, Migration } from "kysely";

/** What several control nodes on one database need. Names and meanings are those of `schema.ts`. */
export const nodes: Migration = {
  async up(db: Kysely<never>): Promise<void> {
    const s = db.schema;
    await s
      .createTable("leader")
      .addColumn("task", "text", (c) => c.primaryKey())
      .addColumn("term", "bigint", (c) => c.notNull())
      .addColumn("since", "bigint", (c) => c.notNull())
      .execute();
    await s
      .createTable("history")
      .addColumn("id", "integer", (c) => c.primaryKey())
      .addColumn("name", "text", (c) => c.notNull())
      .addColumn("since", "bigint", (c) => c.notNull())
      .execute();
  },
};
