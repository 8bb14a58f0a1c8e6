import type { Database } from "./database.ts";
import { openDatabase } from "./open-database.ts";
import { beginTerm } from "./terms.ts";

/** The database in a file: one process, one writer at a time, and nobody else to hear of. */
export async function openSqlite(path: string): Promise<Database> {
  const { writer, reader } = await openDatabase(path);
  const nothing = async (): Promise<void> => await Promise.resolve();
  return {
    kind: "sqlite",
    reader,
    writer,
    shared: false,
    // the writing connection is handed on in turn, and `begin immediate` excludes other processes
    turn: async () => await Promise.resolve(() => undefined),
    exclude: nothing,
    orderEvents: nothing,
    announce: nothing,
    readOnce: async (work) => await reader.transaction().execute(work),
    onHint: () => () => undefined,
    locks: {
      win: async (task, at) => await beginTerm(writer, task, at),
      release: nothing,
      check: nothing,
      onLost: () => undefined,
    },
    async close() {
      await reader.destroy();
      await writer.destroy();
    },
  };
}
