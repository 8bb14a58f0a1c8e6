import { type Command, DATA_FLAG, defineCommand } from "../command.ts";
import { ownerOf } from "../owner/client.ts";
import { allPages } from "../owner/pages.ts";
import { checkSessions } from "../owner/shapes.ts";
import { columns } from "../terminal/columns.ts";
import { EXIT } from "../terminal/exit-codes.ts";
import { ago } from "../terminal/moments.ts";
import { paint } from "../terminal/paint.ts";
import { printJson } from "../terminal/print.ts";

export const sessionList: Command = defineCommand({
  name: "session list",
  arguments: [],
  flags: DATA_FLAG,
  examples: [
    { command: "postern session list", what: "who is signed in, since when, and where" },
    { command: "postern session list --json", what: "for a script" },
  ],
  async run({ flags, json }, world) {
    const { value: sessions, raw } = await allPages(ownerOf(flags, world), "sessions", checkSessions);
    if (json) {
      printJson(world, raw);
      return EXIT.done;
    }
    const { strong } = paint(world.colour);
    const now = Date.now();
    const rows = sessions.map((session) => [
      session.id,
      session.user.name,
      ago(session.createdAt, now),
      ago(session.lastSeenAt, now),
      session.sourceIp ?? "",
      session.hosts.join(", "),
    ]);
    world.stdout.write(
      `${sessions.length} session${sessions.length === 1 ? "" : "s"}\n` +
        (rows.length > 0
          ? columns([["ID", "PERSON", "SIGNED IN", "LAST SEEN", "FROM", "ENTERED"].map(strong), ...rows])
          : "") +
        "End one: postern session end ID\n",
    );
    return EXIT.done;
  },
});
