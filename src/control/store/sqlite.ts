import type { Database } from "./database.ts";
import { openDatabase } from "./open-database.ts";

/** The database in a file: one process, one writer at a time, and nobody else to hear of. */
export async function openSqlite(path: string): Promise<Database> {
  const { writer, reader } = await openDatabase(path);
  const nothing = async (): Promise<void> => await Promise.resolve();
  return {
    kind: "sqlite",
    reader,
    writer,
    shared: false,
    // `begin immediate` has excluded every other writer already
    exclude: nothing,
    orderEvents: nothing,
    announce: nothing,
    readOnce: async (work) => await reader.transaction().execute(work),
    onHint: () => () => undefined,
    history: async () => await Promise.resolve(undefined),
    tryLock: async () => await Promise.resolve(nothing),
    async close() {
      await reader.destroy();
      await writer.destroy();
    },
  };
}
