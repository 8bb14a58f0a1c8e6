import type { DecisionDetail } from "#api";
import { type Command, DATA_FLAG, defineCommand } from "../command.ts";
import { ownerOf } from "../owner/client.ts";
import { checkDecision } from "../owner/shapes.ts";
import { columns } from "../terminal/columns.ts";
import { EXIT } from "../terminal/exit-codes.ts";
import { describeExplanation } from "../terminal/explanation.ts";
import { moment } from "../terminal/moments.ts";
import { type Paint, paint } from "../terminal/paint.ts";
import { printJson } from "../terminal/print.ts";

export const explain: Command = defineCommand({
  name: "explain",
  details:
    "Works from the input and the policy version that were recorded with the decision, not from today's.",
  arguments: [{ name: "DECISION", what: "the decision's id, such as dec_01jc3v6k2m8q9x7r4t5w6y0zab" }],
  flags: DATA_FLAG,
  examples: [
    { command: "postern explain dec_01jc3v6k2m8q9x7r4t5w6y0zab", what: "why was this denied?" },
    { command: "postern explain dec_01jc3v6k2m8q9x7r4t5w6y0zab --json | jq .input", what: "what was known" },
  ],
  async run({ flags, words: [id = ""], json }, world) {
    const { value, raw } = await ownerOf(flags, world).get(
      `decisions/${encodeURIComponent(id)}`,
      checkDecision,
    );
    if (json) printJson(world, raw);
    else world.stdout.write(describe(value, paint(world.colour)));
    return EXIT.done;
  },
});

function describe({ item, decision, explanation }: DecisionDetail, colours: Paint): string {
  const request = [item.method, item.path].filter((part) => part !== undefined).join(" ");
  const rows = [
    ["who", item.subject ?? "nobody signed in"],
    ["what", `${item.action} on ${item.resource}${request === "" ? "" : ` (${request})`}`],
    ["when", moment(item.time)],
    ...(item.sourceIp === undefined ? [] : [["from", item.sourceIp]]),
    ["policy", `version ${decision.version.slice(0, 12)}`],
    ["decision", decision.id],
  ];
  const why = describeExplanation(explanation ?? { decision, trace: [] }, colours);
  const [first = "", ...rest] = why.split("\n");
  return `${first}\n${columns(rows, "  ")}${rest.join("\n")}See who may do what: postern policy show\n`;
}
