import type { Connection } from "./connection.ts";

/** A table as both databases have it. Names are the database's own, so they may stand in a query. */
export interface Table {
  readonly name: string;
  /** In the order of the alphabet. */
  readonly columns: readonly string[];
  readonly key: readonly { readonly column: string; readonly text: boolean }[];
}

/** Rows of these are about the one database that they are in: its schema, and which history it is in. */
const ITS_OWN = new Set(["kysely_migration", "kysely_migration_lock", "history"]);

const COLUMNS = {
  sqlite: `select t.name as "table", c.name as "column", c.pk as place, lower(c.type) = 'text' as text
    from sqlite_schema t join pragma_table_info(t.name) c where t.type = 'table' and substr(t.name, 1, 7) <> 'sqlite_'`,
  postgres: `select c.table_name as "table", c.column_name as "column", (c.data_type = 'text')::int as text,
      coalesce((select array_position(string_to_array(i.indkey::text, ' '), a.attnum::text) from pg_index i
        join pg_attribute a on a.attrelid = i.indrelid and a.attname = c.column_name
        where i.indisprimary and i.indrelid = format('%I.%I', c.table_schema, c.table_name)::regclass), 0) as place
    from information_schema.columns c join information_schema.tables t using (table_schema, table_name)
    where c.table_schema = current_schema() and t.table_type = 'BASE TABLE'`,
} as const;

const REFERENCES = {
  sqlite: `select t.name as child, f."table" as parent
    from sqlite_schema t join pragma_foreign_key_list(t.name) f where t.type = 'table'`,
  postgres: `select child.relname as child, parent.relname as parent from pg_constraint k
    join pg_class child on child.oid = k.conrelid join pg_class parent on parent.oid = k.confrelid
    where k.contype = 'f' and child.relnamespace = current_schema()::regnamespace`,
} as const;

/** The tables that hold an instance's state, each after those that it refers to; the same order on both databases. */
export async function tablesOf(connection: Connection): Promise<readonly Table[]> {
  const columns = await connection.rows(COLUMNS[connection.kind]);
  const names = [...new Set(columns.map((row) => String(row["table"])))].filter((name) => !ITS_OWN.has(name));
  const parents = new Map<string, Set<string>>(names.map((name) => [name, new Set()]));
  for (const row of await connection.rows(REFERENCES[connection.kind])) {
    const { child, parent } = row;
    if (child !== parent) parents.get(String(child))?.add(String(parent));
  }
  return inOrder(names.sort(byCodeUnit), parents).map((name) => {
    const own = columns.filter((row) => row["table"] === name);
    return {
      name,
      columns: own.map((row) => String(row["column"])).sort(byCodeUnit),
      key: own
        .filter((row) => Number(row["place"]) > 0)
        .sort((a, b) => Number(a["place"]) - Number(b["place"]))
        .map((row) => ({ column: String(row["column"]), text: Number(row["text"]) === 1 })),
    };
  });
}

/** All rows of a table in the order of its key, which is the same on both databases: by bytes, not by any language. */
export function selectAll(connection: Connection, { name, columns, key }: Table): string {
  const collation = connection.kind === "postgres" ? ' collate "C"' : "";
  const order = key.map(({ column, text }) => `${quoted(column)}${text ? collation : ""}`);
  return `select ${columns.map(quoted).join(", ")} from ${quoted(name)} order by ${order.join(", ")}`;
}

export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function inOrder(names: readonly string[], parents: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const placed = new Set<string>();
  const order: string[] = [];
  while (order.length < names.length) {
    const next = names.find(
      (name) => !placed.has(name) && [...(parents.get(name) ?? [])].every((parent) => placed.has(parent)),
    );
    if (next === undefined) throw new TypeError("tables refer to one another in a circle");
    placed.add(next);
    order.push(next);
  }
  return order;
}

function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : 1;
}
