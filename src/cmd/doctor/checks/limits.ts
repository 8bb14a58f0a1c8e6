/** How many files and connections the system lets one process of ours have open. */
import { readFileSync } from "node:fs";
import { type DoctorCheck, fine, problem, warning } from "../check.ts";

/** A connection through the gateway needs two. */
const NEEDED = 1_024;
const ENOUGH = 8_192;

export const limits: DoctorCheck = {
  name: "limits",
  title: "Open files",
  async examine() {
    const most = mostOpenFiles();
    if (most === undefined) return [];
    const found = `a process may open ${most} files and connections`;
    const remedy = "raise it: LimitNOFILE=65536 in the systemd unit, or ulimit -n 65536";
    return await Promise.resolve([
      most < NEEDED ? problem(found, remedy) : most < ENOUGH ? warning(found, remedy) : fine(found),
    ]);
  },
};

/** The hard limit, which Node raises its own to; where the system does not say (no /proc), undefined. */
function mostOpenFiles(): number | undefined {
  let text: string;
  try {
    text = readFileSync("/proc/self/limits", "utf8");
  } catch {
    return undefined;
  }
  const [, most] = /^Max open files\s+\S+\s+(\S+)/m.exec(text) ?? [];
  return most === undefined ? undefined : most === "unlimited" ? Number.POSITIVE_INFINITY : Number(most);
}
