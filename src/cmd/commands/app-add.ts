import type { AddApplication } from "#api";
import { CLASSIFICATIONS, type Classification } from "#policy";
import { type Command, DATA_FLAG, defineCommand } from "../command.ts";
import { ownerOf } from "../owner/client.ts";
import { checkApplication } from "../owner/shapes.ts";
import { EXIT } from "../terminal/exit-codes.ts";
import { usage } from "../terminal/parse.ts";
import { printJson } from "../terminal/print.ts";

export const appAdd: Command = defineCommand({
  name: "app add",
  details:
    "The application gets an address of its own at once. Nobody can open it until a rule allows it; the rules of the\nfirst start let every member open what is internal.",
  arguments: [
    { name: "NAME", what: "its name, the first part of its address" },
    { name: "URL", what: "where it listens, such as http://localhost:3000" },
  ],
  flags: {
    classification: {
      kind: "value",
      value: "public|internal|confidential|restricted",
      what: "how sensitive it is; required",
    },
    title: { kind: "value", value: "TEXT", what: "what people see; the name when absent" },
    env: { kind: "value", value: "ENV", what: "such as staging, for rules on resource.env" },
    "path-prefix": { kind: "value", value: "PATH", what: "serve only this part of the host" },
    ...DATA_FLAG,
  },
  examples: [
    {
      command: "postern app add grafana http://localhost:3000 --classification internal",
      what: "protect Grafana",
    },
    {
      command:
        'postern app add books http://10.0.0.7:8080 --classification restricted --title "The books" --env production',
      what: "with a title, and an environment that rules can ask for",
    },
  ],
  async run({ flags, words: [name = "", upstream = ""], json }, world) {
    const classification = classificationOf(flags.classification);
    const body: AddApplication = {
      name,
      upstream,
      classification,
      ...(flags.title === undefined ? {} : { title: flags.title }),
      ...(flags.env === undefined ? {} : { env: flags.env }),
      ...(flags["path-prefix"] === undefined ? {} : { pathPrefix: flags["path-prefix"] }),
    };
    const { value: added, raw } = await ownerOf(flags, world).post("applications", body, checkApplication);
    if (json) printJson(world, raw);
    else {
      world.stdout.write(
        `${added.name} is protected, as ${added.classification}: ${added.url}\n` +
          `It is written in ${added.source}; see the rules that open it with: postern policy show\n`,
      );
    }
    return EXIT.done;
  },
});

function classificationOf(text: string | undefined): Classification {
  const found = CLASSIFICATIONS.find((candidate) => candidate === text);
  if (found !== undefined) return found;
  const all = CLASSIFICATIONS.join(", ");
  const what =
    text === undefined
      ? `--classification is missing: one of ${all}`
      : `--classification is one of ${all}, not "${text}"`;
  throw usage(what, "postern app add", "--classification internal");
}
