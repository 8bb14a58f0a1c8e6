import { type Command, DATA_FLAG, defineCommand } from "../command.ts";
import { ownerOf } from "../owner/client.ts";
import { checkDeployment } from "../owner/deployment-shapes.ts";
import { nodeText } from "../owner/deployment-text.ts";
import { columns } from "../terminal/columns.ts";
import { EXIT } from "../terminal/exit-codes.ts";
import { paint } from "../terminal/paint.ts";
import { printJson } from "../terminal/print.ts";

export const controlList: Command = defineCommand({
  name: "control list",
  arguments: [],
  flags: DATA_FLAG,
  examples: [
    { command: "postern control list", what: "the control nodes of this instance, and which one answers" },
    { command: "postern control list --json", what: "for a script" },
  ],
  async run({ flags, json }, world) {
    const { value } = await ownerOf(flags, world).get("components", checkDeployment);
    const nodes = value.controls;
    if (json) {
      printJson(world, { items: nodes });
      return EXIT.done;
    }
    const colours = paint(world.colour);
    const now = Date.now();
    world.stdout.write(
      `${nodes.length} control node${nodes.length === 1 ? "" : "s"}\n` +
        columns([
          ["NAME", "STATE", "VERSION", "CHANGE", "LINK", ""].map(colours.strong),
          ...nodes.map((node) => [
            node.name,
            nodeText(node, colours, now),
            node.version,
            String(node.number),
            node.url ?? "this machine only",
            node.self ? "answers here" : "",
          ]),
        ]) +
        "Add another, on the same PostgreSQL and with the same master key: postern control run --database URL\n",
    );
    return EXIT.done;
  },
});
