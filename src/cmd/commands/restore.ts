import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { PosternError, systemClock, systemIds, systemSchedule } from "#kernel";
import { restoreBackup } from "../backup/restore-backup.ts";
import { describeRows } from "../backup/rows.ts";
import { type Command, DATA_FLAG, defineCommand } from "../command.ts";
import {
  checkDatabaseUrl,
  type DatabaseAddress,
  databaseOf,
  maskedDatabase,
  sqliteFile,
  writeDatabaseFile,
} from "../database.ts";
import { masterKeySource } from "../master-key.ts";
import { dataFolder, runFolder } from "../places.ts";
import { CONTROL_FLAGS } from "../supervisor/control-flags.ts";
import { takeFolders } from "../supervisor/data-folder.ts";
import { controlSettings } from "../supervisor/settings-from-flags.ts";
import { columns } from "../terminal/columns.ts";
import { EXIT } from "../terminal/exit-codes.ts";
import { moment } from "../terminal/moments.ts";
import { printJson } from "../terminal/print.ts";
import { progressLine } from "../terminal/progress.ts";
import { packageVersion } from "../version.ts";

export const restore: Command = defineCommand({
  name: "restore",
  details:
    "While Postern does not run on the data folder. All of the file is read and checked before anything takes effect; gateways and agents notice\nby themselves that the state is another, and nobody enrols again.",
  arguments: [{ name: "FILE", what: "what postern backup wrote" }],
  flags: {
    ...DATA_FLAG,
    database: { kind: "value", value: "URL", what: "into this PostgreSQL, which the folder remembers" },
    replace: { kind: "switch", what: "in the place of what is there, which is kept beside it" },
    "master-key-file": CONTROL_FLAGS["master-key-file"],
    "master-key-command": CONTROL_FLAGS["master-key-command"],
  },
  examples: [
    { command: "postern restore postern.backup", what: "into an empty data folder that has the master key" },
    { command: "postern restore postern.backup --replace", what: "back to an earlier state" },
    {
      command: "postern restore postern.backup --database postgres://…",
      what: "from SQLite to PostgreSQL, or back",
    },
  ],
  async run({ flags, words, json }, world) {
    const data = dataFolder(flags.data, world);
    const lock = takeFolders({ data, run: runFolder(data) });
    try {
      const database = targetOf(data, flags.database);
      const line = progressLine(world, json);
      const restored = await restoreBackup({
        file: resolve(world.folder, words[0] ?? ""),
        ...{ data, database, replace: flags.replace === true, version: packageVersion() },
        masterKey: masterKeySource(controlSettings(flags, data, world).masterKey),
        ...{ clock: systemClock, ids: systemIds, schedule: systemSchedule, notify: () => undefined },
        onProgress: (rows) => line.show(`${rows} rows`),
      });
      line.done();
      if (flags.database !== undefined && "url" in database) writeDatabaseFile(data, database.url);
      const { madeAt, position, rows, kept, masterKeyRestored } = restored;
      if (json) {
        printJson(world, {
          ...{ database: maskedDatabase(database), madeAt, position, rows: Object.fromEntries(rows) },
          ...{ masterKeyRestored, ...(kept === undefined ? {} : { kept }) },
        });
      } else {
        world.stdout.write(
          `Restored the state of ${moment(madeAt)}\n${columns(
            [
              ["Holds", describeRows(rows)],
              ["Position", `change ${position.number}, in a new epoch`],
              ["Database", maskedDatabase(database)],
              ...(kept === undefined ? [] : [["Before", `kept in ${kept}`]]),
              ...(masterKeyRestored ? [["Master key", "from the backup, in the data folder"]] : []),
            ],
            "  ",
          )}Start Postern: npm start\n`,
        );
      }
      return EXIT.done;
    } finally {
      lock.release();
    }
  },
});

/** @throws PosternError `conflict` when the folder's state is in SQLite and another place is asked for */
function targetOf(data: string, asked: string | undefined): DatabaseAddress {
  if (asked === undefined) return databaseOf(data);
  const url = checkDatabaseUrl(asked, "--database");
  const file = sqliteFile(data);
  if (!existsSync(file) || "url" in databaseOf(data)) return { url };
  throw new PosternError("conflict", "the state of this data folder is in SQLite", {
    where: file,
    remedy: "name an empty folder with --data DIR, and put the master key there first",
  });
}
