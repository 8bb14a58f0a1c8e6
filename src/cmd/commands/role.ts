import { type Command, defineCommand } from "../command.ts";
import type { RunRole } from "../role-process.ts";
import { runRole } from "../role-process.ts";
import { settingsFromText } from "../settings-text.ts";

type Role = "control" | "gateway" | "agent" | "demo";

/** What each role needs is loaded in its own process alone. */
const ROLES: Readonly<Record<Role, () => Promise<{ readonly run: RunRole }>>> = {
  control: async () => await import("../roles/control.ts"),
  gateway: async () => await import("../roles/gateway.ts"),
  agent: async () => await import("../roles/agent.ts"),
  demo: async () => await import("../demo/demo.ts"),
};

/** One role of an instance, as a process of its own. */
export function roleCommand(role: Role): Command {
  return defineCommand({
    name: role,
    details: "postern up starts and supervises it; it is not meant to be started by hand.",
    arguments: [],
    flags: {
      settings: { kind: "value", value: "JSON", what: "the instance's settings", internal: true },
    },
    examples: [{ command: "postern up", what: "start everything on this machine" }],
    run: async ({ flags }, world) => await runRole(ROLES[role], settingsFromText(flags.settings), world),
  });
}
