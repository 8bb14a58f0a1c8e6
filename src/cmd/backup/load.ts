import { PosternError, parseJson } from "#kernel";
import { quoted, type Table, tablesOf } from "./catalog.ts";
import type { Connection, Value } from "./connection.ts";

/** Rows that go in one statement; with it, what PostgreSQL takes as parameters (65,535) is never reached. */
const BATCH = 200;

/** Rows that were put in, by table. */
export type Loaded = ReadonlyMap<string, number>;

/**
 * Puts a dump in the place of all that a database holds, in the transaction under way. What stands in the dump is from
 * outside: names are looked up among the database's own, and values go in as parameters.
 * @throws PosternError `state.damaged` for a dump that does not fit these tables
 */
export async function loadInto(
  connection: Connection,
  lines: AsyncIterable<string>,
  onRows: (rows: number) => void = () => undefined,
): Promise<Loaded> {
  const tables = await tablesOf(connection);
  await empty(connection, tables);
  const loaded = new Map<string, number>();
  let into: { readonly table: Table; readonly columns: readonly string[] } | undefined;
  let waiting: (readonly Value[])[] = [];
  let total = 0;

  async function flush(): Promise<void> {
    if (into === undefined || waiting.length === 0) return;
    const { table, columns } = into;
    const rows = waiting;
    waiting = [];
    await insert(connection, table, columns, rows);
    loaded.set(table.name, (loaded.get(table.name) ?? 0) + rows.length);
    total += rows.length;
    onRows(total);
  }

  for await (const line of lines) {
    const value = parseJson(line, "a line of the dump");
    if (Array.isArray(value)) {
      if (into === undefined || value.length !== into.columns.length || !value.every(isValue))
        throw misfit(line);
      waiting.push(value);
      if (waiting.length >= BATCH) await flush();
    } else {
      await flush();
      into = headOf(value, tables, line);
    }
  }
  await flush();
  if (connection.kind === "postgres") await continueNumbers(connection);
  return loaded;
}

async function empty(connection: Connection, tables: readonly Table[]): Promise<void> {
  for (const { name } of tables.toReversed()) await connection.rows(`delete from ${quoted(name)}`);
}

function headOf(
  value: unknown,
  tables: readonly Table[],
  line: string,
): { readonly table: Table; readonly columns: readonly string[] } {
  const has =
    typeof value === "object" && value !== null ? (value as { readonly [name: string]: unknown }) : {};
  const table = tables.find(({ name }) => name === has["table"]);
  const named = has["columns"];
  if (table === undefined || !Array.isArray(named)) throw misfit(line);
  const columns = named.map((wanted) => table.columns.find((column) => column === wanted));
  if (new Set(columns).size !== columns.length) throw misfit(line);
  return {
    table,
    columns: columns.map((column) => {
      if (column === undefined) throw misfit(line);
      return column;
    }),
  };
}

async function insert(
  connection: Connection,
  table: Table,
  columns: readonly string[],
  rows: readonly (readonly Value[])[],
): Promise<void> {
  const sign = connection.kind === "sqlite" ? "?" : "$";
  const tuples = rows.map(
    (_, row) => `(${columns.map((_, i) => `${sign}${row * columns.length + i + 1}`).join(", ")})`,
  );
  await connection.rows(
    `insert into ${quoted(table.name)} (${columns.map(quoted).join(", ")}) values ${tuples.join(", ")}`,
    rows.flat(),
  );
}

/** Columns that PostgreSQL numbers by itself go on after the highest number that is there; SQLite does so anyway. */
async function continueNumbers(connection: Connection): Promise<void> {
  const columns = await connection.rows(
    `select table_name as "table", column_name as "column" from information_schema.columns
     where table_schema = current_schema() and is_identity = 'YES'`,
  );
  for (const row of columns) {
    const [table, column] = [quoted(String(row["table"])), quoted(String(row["column"]))];
    await connection.rows(
      `select setval(pg_get_serial_sequence($1, $2), greatest((select max(${column}) from ${table}), 1),
         exists (select 1 from ${table}))`,
      [table, String(row["column"])],
    );
  }
}

function isValue(value: unknown): value is Value {
  return value === null || typeof value === "string" || Number.isSafeInteger(value);
}

function misfit(line: string): PosternError {
  return new PosternError("state.damaged", "the backup does not fit the tables of this version", {
    where: line.length > 120 ? `${line.slice(0, 120)}…` : line,
    remedy: "restore it with the version of Postern that wrote it",
  });
}
