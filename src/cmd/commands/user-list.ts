import type { Person } from "#api";
import { type Command, DATA_FLAG, defineCommand } from "../command.ts";
import { ownerOf } from "../owner/client.ts";
import { allPages } from "../owner/pages.ts";
import { checkPeople } from "../owner/shapes.ts";
import { columns } from "../terminal/columns.ts";
import { EXIT } from "../terminal/exit-codes.ts";
import { duration } from "../terminal/moments.ts";
import { paint } from "../terminal/paint.ts";
import { printJson } from "../terminal/print.ts";

export const userList: Command = defineCommand({
  name: "user list",
  arguments: [],
  flags: DATA_FLAG,
  examples: [
    { command: "postern user list", what: "names, roles, groups and whether they may sign in" },
    { command: "postern user list --json", what: "for a script" },
  ],
  async run({ flags, json }, world) {
    const { value: people, raw } = await allPages(ownerOf(flags, world), "people", checkPeople);
    if (json) {
      printJson(world, raw);
      return EXIT.done;
    }
    const { strong } = paint(world.colour);
    const rows = people.map((person) => [
      person.name,
      person.displayName,
      person.role,
      person.groups.join(", "),
      stateOf(person),
    ]);
    world.stdout.write(
      `${people.length} ${people.length === 1 ? "person" : "people"}\n` +
        (rows.length > 0
          ? columns([["NAME", "DISPLAY NAME", "ROLE", "GROUPS", "STATE"].map(strong), ...rows])
          : "") +
        "Let somebody in: postern user invite NAME\n",
    );
    return EXIT.done;
  },
});

function stateOf(person: Person): string {
  if (person.disabled) return "disabled";
  if (person.passkeys > 0) return "active";
  const left = (person.invitedUntil ?? 0) - Date.now();
  return left > 0 ? `invited, for ${duration(left)} more` : "invitation expired";
}
