import type { Notify } from "#kernel";
import { type Command, defineCommand } from "../command.ts";
import { runRole } from "../role-process.ts";
import type { RunningRole } from "../roles/role.ts";
import type { InstanceSettings } from "../settings.ts";
import { settingsFromText } from "../settings-text.ts";

type Role = "control" | "gateway" | "agent" | "demo";
type RunOfInstance = (settings: InstanceSettings, notify: Notify) => Promise<RunningRole>;

/** What each role needs is loaded in its own process alone. */
const ROLES: Readonly<Record<Role, () => Promise<{ readonly run: RunOfInstance }>>> = {
  control: async () => await import("../roles/control.ts"),
  gateway: async () => await import("../roles/gateway.ts"),
  agent: async () => await import("../roles/agent.ts"),
  demo: async () => await import("../demo/demo.ts"),
};

/** One role of an instance, as a process of its own. */
export function childCommand(role: Role): Command {
  return defineCommand({
    name: `child ${role}`,
    details: "postern up starts and supervises it; it is not meant to be started by hand.",
    arguments: [],
    flags: {
      settings: { kind: "value", value: "JSON", what: "the instance's settings", internal: true },
    },
    examples: [{ command: "postern up", what: "start everything on this machine" }],
    run: async ({ flags }, world) => {
      const settings = settingsFromText(flags.settings);
      return await runRole(async (notify) => await (await ROLES[role]()).run(settings, notify), world);
    },
  });
}
