import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { InstanceSettings } from "../settings.ts";
import { settingsToText } from "../settings-text.ts";

/** Whether this program runs from its sources, as in development and tests, or from what was built. */
const FROM_SOURCES = import.meta.url.endsWith(".ts");
const MAIN = fileURLToPath(new URL(FROM_SOURCES ? "../main.ts" : "../main.js", import.meta.url));

/** Starts one role of an instance as a child with an IPC channel. What it prints goes to our standard error. */
export function launchRole(role: string, settings: InstanceSettings): ChildProcess {
  return fork(MAIN, ["child", role, "--settings", settingsToText(settings)], {
    stdio: ["ignore", 2, 2, "ipc"],
    execArgv: FROM_SOURCES ? ["--conditions=development"] : [],
  });
}
