import { type Notice, PosternError, systemClock, systemSchedule } from "#kernel";
import { type Command, DATA_FLAG, defineCommand } from "../command.ts";
import type { InstanceSettings } from "../settings.ts";
import { type Announcer, announceToPeople, announceToPrograms, servedFrom } from "../supervisor/announce.ts";
import { takeFolders } from "../supervisor/data-folder.ts";
import { launchRole } from "../supervisor/launch.ts";
import { choosePort } from "../supervisor/ports.ts";
import { settingsFromFlags } from "../supervisor/settings-from-flags.ts";
import { type StopReason, stopRequests } from "../supervisor/stop-requests.ts";
import { type Supervisor, supervise } from "../supervisor/supervisor.ts";
import { EXIT, type ExitCode } from "../terminal/exit-codes.ts";

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
  },
  examples: [
    { command: "npm start", what: "on http://*.postern.localhost:7400, data in ~/.local/share/postern" },
    { command: "npm start -- --data ./data --port 8080", what: "elsewhere" },
    {
      command:
        "npm start -- --listen 0.0.0.0 --domain apps.example.com --tls-cert apps.crt --tls-key apps.key",
      what: "for a network",
    },
  ],
  async run({ flags, json }, world) {
    const asked = settingsFromFlags(flags, world);
    const stops = stopRequests(world.environment);
    const lock = takeFolders(asked);
    try {
      const settings = { ...asked, port: await choosePort(asked.port, asked.listen, portsOf(asked)) };
      const announcer = json ? announceToPrograms(settings, world) : announceToPeople(settings, world);
      return await runInstance(settings, announcer, stops);
    } finally {
      stops.close();
      lock.release();
    }
  },
});

/** Ports that must be free in a row: by port, login, console and the demo applications have one each. */
function portsOf(settings: InstanceSettings): number {
  if (settings.hostStyle === "subdomain") return 1;
  return settings.demo ? 4 : 2;
}

async function runInstance(
  settings: InstanceSettings,
  announcer: Announcer,
  stops: { readonly first: Promise<StopReason>; readonly second: Promise<StopReason> },
): Promise<ExitCode> {
  const { notify } = announcer;
  let announced = false;
  notify({
    event: "starting",
    message: `Starting Postern ${settings.version}`,
    data: settings.data,
    pid: process.pid,
  });

  const supervisor = supervise({
    groups: [["control"], ["gateway", "agent", ...(settings.demo ? ["demo"] : [])]],
    launch: (role) => launchRole(role, settings),
    notify,
    onNotice,
    clock: systemClock,
    schedule: systemSchedule,
  });

  function onNotice(role: string, notice: Notice): void {
    if (notice.event === "ready") {
      const again = announced && role === "control" ? servedFrom(notice).setup : undefined;
      if (again !== undefined) announcer.setupLink(again);
    } else if (notice.event !== "failed") notify({ ...notice, role });
  }

  void stops.second.then(() => supervisor.kill());
  try {
    const started = await Promise.race([supervisor.ready, stops.first]);
    if (started instanceof Map) {
      announced = true;
      announcer.ready(servedFrom(readyOf(started, "control")));
      await stops.first;
    }
  } catch (error) {
    await supervisor.stop();
    throw error;
  }
  notify({ event: "stopping", message: "Stopping" });
  return await stopInstance(supervisor, announcer);
}

async function stopInstance(supervisor: Supervisor, announcer: Announcer): Promise<ExitCode> {
  await supervisor.stop();
  announcer.stopped();
  return EXIT.done;
}

function readyOf(started: ReadonlyMap<string, Notice>, role: string): Notice {
  const notice = started.get(role);
  if (notice === undefined) throw new PosternError("internal", `the ${role} is not among those that started`);
  return notice;
}
