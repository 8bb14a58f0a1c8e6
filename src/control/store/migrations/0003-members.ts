import type { Kysely, Migration } from "kysely";

/** Control's authorities, gateways and agents that join, and control nodes. Names and meanings are those of `schema.ts`. */
export const members: Migration = {
  async up(db: Kysely<never>): Promise<void> {
    const s = db.schema;
    await s
      .createTable("authority")
      .addColumn("id", "text", (c) => c.primaryKey())
      .addColumn("certificate", "text", (c) => c.notNull())
      .addColumn("key_sealed", "text", (c) => c.notNull())
      .addColumn("not_after", "bigint", (c) => c.notNull())
      .addColumn("created_at", "bigint", (c) => c.notNull())
      .addColumn("signs_members", "integer", (c) => c.notNull())
      .addColumn("signs_control", "integer", (c) => c.notNull())
      .addColumn("phase_since", "bigint", (c) => c.notNull())
      .execute();
    await s
      .createTable("member")
      .addColumn("role", "text", (c) => c.notNull())
      .addColumn("name", "text", (c) => c.notNull())
      .addColumn("state", "text", (c) => c.notNull())
      .addColumn("joined_at", "bigint", (c) => c.notNull())
      .addColumn("revoked_at", "bigint")
      .addColumn("clone_since", "bigint")
      .addColumn("clone_addresses", "text")
      .addPrimaryKeyConstraint("member_key", ["role", "name"])
      .execute();
    await s
      .createTable("member_certificate")
      .addColumn("serial", "text", (c) => c.primaryKey())
      .addColumn("role", "text", (c) => c.notNull())
      .addColumn("name", "text", (c) => c.notNull())
      .addColumn("authority", "text", (c) => c.notNull())
      .addColumn("issued_at", "bigint", (c) => c.notNull())
      .addColumn("not_after", "bigint", (c) => c.notNull())
      .addColumn("used_at", "bigint")
      .addColumn("renewed_boot", "text")
      .addColumn("revoked", "integer", (c) => c.notNull())
      .execute();
    await s
      .createTable("member_boot")
      .addColumn("role", "text", (c) => c.notNull())
      .addColumn("name", "text", (c) => c.notNull())
      .addColumn("boot", "text", (c) => c.notNull())
      .addColumn("ordinal", "integer", (c) => c.notNull())
      .addColumn("first_seen_at", "bigint", (c) => c.notNull())
      .addColumn("address", "text")
      .addColumn("reported", "integer", (c) => c.notNull())
      .addPrimaryKeyConstraint("member_boot_key", ["role", "name", "boot"])
      .execute();
    await s
      .createTable("join_token")
      .addColumn("token_hash", "text", (c) => c.primaryKey())
      .addColumn("role", "text", (c) => c.notNull())
      .addColumn("name", "text", (c) => c.notNull())
      .addColumn("authority", "text", (c) => c.notNull())
      .addColumn("created_at", "bigint", (c) => c.notNull())
      .addColumn("created_by", "text", (c) => c.notNull())
      .addColumn("expires_at", "bigint", (c) => c.notNull())
      .addColumn("used_at", "bigint")
      .execute();
    await s
      .createTable("control_node")
      .addColumn("name", "text", (c) => c.primaryKey())
      .addColumn("url", "text")
      .addColumn("version", "text", (c) => c.notNull())
      .addColumn("boot", "text", (c) => c.notNull())
      .addColumn("started_at", "bigint", (c) => c.notNull())
      .addColumn("last_seen_at", "bigint", (c) => c.notNull())
      .addColumn("number", "bigint", (c) => c.notNull())
      .addColumn("trusts", "text", (c) => c.notNull())
      .addColumn("presents", "text", (c) => c.notNull())
      .execute();
    // one statement each: SQLite adds one column at a time
    for (const [name, type] of COMPONENT) await s.alterTable("component").addColumn(name, type).execute();
  },
};

const COMPONENT = [
  ["local", "integer"],
  ["node", "text"],
  ["address", "text"],
  ["serial", "text"],
  ["certificate_not_after", "bigint"],
  ["reported_at", "bigint"],
  ["epoch", "text"],
  ["number", "bigint"],
  ["view_age_ms", "bigint"],
  ["skew_ms", "bigint"],
  ["blocked", "text"],
  ["live_connections", "bigint"],
  ["unshipped_records", "bigint"],
] as const;
