import type { Position } from "#link";
import type { DatabaseReader } from "../doctor/database-reader.ts";

/** What a database is, and who works on it. Times are milliseconds since the Unix epoch. */
export interface DatabaseStatus {
  readonly kind: "sqlite" | "postgres";
  /** Of the database program. */
  readonly version: string;
  readonly sizeBytes: number;
  readonly position: Position;
  readonly migrations: readonly string[];
  readonly nodes: readonly {
    readonly name: string;
    readonly version: string;
    readonly startedAt: number;
    readonly lastSeenAt: number;
  }[];
  /** Tasks that one control node at a time does, and how often the lead of each has changed hands. */
  readonly leaders: readonly { readonly task: string; readonly term: number }[];
}

/** Reads it all. @throws PosternError as the reader does */
export async function describeDatabase(reader: DatabaseReader): Promise<DatabaseStatus> {
  const sqlite = reader.kind === "sqlite";
  const [about] = await reader.rows(
    sqlite
      ? "select sqlite_version() as version, page_count * page_size as size from pragma_page_count(), pragma_page_size()"
      : "select current_setting('server_version') as version, pg_database_size(current_database()) as size",
  );
  const [counter] = await reader.rows("select epoch, number from counter");
  const migrations = await reader.rows("select name from kysely_migration order by name");
  const tables = await tablesOf(reader);
  const nodes = tables.has("control_node")
    ? await reader.rows("select name, version, started_at, last_seen_at from control_node order by name")
    : [];
  const leaders = tables.has("leader")
    ? await reader.rows("select task, term from leader order by task")
    : [];
  return {
    kind: reader.kind,
    version: String(about?.["version"]),
    sizeBytes: Number(about?.["size"]),
    position: { epoch: String(counter?.["epoch"]), number: Number(counter?.["number"]) },
    migrations: migrations.map(({ name }) => String(name)),
    nodes: nodes.map((node) => ({
      name: String(node["name"]),
      version: String(node["version"]),
      startedAt: Number(node["started_at"]),
      lastSeenAt: Number(node["last_seen_at"]),
    })),
    leaders: leaders.map((leader) => ({ task: String(leader["task"]), term: Number(leader["term"]) })),
  };
}

/** A database of an earlier version lacks tables of this one. */
async function tablesOf(reader: DatabaseReader): Promise<ReadonlySet<string>> {
  const rows = await reader.rows(
    reader.kind === "sqlite"
      ? "select name from sqlite_master where type = 'table'"
      : "select table_name as name from information_schema.tables where table_schema = current_schema()",
  );
  return new Set(rows.map(({ name }) => String(name)));
}
