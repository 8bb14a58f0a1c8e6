import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { PosternError, systemClock } from "#kernel";
import { masterKeyText } from "#secrets";
import { noteBackup } from "../backup/last-backup.ts";
import { backupTo, backupToFile } from "../backup/make-backup.ts";
import { describeRows } from "../backup/rows.ts";
import { type Command, DATA_FLAG, defineCommand } from "../command.ts";
import { databaseOf, maskedDatabase } from "../database.ts";
import { bytes } from "../doctor/amounts.ts";
import { masterKeySource } from "../master-key.ts";
import { dataFolder } from "../places.ts";
import { CONTROL_FLAGS } from "../supervisor/control-flags.ts";
import { controlSettings } from "../supervisor/settings-from-flags.ts";
import { columns } from "../terminal/columns.ts";
import { EXIT } from "../terminal/exit-codes.ts";
import { usage } from "../terminal/parse.ts";
import { printJson } from "../terminal/print.ts";
import { progressLine } from "../terminal/progress.ts";
import { packageVersion } from "../version.ts";

export const backup: Command = defineCommand({
  name: "backup",
  details:
    "All state of one moment, from SQLite or PostgreSQL, whether Postern runs or not; nobody waits for it. Secrets are in it as they rest, sealed\nunder the master key, which is not in it: keep that elsewhere, since without it the backup opens nothing.",
  arguments: [{ name: "FILE", what: "the file to write, or a folder for a dated one; - is standard output" }],
  flags: {
    ...DATA_FLAG,
    "with-master-key": {
      kind: "switch",
      what: "puts the master key in it too: whoever has the file has everything",
    },
    "master-key-file": CONTROL_FLAGS["master-key-file"],
    "master-key-command": CONTROL_FLAGS["master-key-command"],
  },
  examples: [
    { command: "postern backup /var/backups/postern.backup", what: "one file, replaced each time" },
    { command: "postern backup - | age -r age1… > postern.backup.age", what: "encrypted on its way" },
  ],
  async run({ flags, words, json }, world) {
    const [file = ""] = words;
    const data = dataFolder(flags.data, world);
    const database = databaseOf(data);
    if ("path" in database && !existsSync(database.path)) {
      throw new PosternError("not_found", "there is no instance in this data folder", {
        where: data,
        remedy: "name its data folder with --data DIR",
      });
    }
    const settings = controlSettings(flags, data, world).masterKey;
    const masterKey =
      flags["with-master-key"] === true ? await masterKeyText(masterKeySource(settings)) : undefined;
    const line = progressLine(world, json);
    const options = {
      ...{ database, version: packageVersion(), clock: systemClock },
      ...(masterKey === undefined ? {} : { masterKey }),
      onProgress: (rows: number) => line.show(`${rows} rows`),
    };
    if (file === "-") {
      if (world.stdout.isTerminal || json)
        throw usage(
          "a backup on standard output is for another program to read",
          "postern backup -",
          "postern backup FILE",
        );
      const made = await backupTo(process.stdout, options);
      noteBackup(data, { at: made.at, file });
      return EXIT.done;
    }
    const made = await backupToFile(resolve(world.folder, file), options);
    line.done();
    noteBackup(data, { at: made.at, file: made.path });
    const place = settings.kind === "file" ? settings.path : settings.program;
    if (json) {
      printJson(world, {
        ...{
          file: made.path,
          bytes: made.bytes,
          position: made.position,
          database: maskedDatabase(database),
        },
        ...{ rows: Object.fromEntries(made.rows), withMasterKey: masterKey !== undefined },
      });
    } else {
      world.stdout.write(
        `Backed up to ${made.path}\n${columns(
          [
            ["Holds", describeRows(made.rows)],
            ["Size", bytes(made.bytes)],
            ["Position", `change ${made.position.number} of ${made.position.epoch}`],
            ["Database", maskedDatabase(database)],
          ],
          "  ",
        )}`,
      );
      if (masterKey === undefined)
        world.stdout.write(`The master key is not in it. Keep it elsewhere: ${place}\n`);
    }
    if (masterKey !== undefined)
      world.stderr.write(
        `warning: the master key is in ${join(made.path)}: whoever has this file has everything\n`,
      );
    return EXIT.done;
  },
});
