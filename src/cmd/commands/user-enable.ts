import { type Command, DATA_FLAG, defineCommand } from "../command.ts";
import { ownerOf } from "../owner/client.ts";
import { findPerson } from "../owner/people.ts";
import { checkNothing } from "../owner/shapes.ts";
import { EXIT } from "../terminal/exit-codes.ts";
import { printJson } from "../terminal/print.ts";

export const userEnable: Command = defineCommand({
  name: "user enable",
  details: "They can sign in again with the passkey that they have.",
  arguments: [{ name: "NAME", what: "the login name, or the id" }],
  flags: DATA_FLAG,
  examples: [{ command: "postern user enable bob", what: "let bob in again" }],
  async run({ flags, words: [name = ""], json }, world) {
    const owner = ownerOf(flags, world);
    const person = await findPerson(owner, name);
    await owner.post(`people/${encodeURIComponent(person.id)}/enable`, {}, checkNothing);
    if (json) printJson(world, { id: person.id, name: person.name, disabled: false });
    else world.stdout.write(`${person.name} is enabled and can sign in\nSee all: postern user list\n`);
    return EXIT.done;
  },
});
