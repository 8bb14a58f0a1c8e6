import type { Notice, Notify } from "#kernel";
import type { InstanceSettings } from "../settings.ts";
import { columns } from "../terminal/columns.ts";
import { paint } from "../terminal/paint.ts";
import type { World } from "../world.ts";
import { leaveSetupLink, removeSetupLink } from "./data-folder.ts";
import { isLoopback } from "./settings-from-flags.ts";

/** What control says of the instance when it is ready. */
export interface Served {
  readonly console: string;
  readonly login: string;
  /** Only while there is no administrator. */
  readonly setup?: string;
  readonly apps: readonly { readonly name: string; readonly url: string }[];
}

/** How `postern up` speaks: to people, or one JSON line a notice to programs. */
export interface Announcer {
  notify: Notify;
  ready(served: Served): void;
  /** Control made a new setup link, as it does at each of its starts while there is no administrator. */
  setupLink(url: string): void;
  stopped(): void;
}

/** Reads control's `ready` notice. */
export function servedFrom(notice: Notice): Served {
  const { console, login, setup, apps } = notice;
  if (typeof console !== "string" || typeof login !== "string" || !Array.isArray(apps)) {
    throw new TypeError("control is ready without saying where");
  }
  return {
    console,
    login,
    ...(typeof setup === "string" ? { setup } : {}),
    apps: apps.filter(isAddress).map(({ name, url }) => ({ name, url })),
  };
}

function isAddress(app: unknown): app is { readonly name: string; readonly url: string } {
  return (
    typeof app === "object" &&
    app !== null &&
    "name" in app &&
    typeof app.name === "string" &&
    "url" in app &&
    typeof app.url === "string"
  );
}

/** One JSON line for each notice, on standard output. */
export function announceToPrograms(settings: InstanceSettings, world: World): Announcer {
  const notify: Notify = (notice) => world.stdout.write(`${JSON.stringify(notice)}\n`);
  return {
    notify,
    ready: (served) =>
      notify({
        event: "ready",
        ...served,
        data: settings.data,
        port: settings.port,
        pid: process.pid,
        version: settings.version,
      }),
    setupLink: (url) => notify({ event: "setup-link", setup: url }),
    stopped: () => notify({ event: "stopped" }),
  };
}

/** Events that say nothing to a person while all is well. */
const QUIET = new Set(["child-started", "child-ready"]);

/** What stands before a notice's one line. */
const MARKS: ReadonlyMap<string, string> = new Map([
  ["starting", ""],
  ["progress", "  "],
  ["stopping", ""],
  ["warning", "warning: "],
  ["child-exited", "warning: "],
]);

export function announceToPeople(settings: InstanceSettings, world: World): Announcer {
  const colours = paint(world.colour);
  const setupRow = (url: string): readonly string[] =>
    world.stdout.isTerminal
      ? ["Setup link", colours.strong(url)]
      : ["Setup link", `in ${leaveSetupLink(settings.data, url)}`];
  return {
    notify(notice) {
      if (QUIET.has(notice.event) || notice.message === undefined) return;
      world.stderr.write(`${MARKS.get(notice.event) ?? "note: "}${notice.message}\n`);
    },
    ready(served) {
      if (served.setup === undefined) removeSetupLink(settings.data);
      const rows = [
        ["Console", served.console],
        ...(served.setup === undefined ? [] : [setupRow(served.setup)]),
        ["Data", settings.data],
        ...served.apps.map(({ name, url }, i) => [i === 0 ? "Applications" : "", `${name.padEnd(8)} ${url}`]),
        ...(settings.tls === "development"
          ? [["Trust", `${settings.data}/authority.crt, in your browser`]]
          : []),
        ...tunnelRows(settings, served, world),
      ];
      const next =
        served.setup === undefined
          ? "Sign in at the console. Ctrl-C stops Postern."
          : "Open the setup link within 15 minutes: it makes you the administrator. Ctrl-C stops Postern.";
      world.stdout.write(`${colours.strong("Postern is running.")}\n\n${columns(rows, "  ")}\n${next}\n`);
    },
    setupLink: (url) => world.stdout.write(columns([["New", ...setupRow(url)]])),
    stopped: () => world.stderr.write("Postern has stopped.\n"),
  };
}

/** Over SSH the addresses are this machine's own: says how to bring them to the person's. */
function tunnelRows(
  settings: InstanceSettings,
  served: Served,
  world: World,
): readonly (readonly string[])[] {
  const server = world.environment["SSH_CONNECTION"]?.split(" ")[2];
  if (server === undefined || !isLoopback(settings.listen)) return [];
  const addresses = [served.login, served.console, ...served.apps.map(({ url }) => url)];
  const ports = [...new Set(addresses.map((url) => Number(new URL(url).port) || settings.port))];
  const forwards = ports.map((port) => `-L ${port}:127.0.0.1:${port}`).join(" ");
  return [
    [
      "Over SSH",
      `ssh ${forwards} ${world.environment["USER"] ?? "you"}@${server}   (on your own machine, then open these there)`,
    ],
  ];
}
