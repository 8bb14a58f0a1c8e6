/**
 * Moves the state of an instance from SQLite to PostgreSQL while it runs. Writes wait meanwhile, reading and the link go
 * on. The state is put into PostgreSQL in one transaction, read back and compared; then the file `database` appears in
 * the data folder, in one step, and that is the moment from which PostgreSQL is the one in use. Whatever fails or is
 * killed before it leaves SQLite in use with nothing changed; whatever is killed after it finds all on PostgreSQL.
 */
import { PosternError } from "#kernel";
import type { Position } from "#link";
import type { Store } from "#store";
import { checkDatabaseUrl, maskedDatabase, sqliteFile, writeDatabaseFile } from "../database.ts";
import type { Connection } from "./connection.ts";
import { dumpOf, hashing, openDump } from "./dump.ts";
import { loadInto } from "./load.ts";
import {
  arrive,
  heldIn,
  instanceIn,
  makeTables,
  openTarget,
  refuseLiveNodes,
  type Surroundings,
  unused,
} from "./target.ts";

/** Writes wait no longer than this; what takes longer is moved while the instance is stopped. */
const MOST_MS = 5 * 60_000;

export interface Moved {
  /** The new database, without its password. */
  readonly database: string;
  /** Of the last change that was moved. */
  readonly position: Position;
  readonly rows: number;
}

export interface MoveOptions extends Surroundings {
  readonly data: string;
  readonly url: string;
}

/**
 * Moves a running instance. When it resolves, writes still wait, for good: they would go where nobody looks any more. The
 * caller answers whoever asked, and ends this process; what starts next is on PostgreSQL.
 * @throws PosternError `conflict` when the instance is not on SQLite or the other database is not empty,
 * `state.unreachable`, `state.busy` when it takes too long; then nothing has changed, and writes go on
 */
export async function moveRunning(
  store: Pick<Store, "kind" | "write">,
  options: MoveOptions,
): Promise<Moved> {
  if (store.kind !== "sqlite") {
    throw new PosternError("conflict", "the state of this instance is in PostgreSQL already", {
      remedy: "postern backup FILE, then postern restore FILE --database URL",
    });
  }
  await prepare(options);
  const moved = Promise.withResolvers<Moved>();
  store
    .write(async () => {
      moved.resolve(await move(options));
      await new Promise<never>(() => undefined);
    })
    .catch(moved.reject);
  return await moved.promise;
}

/** Moves an instance that does not run; its data folder is locked by the caller. @throws PosternError as `moveRunning` */
export async function moveStopped(options: MoveOptions): Promise<Moved> {
  await prepare(options);
  return await move(options);
}

/** What can be found out before anybody has to wait. */
async function prepare(options: MoveOptions): Promise<void> {
  const url = checkDatabaseUrl(options.url, "the new database");
  const [from, to] = [await instanceIn({ path: sqliteFile(options.data) }), await instanceIn({ url })];
  if (to !== undefined && to !== from) throw occupied(url);
  options.notify({ event: "progress", message: "making the tables in PostgreSQL" });
  await makeTables({ url }, options);
}

async function move(options: MoveOptions): Promise<Moved> {
  const { data, url, clock, schedule, notify } = options;
  const database = maskedDatabase({ url });
  const source = await openDump({ path: sqliteFile(data) });
  let target: Connection | undefined;
  let late = false;
  const stopWaiting = schedule.after(MOST_MS, () => {
    late = true;
    void target?.close();
  });
  try {
    target = await openTarget({ url });
    await refuseLiveNodes(target, { url }, clock.now());
    const held = await heldIn(target);
    if (held.instance !== undefined && !(held.instance === source.instance && unused(held))) {
      throw occupied(url);
    }
    const read = hashing(source.lines);
    let told = clock.monotonic();
    const loaded = await loadInto(target, read.lines, (rows) => {
      if (clock.monotonic() - told < 1_000) return;
      told = clock.monotonic();
      notify({ event: "progress", message: `${rows} rows are in PostgreSQL` });
    });
    notify({ event: "progress", message: "comparing both databases" });
    await compare(target, read.digest());
    await arrive(target, options);
    if (late) throw new Error("the time is over");
    stopWaiting();
    await target.rows("commit");
    writeDatabaseFile(data, url);
    const rows = [...loaded.values()].reduce((sum, count) => sum + count, 0);
    return { database, position: source.position, rows };
  } catch (cause) {
    if (!late) throw cause;
    throw new PosternError(
      "state.busy",
      `the move took longer than ${MOST_MS / 60_000} minutes, and writes wait`,
      {
        where: database,
        remedy: "stop Postern, then move it: postern db migrate-to URL; nothing was changed",
        cause,
      },
    );
  } finally {
    stopWaiting();
    await target?.close();
    await source.close();
  }
}

function occupied(url: string): PosternError {
  return new PosternError("conflict", "the other database holds an instance already", {
    where: maskedDatabase({ url }),
    remedy: "name an empty one: createdb -O USER NAME",
  });
}

/** Reads back all that was put in, in the same transaction. @throws PosternError `internal` */
async function compare(target: Connection, digest: string): Promise<void> {
  const { lines } = await dumpOf(target);
  const back = hashing(lines);
  for await (const line of back.lines) void line;
  if (back.digest() !== digest)
    throw new PosternError(
      "internal",
      "PostgreSQL gave back something else than was put in; nothing was changed",
    );
}
