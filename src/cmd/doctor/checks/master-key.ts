/** The master key: without it, what rests sealed in the database is lost. */
import { checkMasterKey } from "#secrets";
import { masterKeySource } from "../../master-key.ts";
import { type DoctorCheck, fine, problem } from "../check.ts";

export const masterKey: DoctorCheck = {
  name: "master-key",
  title: "Master key",
  async examine({ masterKey: settings, readable, member, used }) {
    if (!used || member() !== undefined) return [];
    const database = await readable();
    const rows = await database?.rows("select sealed from secret where name = 'master-key-check'");
    const sealed = rows?.[0]?.["sealed"];
    const where = settings.kind === "file" ? settings.path : settings.program;
    await checkMasterKey(masterKeySource(settings), typeof sealed === "string" ? sealed : undefined);
    if (database !== undefined && rows?.length === 0)
      return [
        problem("the database has lost the proof of its master key", "restore both from the same backup"),
      ];
    return [
      fine(
        typeof sealed === "string"
          ? `${where}, the one that this database was sealed with`
          : `${where}; whether it is the database's cannot be seen now`,
      ),
    ];
  },
};
