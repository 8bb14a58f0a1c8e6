import { type Command, DATA_FLAG, defineCommand } from "../command.ts";
import { settleDatabase } from "../database.ts";
import { rememberStart } from "../last-start.ts";
import type { InstanceSettings } from "../settings.ts";
import { announceToPeople, announceToPrograms } from "../supervisor/announce.ts";
import { CONTROL_FLAGS } from "../supervisor/control-flags.ts";
import { takeFolders } from "../supervisor/data-folder.ts";
import { launchRole } from "../supervisor/launch.ts";
import { choosePort } from "../supervisor/ports.ts";
import { runInstance } from "../supervisor/run-instance.ts";
import { settingsFromFlags, type UpFlags } from "../supervisor/settings-from-flags.ts";
import { stopRequests } from "../supervisor/stop-requests.ts";
import { type ExitCode, exitCodeOf } from "../terminal/exit-codes.ts";
import { describeFailure, failureJson } from "../terminal/failure.ts";
import { printJson } from "../terminal/print.ts";
import type { World } from "../world.ts";

export const up: Command = defineCommand({
  name: "up",
  details:
    'Starts control, gateway and agent on this machine, keeps them running, and stops them with Ctrl-C. With --json it prints\none JSON line for each event; {"event":"ready", "console":…, "setup":…, "apps":[…]} among them.',
  arguments: [],
  flags: {
    ...DATA_FLAG,
    port: {
      kind: "value",
      value: "N",
      what: "the port to serve on, 7400 unless told otherwise; 0 takes a free one",
    },
    listen: {
      kind: "value",
      value: "ADDRESS",
      what: "127.0.0.1 unless told otherwise; any other than loopback needs TLS",
    },
    domain: {
      kind: "value",
      value: "DOMAIN",
      what: "applications are NAME.DOMAIN; postern.localhost unless told otherwise",
    },
    "host-style": {
      kind: "value",
      choices: ["subdomain", "port"],
      what: "port gives each application a port of localhost; weaker, see docs/security.md",
    },
    "tls-cert": { kind: "value", value: "FILE", what: "a certificate in PEM, good for *.DOMAIN" },
    "tls-key": { kind: "value", value: "FILE", what: "its key" },
    tls: {
      kind: "value",
      choices: ["development"],
      what: "serve with a certificate of an authority made here",
    },
    "no-demo": { kind: "switch", what: "without the demo applications" },
    ...CONTROL_FLAGS,
  },
  examples: [
    { command: "npm start", what: "on http://*.postern.localhost:7400, data in ~/.local/share/postern" },
    { command: "npm start -- --data ./data --port 8080", what: "elsewhere" },
    {
      command:
        "npm start -- --listen 0.0.0.0 --domain apps.example.com --tls-cert apps.crt --tls-key apps.key",
      what: "for a network",
    },
    {
      command: "npm start -- --database postgres://postern@localhost/postern --link 0.0.0.0:7443",
      what: "on PostgreSQL, with gateways and agents of other machines",
    },
  ],
  async run({ flags, json }, world) {
    try {
      return await start(flags, json, world);
    } catch (error) {
      if (!json) throw error;
      // every line on standard output is an event, this one too
      printJson(world, { event: "failed", ...failureJson(error).error });
      world.stderr.write(describeFailure(error));
      return exitCodeOf(error);
    }
  },
});

async function start(flags: UpFlags, json: boolean, world: World): Promise<ExitCode> {
  const asked = settingsFromFlags(flags, world);
  const lock = takeFolders(asked);
  const stops = stopRequests(world.environment);
  try {
    settleDatabase(asked.data, flags.database ?? world.environment["POSTERN_DATABASE"]);
    rememberStart(asked.data, { masterKey: asked.masterKey, gateway: true });
    const settings = { ...asked, port: await choosePort(asked.port, asked.listen, portsOf(asked)) };
    const announcer = json ? announceToPrograms(settings, world) : announceToPeople(settings, world);
    return await runInstance({ settings, announcer, stops, launch: (role) => launchRole(role, settings) });
  } finally {
    stops.close();
    lock.release();
  }
}

/** Ports that must be free in a row: by port, login, console and the demo applications have one each. */
function portsOf(settings: InstanceSettings): number {
  if (settings.hostStyle === "subdomain") return 1;
  return settings.demo ? 4 : 2;
}
