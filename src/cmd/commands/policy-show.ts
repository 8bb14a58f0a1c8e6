import { type Command, DATA_FLAG, defineCommand } from "../command.ts";
import { ownerOf } from "../owner/client.ts";
import { checkPolicy } from "../owner/shapes.ts";
import { EXIT } from "../terminal/exit-codes.ts";
import { moment } from "../terminal/moments.ts";
import { paint } from "../terminal/paint.ts";
import { printJson } from "../terminal/print.ts";

export const policyShow: Command = defineCommand({
  name: "policy show",
  arguments: [],
  flags: DATA_FLAG,
  examples: [
    { command: "postern policy show", what: "the files of the active set, with line numbers" },
    { command: "postern policy show --json | jq -r .version", what: "only the version" },
  ],
  async run({ flags, json }, world) {
    const { value: policy, raw } = await ownerOf(flags, world).get("policy", checkPolicy);
    if (json) {
      printJson(world, raw);
      return EXIT.done;
    }
    const { strong, quiet } = paint(world.colour);
    const zone = policy.timeZone === undefined ? "no time zone" : policy.timeZone;
    world.stdout.write(
      `Version ${policy.version.slice(0, 12)} is active since ${moment(policy.activatedAt)}, by ${policy.actor} ` +
        `(activation ${policy.activation}, ${zone})\n`,
    );
    for (const file of policy.files) {
      const lines = file.text.replace(/\n$/, "").split("\n");
      const digits = String(lines.length).length;
      const numbered = lines.map((line, i) => `${quiet(String(i + 1).padStart(digits))}  ${line}\n`);
      world.stdout.write(`\n${strong(file.path)}\n${numbered.join("")}`);
    }
    world.stdout.write("\nChange it: postern apply -f FOLDER\n");
    return EXIT.done;
  },
});
