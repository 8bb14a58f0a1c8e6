import type { Component, Overview } from "#api";
import { type Command, DATA_FLAG, defineCommand } from "../command.ts";
import { ownerOf } from "../owner/client.ts";
import { checkOverview } from "../owner/shapes.ts";
import { columns } from "../terminal/columns.ts";
import { EXIT } from "../terminal/exit-codes.ts";
import { ago, moment } from "../terminal/moments.ts";
import { type Paint, paint } from "../terminal/paint.ts";
import { printJson } from "../terminal/print.ts";

export const status: Command = defineCommand({
  name: "status",
  details: "Ends with 3 when Postern is not running.",
  arguments: [],
  flags: DATA_FLAG,
  examples: [
    { command: "postern status", what: "is everything well?" },
    { command: "postern status --json | jq .components", what: "gateways and agents" },
  ],
  async run({ flags, json }, world) {
    const { value, raw } = await ownerOf(flags, world).get("overview", checkOverview);
    if (json) printJson(world, raw);
    else world.stdout.write(describe(value, paint(world.colour), Date.now()));
    return EXIT.done;
  },
});

function describe(seen: Overview, colours: Paint, now: number): string {
  const away = seen.components.filter((component) => component.connectedSince === undefined);
  const first = away.length === 0 ? "Postern is running" : `Postern is running; ${away.length} not connected`;
  const allowed = seen.decisions.reduce((sum, hour) => sum + hour.allowed, 0);
  const denied = seen.decisions.reduce((sum, hour) => sum + hour.denied, 0);
  const { version, activation, activatedAt } = seen.policy;
  return (
    `${first}\n` +
    columns(
      [
        ["policy", `version ${version.slice(0, 12)}, activation ${activation}, since ${moment(activatedAt)}`],
        ["decisions", `${allowed} allowed, ${denied} denied in the last 24 hours`],
        ["people", `${seen.people}, with ${seen.sessions} session${seen.sessions === 1 ? "" : "s"}`],
        ["applications", String(seen.applications)],
      ],
      "  ",
    ) +
    columns(
      seen.components.map((component) => componentRow(component, colours, now)),
      "  ",
    ) +
    "Watch the log: postern audit tail --follow\n"
  );
}

function componentRow(component: Component, colours: Paint, now: number): readonly string[] {
  const { role, name, version, connectedSince, lastSeenAt, hostname, osRelease } = component;
  const state =
    connectedSince === undefined
      ? colours.bad(`✕ not connected since ${moment(lastSeenAt)}`)
      : colours.good(`✓ connected, ${ago(connectedSince, now)}`);
  const host = [hostname, osRelease].filter((part) => part !== undefined).join(", ");
  return [role, name, version, state, host];
}
