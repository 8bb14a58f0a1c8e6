import { type Kysely, type Migration, PostgresAdapter, sql } from "kysely";

/** The tables of the first version. Names and meanings are those of `schema.ts`. */
export const first: Migration = {
  async up(db: Kysely<never>): Promise<void> {
    const s = db.schema;
    const postgres = db.getExecutor().adapter instanceof PostgresAdapter;
    await s
      .createTable("instance")
      .addColumn("name", "text", (c) => c.primaryKey())
      .addColumn("value", "text", (c) => c.notNull())
      .execute();
    await s
      .createTable("counter")
      .addColumn("id", "integer", (c) => c.primaryKey())
      .addColumn("epoch", "text", (c) => c.notNull())
      .addColumn("number", "bigint", (c) => c.notNull())
      .execute();
    await s
      .createTable("change")
      .addColumn("number", "bigint", (c) => c.primaryKey())
      .addColumn("at", "bigint", (c) => c.notNull())
      .addColumn("entities", "text", (c) => c.notNull())
      .execute();
    await s
      .createTable("entity")
      .addColumn("kind", "text", (c) => c.notNull())
      .addColumn("key", "text", (c) => c.notNull())
      .addColumn("value", "text", (c) => c.notNull())
      .addColumn("number", "bigint", (c) => c.notNull())
      .addPrimaryKeyConstraint("entity_key", ["kind", "key"])
      .execute();
    await s
      .createTable("user")
      .addColumn("id", "text", (c) => c.primaryKey())
      .addColumn("name", "text", (c) => c.notNull().unique())
      .addColumn("display_name", "text", (c) => c.notNull())
      .addColumn("role", "text", (c) => c.notNull())
      .addColumn("groups", "text", (c) => c.notNull())
      .addColumn("disabled", "integer", (c) => c.notNull())
      .addColumn("created_at", "bigint", (c) => c.notNull())
      .addColumn("updated_at", "bigint", (c) => c.notNull())
      .execute();
    await s
      .createTable("credential")
      .addColumn("id", "text", (c) => c.primaryKey())
      .addColumn("user_id", "text", (c) => c.notNull().references("user.id"))
      .addColumn("public_key", "text", (c) => c.notNull())
      .addColumn("sign_count", "bigint", (c) => c.notNull())
      .addColumn("transports", "text", (c) => c.notNull())
      .addColumn("aaguid", "text", (c) => c.notNull())
      .addColumn("backed_up", "integer", (c) => c.notNull())
      .addColumn("name", "text", (c) => c.notNull())
      .addColumn("created_at", "bigint", (c) => c.notNull())
      .addColumn("last_used_at", "bigint")
      .execute();
    await s.createIndex("credential_user").on("credential").column("user_id").execute();
    await s
      .createTable("session")
      .addColumn("id", "text", (c) => c.primaryKey())
      .addColumn("bearer_hash", "text", (c) => c.notNull().unique())
      .addColumn("payload", "text", (c) => c.notNull())
      .addColumn("user_id", "text", (c) => c.references("user.id"))
      .addColumn("created_at", "bigint", (c) => c.notNull())
      .addColumn("authenticated_at", "bigint")
      .addColumn("amr", "text", (c) => c.notNull())
      .addColumn("mfa_verified_at", "bigint")
      .addColumn("last_seen_at", "bigint", (c) => c.notNull())
      .addColumn("idle_expires_at", "bigint", (c) => c.notNull())
      .addColumn("absolute_expires_at", "bigint", (c) => c.notNull())
      .addColumn("source_ip", "text")
      .addColumn("user_agent", "text")
      .execute();
    await s.createIndex("session_user").on("session").column("user_id").execute();
    await s
      .createTable("entry")
      .addColumn("cookie_hash", "text", (c) => c.primaryKey())
      .addColumn("session_id", "text", (c) => c.notNull().references("session.id").onDelete("cascade"))
      .addColumn("host", "text", (c) => c.notNull())
      .addColumn("created_at", "bigint", (c) => c.notNull())
      .execute();
    await s.createIndex("entry_session").on("entry").column("session_id").execute();
    await s
      .createTable("enrolment")
      .addColumn("token_hash", "text", (c) => c.primaryKey())
      .addColumn("kind", "text", (c) => c.notNull())
      .addColumn("user_id", "text", (c) => c.references("user.id"))
      .addColumn("created_at", "bigint", (c) => c.notNull())
      .addColumn("expires_at", "bigint", (c) => c.notNull())
      .addColumn("browser_hash", "text")
      .addColumn("challenge", "text")
      .addColumn("used_at", "bigint")
      .execute();
    await s
      .createTable("oidc")
      .addColumn("model", "text", (c) => c.notNull())
      .addColumn("id", "text", (c) => c.notNull())
      .addColumn("payload", "text", (c) => c.notNull())
      .addColumn("grant_id", "text")
      .addColumn("uid", "text")
      .addColumn("consumed_at", "bigint")
      .addColumn("expires_at", "bigint")
      .addPrimaryKeyConstraint("oidc_key", ["model", "id"])
      .execute();
    await s.createIndex("oidc_grant").on("oidc").column("grant_id").execute();
    await s.createIndex("oidc_expiry").on("oidc").column("expires_at").execute();
    await s
      .createTable("secret")
      .addColumn("name", "text", (c) => c.primaryKey())
      .addColumn("sealed", "text", (c) => c.notNull())
      .addColumn("created_at", "bigint", (c) => c.notNull())
      .execute();
    await s
      .createTable("policy_version")
      .addColumn("version", "text", (c) => c.primaryKey())
      .addColumn("files", "text", (c) => c.notNull())
      .addColumn("created_at", "bigint", (c) => c.notNull())
      .execute();
    await s
      .createTable("policy_activation")
      .addColumn("activation", "bigint", (c) => c.primaryKey())
      .addColumn("version", "text", (c) => c.notNull().references("policy_version.version"))
      .addColumn("at", "bigint", (c) => c.notNull())
      .addColumn("actor", "text", (c) => c.notNull())
      .execute();
    await s
      .createTable("application_port")
      .addColumn("name", "text", (c) => c.primaryKey())
      .addColumn("port", "integer", (c) => c.notNull().unique())
      .execute();
    await s
      .createTable("component")
      .addColumn("role", "text", (c) => c.notNull())
      .addColumn("name", "text", (c) => c.notNull())
      .addColumn("boot", "text", (c) => c.notNull())
      .addColumn("version", "text", (c) => c.notNull())
      .addColumn("hostname", "text")
      .addColumn("os_release", "text")
      .addColumn("connected_since", "bigint")
      .addColumn("last_seen_at", "bigint", (c) => c.notNull())
      .addPrimaryKeyConstraint("component_key", ["role", "name"])
      .execute();
    await s
      .createTable("gateway_key")
      .addColumn("kid", "text", (c) => c.primaryKey())
      .addColumn("gateway", "text", (c) => c.notNull())
      .addColumn("jwk", "text", (c) => c.notNull())
      .addColumn("announced_at", "bigint", (c) => c.notNull())
      .execute();
    await s
      .createTable("event")
      .addColumn("id", postgres ? "bigint" : "integer", (c) =>
        // SQLite's own kind of row number, which is never given out twice
        postgres ? c.primaryKey().generatedByDefaultAsIdentity() : c.primaryKey().autoIncrement(),
      )
      .addColumn("source", "text", (c) => c.notNull())
      .addColumn("boot", "text", (c) => c.notNull())
      .addColumn("sequence", "bigint", (c) => c.notNull())
      .addColumn("previous", "text", (c) => c.notNull())
      .addColumn("time", "bigint", (c) => c.notNull())
      .addColumn("class_uid", "integer", (c) => c.notNull())
      .addColumn("kind", "text", (c) => c.notNull())
      .addColumn("decision_id", "text")
      .addColumn("effect", "text")
      .addColumn("resource", "text")
      .addColumn("subject", "text")
      .addColumn("body", "text", (c) => c.notNull())
      .addUniqueConstraint("event_exactly_once", ["source", "boot", "sequence"])
      .execute();
    await s
      .createIndex("event_decision")
      .on("event")
      .column("decision_id")
      .where(sql`decision_id`, "is not", null)
      .execute();
    await s.createIndex("event_kind").on("event").columns(["kind", "id"]).execute();
    await s.createIndex("event_time").on("event").columns(["kind", "time"]).execute();
    await s
      .createTable("event_source")
      .addColumn("source", "text", (c) => c.notNull())
      .addColumn("boot", "text", (c) => c.notNull())
      .addColumn("sequence", "bigint", (c) => c.notNull())
      .addColumn("hash", "text", (c) => c.notNull())
      .addPrimaryKeyConstraint("event_source_key", ["source", "boot"])
      .execute();
  },
};
