import type { AuthorityStatus } from "#api";
import { type Command, DATA_FLAG, defineCommand } from "../command.ts";
import { authorityLines, rotationText } from "../owner/authority-text.ts";
import { type Answer, ownerOf } from "../owner/client.ts";
import { checkAuthority } from "../owner/deployment-shapes.ts";
import { EXIT } from "../terminal/exit-codes.ts";
import { printJson } from "../terminal/print.ts";
import { progressLine } from "../terminal/progress.ts";

const ASK_MS = 500;

export const authorityRotate: Command = defineCommand({
  name: "authority rotate",
  details:
    "Makes a new authority and moves everybody to it, step by step; nobody is cut off. Control does that by itself at half of the\nauthority's life. It takes some seconds when everybody is connected; who is away, and tokens that are not used yet, are waited for.",
  arguments: [],
  flags: {
    "no-wait": { kind: "switch", what: "return once it has begun; control goes on by itself" },
    ...DATA_FLAG,
  },
  examples: [
    { command: "postern authority rotate", what: "and see how far it is" },
    { command: "postern authority rotate --no-wait", what: "then look at postern authority show" },
  ],
  async run({ flags, json }, world) {
    const owner = ownerOf(flags, world);
    let answer = await owner.post("authority/rotate", {}, checkAuthority);
    const line = progressLine(world, json);
    const stopped = flags["no-wait"] === true ? Promise.resolve("stopped") : stop(world.stopped());
    while (answer.value.phase !== "steady") {
      line.show(progressText(answer.value));
      if ((await Promise.race([stopped, pause()])) === "stopped") break;
      answer = await owner.get("authority", checkAuthority);
    }
    line.done();
    if (json) printJson(world, answer.raw);
    else world.stdout.write(describe(answer));
    return EXIT.done;
  },
});

async function stop(asked: Promise<unknown>): Promise<"stopped"> {
  await asked;
  return "stopped";
}

async function pause(): Promise<"asked again"> {
  await new Promise((resolve) => setTimeout(resolve, ASK_MS));
  return "asked again";
}

function progressText(status: AuthorityStatus): string {
  const [first, ...more] = status.waitingFor;
  if (first === undefined) return rotationText(status);
  const others = more.length === 0 ? "" : `, and for ${more.length} more`;
  return `${rotationText(status)}; waits for ${first}${others}`;
}

function describe({ value }: Answer<AuthorityStatus>): string {
  const { trustDomain, phase } = value;
  const lines = authorityLines(value, Date.now());
  return phase === "steady"
    ? `The authority of ${trustDomain} was rotated; nobody was cut off\n${lines}See it: postern authority show\n`
    : `The authority of ${trustDomain} is being rotated; that goes on by itself\n${lines}See how far it is: postern authority show\n`;
}
