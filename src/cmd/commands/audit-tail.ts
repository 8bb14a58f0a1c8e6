import type { EventItem } from "#api";
import { PosternError } from "#kernel";
import { type Command, DATA_FLAG, defineCommand } from "../command.ts";
import { type Answer, type Owner, ownerOf } from "../owner/client.ts";
import { checkEvent, checkEvents } from "../owner/shapes.ts";
import { columns } from "../terminal/columns.ts";
import { EXIT } from "../terminal/exit-codes.ts";
import { moment } from "../terminal/moments.ts";
import { paint } from "../terminal/paint.ts";
import { wholeNumber } from "../terminal/parse.ts";
import type { World } from "../world.ts";

const LINES = 50;
const MOST_LINES = 1_000;
/** What the API gives at a time. */
const MOST_A_PAGE = 200;

export const auditTail: Command = defineCommand({
  name: "audit tail",
  details: "With --json each line is one event: id, time, kind, source and the OCSF 1.8.0 event itself.",
  arguments: [],
  flags: {
    follow: { kind: "switch", what: "go on with what comes, until Ctrl-C" },
    kind: {
      kind: "value",
      value: "KIND",
      choices: ["decision", "completion", "login", "administration", "component"],
      what: "only events of this kind",
    },
    lines: { kind: "value", value: "N", what: `how many of the past, ${LINES} unless told otherwise` },
    ...DATA_FLAG,
  },
  examples: [
    { command: "postern audit tail --follow", what: "watch the log" },
    { command: "postern audit tail --kind administration --lines 10", what: "what administrators did last" },
    { command: "postern audit tail --follow --json | jq .event", what: "OCSF events for another program" },
  ],
  async run({ flags, json }, world) {
    const owner = ownerOf(flags, world);
    const lines = flags.lines === undefined ? LINES : wholeNumber("--lines", flags.lines, 0, MOST_LINES);
    const kind = flags.kind === undefined ? "" : `&kind=${flags.kind}`;
    const past = lines === 0 ? [] : await last(owner, lines, kind);
    const show = json ? showJson(world) : showLine(world);
    for (const answer of past) show(answer);
    if (flags.follow === true) await follow(owner, past.at(-1)?.value.id, kind, world, show);
    else if (!json && past.length === 0) world.stdout.write("Nothing in the log yet\n");
    return EXIT.done;
  },
});

type Show = (answer: Answer<EventItem>) => void;

/** The newest events, oldest first. */
async function last(owner: Owner, lines: number, kind: string): Promise<readonly Answer<EventItem>[]> {
  const found: Answer<EventItem>[] = [];
  while (found.length < lines) {
    const oldest = found.at(-1);
    const before = oldest === undefined ? "" : `&before=${oldest.value.id}`;
    const limit = Math.min(MOST_A_PAGE, lines - found.length);
    const { value, raw } = await owner.get(`events?limit=${limit}${kind}${before}`, checkEvents);
    const raws: readonly unknown[] =
      typeof raw === "object" && raw !== null && "items" in raw && Array.isArray(raw.items) ? raw.items : [];
    const page = value.items.map((item, i) => ({ value: item, raw: raws[i] }));
    found.push(...page.sort((a, b) => b.value.id - a.value.id));
    if (page.length < limit) break;
  }
  return found.reverse();
}

async function follow(
  owner: Owner,
  after: number | undefined,
  kind: string,
  world: World,
  show: Show,
): Promise<void> {
  const stop = new AbortController();
  void world.stopped().then(() => stop.abort());
  const from = after === undefined ? "" : `after=${after}`;
  try {
    for await (const answer of owner.follow(`events/stream?${from}${kind}`, checkEvent, stop.signal))
      show(answer);
  } catch (cause) {
    if (stop.signal.aborted) return;
    throw cause instanceof PosternError ? cause : ended(cause);
  }
  if (!stop.signal.aborted) throw ended();
}

function ended(cause?: unknown): PosternError {
  return new PosternError("not_running", "the log ended here: Postern stopped", {
    remedy: "npm start",
    cause,
  });
}

function showJson(world: World): Show {
  return ({ raw }) => world.stdout.write(`${JSON.stringify(raw)}\n`);
}

function showLine(world: World): Show {
  const { quiet } = paint(world.colour);
  return ({ value }) => {
    const cells = [
      quiet(moment(value.time)),
      value.kind.padEnd(14),
      value.source.padEnd(16),
      messageOf(value.event),
    ];
    world.stdout.write(columns([cells]));
  };
}

/** OCSF's `message` is the event in one sentence. */
function messageOf(event: unknown): string {
  const message =
    typeof event === "object" && event !== null && "message" in event ? event.message : undefined;
  return typeof message === "string" ? message : "";
}
