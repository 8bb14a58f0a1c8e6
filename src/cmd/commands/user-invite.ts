import type { Invite } from "#api";
import { type Command, DATA_FLAG, defineCommand } from "../command.ts";
import { ownerOf } from "../owner/client.ts";
import { checkInvited } from "../owner/shapes.ts";
import { EXIT } from "../terminal/exit-codes.ts";
import { duration } from "../terminal/moments.ts";
import { printJson } from "../terminal/print.ts";

export const userInvite: Command = defineCommand({
  name: "user invite",
  details: "Prints a link to hand over. It opens once, in one browser, where the person makes a passkey.",
  arguments: [{ name: "NAME", what: "the login name" }],
  flags: {
    "display-name": { kind: "value", value: "TEXT", what: "the name that others see" },
    role: {
      kind: "value",
      value: "ROLE",
      what: "member unless told otherwise; administrator may change everything",
    },
    group: { kind: "list", value: "GROUP", what: "a group that rules can ask for" },
    ...DATA_FLAG,
  },
  examples: [
    { command: "postern user invite bob", what: "a link for bob" },
    {
      command: 'postern user invite eve --display-name "Eve Moss" --role engineer --group staging',
      what: "with facts for rules",
    },
  ],
  async run({ flags, words: [name = ""], json }, world) {
    const body: Invite = {
      name,
      ...(flags["display-name"] === undefined ? {} : { displayName: flags["display-name"] }),
      ...(flags.role === undefined ? {} : { role: flags.role }),
      ...(flags.group === undefined ? {} : { groups: flags.group }),
    };
    const { value, raw } = await ownerOf(flags, world).post("people", body, checkInvited);
    if (json) printJson(world, raw);
    else {
      world.stdout.write(
        `${value.person.name} is invited, as ${value.person.role}:\n\n  ${value.url}\n\n` +
          `Hand this link over; it works once, within ${duration(value.expiresAt - Date.now())}.\n`,
      );
    }
    return EXIT.done;
  },
});
