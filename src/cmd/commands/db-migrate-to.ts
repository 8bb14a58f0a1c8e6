import { existsSync } from "node:fs";
import { PosternError, systemClock, systemIds, systemSchedule } from "#kernel";
import type { MoveState } from "../backup/database-mover.ts";
import { keptOf, setAside } from "../backup/keep-aside.ts";
import { type Moved, moveStopped } from "../backup/move-database.ts";
import { type Command, DATA_FLAG, defineCommand } from "../command.ts";
import { checkDatabaseUrl, databaseOf, maskedDatabase, sqliteFile } from "../database.ts";
import { askOperations } from "../operations/ask.ts";
import { type Owner, ownerOf } from "../owner/client.ts";
import { dataFolder, runFolder } from "../places.ts";
import { takeFolders } from "../supervisor/data-folder.ts";
import { columns } from "../terminal/columns.ts";
import { EXIT } from "../terminal/exit-codes.ts";
import { printJson } from "../terminal/print.ts";
import { type ProgressLine, progressLine } from "../terminal/progress.ts";
import type { World } from "../world.ts";

const ASK_MS = 400;
/** Control starts again within this, or something is wrong. */
const RESTART_MS = 60_000;

export const dbMigrateTo: Command = defineCommand({
  name: "db migrate-to",
  details:
    "Moves the state of a data folder from SQLite to PostgreSQL, whether Postern runs on it or not. While it runs, writes wait until all is copied\nand compared, requests go on, and then control starts again on PostgreSQL. Nobody enrols or signs in again. When it fails, nothing has\nchanged. The old file is kept beside.",
  arguments: [{ name: "URL", what: "an empty database: postgres://USER:PASSWORD@HOST:5432/DATABASE" }],
  flags: DATA_FLAG,
  examples: [
    {
      command: "postern db migrate-to 'postgres://postern@db.example.net/postern?sslmode=verify-full'",
      what: "when one machine is no longer enough",
    },
  ],
  async run({ flags, words, json }, world) {
    const data = dataFolder(flags.data, world);
    const url = checkDatabaseUrl(words[0] ?? "", "postern db migrate-to");
    const current = databaseOf(data);
    if ("url" in current) {
      throw new PosternError("conflict", "the state of this data folder is in PostgreSQL already", {
        where: maskedDatabase(current),
        remedy: "postern backup FILE, then postern restore FILE --database URL --data DIR",
      });
    }
    if (!existsSync(current.path)) {
      throw new PosternError("not_found", "there is no instance in this data folder", {
        where: data,
        remedy: "to begin on PostgreSQL: postern up --database URL",
      });
    }
    const line = progressLine(world, json);
    const { moved, kept } =
      (await whileRunning(data, url, flags, world, line)) ?? (await whileStopped(data, url, line));
    line.done();
    if (json) printJson(world, { ...moved, ...(kept === undefined ? {} : { kept }) });
    else {
      world.stdout.write(
        `The state is in PostgreSQL now\n${columns(
          [
            ["Database", moved.database],
            ["Moved", `${moved.rows} rows, up to change ${moved.position.number}`],
            ["Before", kept === undefined ? `${current.path}, no longer used` : `kept in ${kept}`],
          ],
          "  ",
        )}See it: postern db status\n`,
      );
    }
    return EXIT.done;
  },
});

interface Done {
  readonly moved: Moved;
  readonly kept?: string;
}

/** Undefined when nothing runs on the folder. */
async function whileRunning(
  data: string,
  url: string,
  flags: { readonly data?: string },
  world: World,
  line: ProgressLine,
): Promise<Done | undefined> {
  const owner = ownerOf(flags, world);
  try {
    await owner.post("database/move", { url }, checkMove);
  } catch (error) {
    if (error instanceof PosternError && error.code === "not_running") return undefined;
    throw error;
  }
  const moved = await untilMoved(owner, line);
  line.show("control starts again on PostgreSQL");
  await untilRestarted(data);
  // control keeps the old file aside when it starts
  const kept = keptOf(sqliteFile(data), "moved");
  return { moved, ...(kept === undefined ? {} : { kept }) };
}

async function untilMoved(owner: Owner, line: ProgressLine): Promise<Moved> {
  for (;;) {
    const { value } = await owner.get("database/move", checkMove);
    if (value.state === "moved") return value;
    if (value.state === "failed") throw failureOf(value.error);
    if (value.state === "moving") line.show(value.message);
    await new Promise((resolve) => setTimeout(resolve, ASK_MS));
  }
}

/** @throws PosternError `not_running` when control is not back in time: the state has moved all the same */
async function untilRestarted(data: string): Promise<void> {
  const end = performance.now() + RESTART_MS;
  while (performance.now() < end) {
    const control = await askOperations(runFolder(data), "control");
    if (control?.ready === true && control.facts["database"] === "postgres") return;
    await new Promise((resolve) => setTimeout(resolve, ASK_MS));
  }
  throw new PosternError("not_running", "the state has moved to PostgreSQL, but control is not back", {
    where: data,
    remedy: "postern doctor; where nothing supervises control, start it again",
  });
}

async function whileStopped(data: string, url: string, line: ProgressLine): Promise<Done> {
  const lock = takeFolders({ data, run: runFolder(data) });
  try {
    const moved = await moveStopped({
      ...{ data, url, clock: systemClock, ids: systemIds, schedule: systemSchedule },
      notify: ({ message }) => line.show(message ?? ""),
    });
    const kept = setAside(sqliteFile(data), "moved", systemClock.now());
    return { moved, ...(kept === undefined ? {} : { kept }) };
  } finally {
    lock.release();
  }
}

function checkMove(candidate: unknown): MoveState {
  // of the same instance, and of this version or none
  const { state } =
    typeof candidate === "object" && candidate !== null ? (candidate as Partial<MoveState>) : {};
  if (state === "idle" || state === "moving" || state === "moved" || state === "failed")
    return candidate as MoveState;
  throw new PosternError("input.invalid", "Postern's answer about the move is of another shape", {
    remedy: "restart Postern, so that both are of one version",
  });
}

function failureOf(fields: { readonly [member: string]: unknown }): PosternError {
  const { code, message, where, remedy } = fields;
  return new PosternError(
    // control and this command are one program
    typeof code === "string" ? (code as PosternError["code"]) : "internal",
    String(message),
    { ...(typeof where === "string" ? { where } : {}), ...(typeof remedy === "string" ? { remedy } : {}) },
  );
}
