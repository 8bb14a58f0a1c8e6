import { dirname } from "node:path";
import type { MasterKeySource } from "#secrets";
import type { MasterKeySettings } from "./settings.ts";

/** Where systemd keeps the credentials of services (systemd.exec(5), CREDENTIALS). */
const CREDENTIALS = /^\/run\/(user\/\d+\/)?credentials\//;

/** The room's words for where the master key comes from. */
export function masterKeySource(settings: MasterKeySettings): MasterKeySource {
  if (settings.kind === "command") return { kind: "command", argv: [settings.program] };
  const { path } = settings;
  if (settings.make) return { kind: "own-file", path };
  return { kind: CREDENTIALS.test(`${dirname(path)}/`) ? "credential" : "file", path };
}
