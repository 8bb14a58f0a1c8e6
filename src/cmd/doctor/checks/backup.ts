/** When a backup was last made from this folder. */
import { lastBackup } from "../../backup/last-backup.ts";
import { ago } from "../../terminal/moments.ts";
import { type DoctorCheck, fine, warning } from "../check.ts";

const OLD_MS = 7 * 86_400_000;

export const backup: DoctorCheck = {
  name: "backup",
  title: "Backup",
  async examine(patient) {
    if (!patient.used || patient.member() !== undefined) return [];
    const last = lastBackup(patient.data);
    const remedy = "postern backup FILE, and the master key apart from it; daily, by a timer";
    if (last === undefined)
      return await Promise.resolve([warning("no backup was made from this folder", remedy)]);
    const now = patient.clock.now();
    const found = `the last one was made ${ago(last.at, now)}: ${last.file}`;
    return await Promise.resolve([now - last.at > OLD_MS ? warning(found, remedy) : fine(found)]);
  },
};
