import { type Command, DATA_FLAG, defineCommand } from "../command.ts";
import { ownerOf } from "../owner/client.ts";
import { findPerson } from "../owner/people.ts";
import { checkNothing } from "../owner/shapes.ts";
import { EXIT } from "../terminal/exit-codes.ts";
import { printJson } from "../terminal/print.ts";

export const userDisable: Command = defineCommand({
  name: "user disable",
  details: "Ends their sessions and cuts their open connections at once. Nothing of theirs is removed.",
  arguments: [{ name: "NAME", what: "the login name, or the id" }],
  flags: DATA_FLAG,
  examples: [{ command: "postern user disable bob", what: "shut bob out" }],
  async run({ flags, words: [name = ""], json }, world) {
    const owner = ownerOf(flags, world);
    const person = await findPerson(owner, name);
    await owner.post(`people/${encodeURIComponent(person.id)}/disable`, {}, checkNothing);
    if (json) printJson(world, { id: person.id, name: person.name, disabled: true });
    else
      world.stdout.write(
        `${person.name} is disabled; their sessions have ended\nLet them in again: postern user enable ${person.name}\n`,
      );
    return EXIT.done;
  },
});
