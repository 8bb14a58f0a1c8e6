import type { Database } from "./database.ts";
import { openSqlite } from "./sqlite.ts";
import type { StoreOptions } from "./store.ts";

/** Opens whichever of the two databases it is, with its tables brought to this version. */
export async function openAny(options: StoreOptions): Promise<Database> {
  if ("path" in options) return await openSqlite(options.path);
  // an instance on SQLite never loads the driver
  const { openPostgres } = await import("./postgres.ts");
  return await openPostgres(options);
}
