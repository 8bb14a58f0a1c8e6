import { type Command, DATA_FLAG, defineCommand } from "../command.ts";
import { settleDatabase } from "../database.ts";
import { rememberStart } from "../last-start.ts";
import { dataFolder, runFolder } from "../places.ts";
import { runRole } from "../role-process.ts";
import type { ControlSettings } from "../settings.ts";
import { CONTROL_FLAGS } from "../supervisor/control-flags.ts";
import { takeFolders } from "../supervisor/data-folder.ts";
import { controlSettings, domainOf } from "../supervisor/settings-from-flags.ts";
import { announceRole } from "../terminal/announce-role.ts";
import { usage, wholeNumber } from "../terminal/parse.ts";
import { packageVersion } from "../version.ts";
import type { World } from "../world.ts";

const FLAGS = {
  ...DATA_FLAG,
  ...CONTROL_FLAGS,
  domain: {
    kind: "value",
    value: "DOMAIN",
    what: "applications are NAME.DOMAIN; needed at the first start, remembered in the database",
  },
  port: { kind: "value", value: "N", what: "the port that browsers use; 443 unless told otherwise" },
  scheme: {
    kind: "value",
    choices: ["https", "http"],
    what: "what browsers use; http for a domain under localhost only",
  },
  tls: {
    kind: "value",
    choices: ["development"],
    what: "gateways serve with a certificate of an authority made here, to try it out",
  },
} as const;

interface ControlRunFlags {
  readonly [name: string]: string | undefined;
}

export const controlRun: Command = defineCommand({
  name: "control run",
  details:
    "Runs a control node by itself, for a deployment of several machines; gateways and agents join it.\nSeveral nodes on one PostgreSQL and with the same master key are one control: any of them serves any request.",
  arguments: [],
  flags: FLAGS,
  examples: [
    {
      command: "postern control run --database postgres://… --domain apps.example.com --link 0.0.0.0:7443",
      what: "the first node",
    },
    { command: "postern control run --data /var/lib/postern", what: "as it ran before" },
  ],
  async run({ flags, json }, world) {
    const settings = settingsOf(flags, world);
    takeFolders(settings);
    settleDatabase(settings.data, flags.database ?? world.environment["POSTERN_DATABASE"]);
    rememberStart(settings.data, { masterKey: settings.masterKey, gateway: false });
    return await runRole(
      async (notify) => await (await import("../roles/control.ts")).runControl(settings, notify),
      world,
      announceRole("control", world, json),
    );
  },
});

function settingsOf(flags: ControlRunFlags, world: World): ControlSettings {
  const data = dataFolder(flags["data"], world);
  const { domain, port, scheme } = flags;
  if (scheme === "http" && domain !== undefined && !/(^|\.)localhost$/.test(domain)) {
    throw usage(
      "plain http is for a domain under localhost only: anybody on the way could read along",
      `--domain ${domain}`,
      "leave --scheme away",
    );
  }
  return {
    data,
    run: runFolder(data),
    version: packageVersion(),
    demo: false,
    instance: {
      ...(domain === undefined ? {} : { domain: domainOf(domain), hostStyle: "subdomain" }),
      ...(port === undefined ? {} : { port: wholeNumber("--port", port, 1, 65_535) }),
      ...(scheme === "http" || scheme === "https" ? { scheme } : {}),
    },
    ...(flags["tls"] === "development" ? { developmentTls: [] } : {}),
    ...controlSettings({ link: "0.0.0.0", ...flags }, data, world),
  };
}
