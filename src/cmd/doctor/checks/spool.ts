/** The spool: records of decisions on their way to the log. What cannot be written there is not decided. */
import { accessSync, constants, existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { ago } from "../../terminal/moments.ts";
import { bytes } from "../amounts.ts";
import { type DoctorCheck, type Finding, fine, problem, warning } from "../check.ts";

/** The spool takes no more at 1 GB. */
const MUCH_BYTES = 256 * 1024 * 1024;
const OLD_MS = 15 * 60_000;

export const spool: DoctorCheck = {
  name: "spool",
  title: "Spool",
  async examine(patient) {
    const folder = join(patient.data, "spool");
    if (!existsSync(folder)) return [];
    const findings: Finding[] = [];
    try {
      accessSync(folder, constants.W_OK | constants.X_OK);
    } catch {
      findings.push(
        problem(
          `${folder} cannot be written, so everything is denied`,
          `chown -R ${process.getuid?.()} ${folder}`,
        ),
      );
    }
    for (const role of ["gateway", "agent"] as const) {
      const answer = await patient.role(role);
      if (answer?.facts["spoolWritable"] === false)
        findings.push(
          problem(
            `the ${role} cannot write its records, so everything is denied`,
            `make room on the disk: df -h ${folder}; see that control takes records`,
          ),
        );
    }
    const files = readdirSync(folder)
      .filter((name) => name.endsWith(".spool"))
      .map((name) => statSync(join(folder, name)));
    const size = files.reduce((sum, file) => sum + file.size, 0);
    const oldest = Math.min(...files.filter((file) => file.size > 0).map((file) => file.mtimeMs));
    const now = patient.clock.now();
    const found = `${bytes(size)} in ${files.length} file${files.length === 1 ? "" : "s"}`;
    const remedy = "start control, or see that it can be reached; the records are kept until then";
    if (size > MUCH_BYTES)
      findings.push(problem(`${found} wait for control; at 1 GB everything is denied`, remedy));
    else if (now - oldest > OLD_MS)
      findings.push(warning(`${found}, the oldest ${ago(oldest, now)}, wait for control`, remedy));
    else findings.push(fine(files.length === 0 ? "nothing waits" : found));
    return findings;
  },
};
