import type { Component, Deployment, Overview } from "#api";
import { type Command, DATA_FLAG, defineCommand } from "../command.ts";
import { ownerOf } from "../owner/client.ts";
import {
  certificateText,
  conditionText,
  findingLines,
  hostText,
  nodeText,
  verdict,
  viewText,
} from "../owner/deployment-text.ts";
import { checkOverview } from "../owner/shapes.ts";
import { columns } from "../terminal/columns.ts";
import { EXIT } from "../terminal/exit-codes.ts";
import { moment } from "../terminal/moments.ts";
import { type Paint, paint } from "../terminal/paint.ts";
import { printJson } from "../terminal/print.ts";

export const status: Command = defineCommand({
  name: "status",
  details:
    "Control nodes, gateways and agents with how old what they know is, and until when their certificates are good. What needs attention\nstands first. Ends with 3 when Postern is not running.",
  arguments: [],
  flags: DATA_FLAG,
  examples: [
    { command: "postern status", what: "is everything well?" },
    { command: "postern status --json | jq .components.findings", what: "what needs attention" },
  ],
  async run({ flags, json }, world) {
    const { value, raw } = await ownerOf(flags, world).get("overview", checkOverview);
    if (json) printJson(world, raw);
    else world.stdout.write(describe(value, paint(world.colour), Date.now()));
    return EXIT.done;
  },
});

function describe(seen: Overview, colours: Paint, now: number): string {
  const { components } = seen;
  const attention = verdict(components);
  const allowed = seen.decisions.reduce((sum, hour) => sum + hour.allowed, 0);
  const denied = seen.decisions.reduce((sum, hour) => sum + hour.denied, 0);
  const { version, activation, activatedAt } = seen.policy;
  return (
    `Postern is running${attention === "" ? "" : `; ${attention}`}\n` +
    findingLines(components.findings, colours, now) +
    columns(
      [
        ["policy", `version ${version.slice(0, 12)}, activation ${activation}, since ${moment(activatedAt)}`],
        ["decisions", `${allowed} allowed, ${denied} denied in the last 24 hours`],
        ["people", `${seen.people}, with ${seen.sessions} session${seen.sessions === 1 ? "" : "s"}`],
        ["applications", String(seen.applications)],
      ],
      "  ",
    ) +
    parts(components, colours, now) +
    (attention === "" ? "Watch the log: postern audit tail --follow\n" : "Look closer: postern doctor\n")
  );
}

/** Who has been revoked takes part no more, and is listed by `gateway list` and `agent list` alone. */
function parts({ controls, gateways, agents }: Deployment, colours: Paint, now: number): string {
  const heads = ["PART", "STATE", "VERSION", "VIEW AGE", "CERTIFICATE", "HOST"].map(colours.strong);
  return columns(
    [
      heads,
      ...controls.map((node) => [
        `control ${node.name}`,
        nodeText(node, colours, now),
        node.version,
        "",
        "",
        node.url ?? "",
      ]),
      ...[...gateways, ...agents]
        .filter(({ condition }) => condition !== "revoked")
        .map((component) => componentRow(component, colours, now)),
    ],
    "  ",
  );
}

function componentRow(component: Component, colours: Paint, now: number): readonly string[] {
  const { role, name, version = "" } = component;
  return [
    `${role} ${name}`,
    conditionText(component, colours, now),
    version,
    viewText(component),
    certificateText(component, now),
    hostText(component),
  ];
}
