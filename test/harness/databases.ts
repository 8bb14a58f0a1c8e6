/** The databases that control's rooms are tried on: SQLite, and a real PostgreSQL that several nodes may share. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe } from "node:test";
import { type Postgres, startPostgres } from "./postgres.ts";

/** Where a database is, as `openStore` takes it. */
export type Place = { readonly path: string } | { readonly url: string };

export interface TestDatabase {
  readonly name: string;
  /** Whether several nodes may open one. */
  readonly shared: boolean;
  /** An empty one. */
  fresh(): Promise<Place>;
  /** The server that holds them all, for tests that stop it; fails on SQLite. */
  server(): Promise<Postgres>;
}

/** Defines the same tests for each database; one server a file, which starts when the first test needs it. */
export function onEveryDatabase(define: (database: TestDatabase) => void): void {
  describe("SQLite", () => define(sqlite()));
  onPostgres(define);
}

/** Defines tests that need several nodes on one database. */
export function onPostgres(define: (database: TestDatabase) => void): void {
  describe("PostgreSQL", () => define(postgres()));
}

function sqlite(): TestDatabase {
  let folder: string | undefined;
  let made = 0;
  after(() => {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  });
  return {
    name: "SQLite",
    shared: false,
    async fresh() {
      folder ??= mkdtempSync(join(tmpdir(), "postern-databases-"));
      return await Promise.resolve({ path: join(folder, `${++made}.db`) });
    },
    server: async () => await Promise.reject(new Error("SQLite has no server")),
  };
}

function postgres(): TestDatabase {
  let starting: Promise<Postgres> | undefined;
  async function server(): Promise<Postgres> {
    starting ??= startPostgres();
    return await starting;
  }
  after(async () => {
    if (starting !== undefined) await (await starting).remove();
  });
  return {
    name: "PostgreSQL",
    shared: true,
    fresh: async () => ({ url: await (await server()).createDatabase() }),
    server,
  };
}
