import { type Command, DATA_FLAG, defineCommand } from "../command.ts";
import { ownerOf } from "../owner/client.ts";
import { allPages } from "../owner/pages.ts";
import { checkApplications } from "../owner/shapes.ts";
import { columns } from "../terminal/columns.ts";
import { EXIT } from "../terminal/exit-codes.ts";
import { paint } from "../terminal/paint.ts";
import { printJson } from "../terminal/print.ts";

export const appList: Command = defineCommand({
  name: "app list",
  arguments: [],
  flags: DATA_FLAG,
  examples: [
    { command: "postern app list", what: "addresses, classifications and upstreams" },
    { command: "postern app list --json", what: "for a script" },
  ],
  async run({ flags, json }, world) {
    const { value: applications, raw } = await allPages(
      ownerOf(flags, world),
      "applications",
      checkApplications,
    );
    if (json) printJson(world, raw);
    else {
      const { strong } = paint(world.colour);
      const rows = applications.map((app) => [
        app.name,
        app.url,
        app.classification,
        app.upstream,
        app.source,
      ]);
      world.stdout.write(`${applications.length} application${applications.length === 1 ? "" : "s"}\n`);
      if (rows.length > 0) {
        world.stdout.write(
          columns([["NAME", "ADDRESS", "CLASSIFICATION", "UPSTREAM", "SOURCE"].map(strong), ...rows]),
        );
      }
      world.stdout.write("Protect another: postern app add NAME URL --classification internal\n");
    }
    return EXIT.done;
  },
});
