/**
 * A process that holds a state and nothing else, and says what that costs: `view-holder.ts view|maps SIZE`, run with
 * `--expose-gc`. `maps` is the peer: what one writes first, a Map of Maps of the JSON objects as they were parsed.
 */
import { parseJson, type Schedule, systemClock } from "#kernel";
import { type LinkClient, parseStateMessage, type StateMessage } from "#link";
import { type Application, compileSet } from "#policy";
import { openView } from "#view";
import { changeLines, cookieHash, hostOf, type Size, snapshotLines } from "./view-state.ts";

/** What `view-holder.ts` prints, as JSON. */
export interface Held {
  /** Of the whole process, heap and external memory after a collection. */
  readonly bytes: number;
  readonly snapshotMs: number;
  readonly changesPerSecond: number;
  readonly lookupsPerSecond: number;
  /** How many entities it holds after the snapshot. */
  readonly entities: number;
}

/** One of the two that are compared. */
interface Holder {
  take(line: string): void;
  /** Cookie → entry → session → person, and host and path → application. */
  lookUp(hash: string, host: string, path: string): boolean;
  entities(): number;
}

const CHANGES = 50_000;
const LOOKUPS = 200_000;
/** Lines that are made before they are timed. */
const BATCH = 2_000;

const HOLDERS: { readonly [kind: string]: () => Holder } = { view: viewHolder, maps: mapsHolder };

function viewHolder(): Holder {
  let handlers: Parameters<LinkClient["openState"]>[1] | undefined;
  const link: LinkClient = {
    openState(_wanted, made) {
      handlers = made;
      return () => undefined;
    },
    send: async () => await Promise.resolve({}),
    close: () => undefined,
  };
  const never: Schedule = { after: () => () => undefined, every: () => () => undefined };
  const view = openView({
    ...{ link, role: "gateway", name: "edge-1", boot: "boot", version: "0" },
    ...{ clock: systemClock, schedule: never, notify: ({ message }) => fail(message ?? "") },
  });
  return {
    take(line) {
      const message = parseStateMessage(parseJson(line, "a message of the link"));
      if (message === undefined || message.type === "ended") fail("no message");
      else handlers?.onMessage(message);
    },
    lookUp(hash, host, path) {
      const entry = view.entry(hash);
      const session = entry === undefined ? undefined : view.session(entry.session);
      const user = session === undefined ? undefined : view.user(session.user);
      return user !== undefined && view.application(host, path) !== undefined;
    },
    entities: () => Object.values(view.sizes()).reduce((sum, each) => sum + each, 0),
  };
}

function mapsHolder(): Holder {
  const kinds = new Map<string, Map<string, unknown>>();
  const hosts = new Map<string, Application[]>();
  const get = (kind: string, key: string): { readonly [member: string]: unknown } | undefined =>
    kinds.get(kind)?.get(key) as { readonly [member: string]: unknown } | undefined;
  return {
    take(line) {
      const message = JSON.parse(line) as Exclude<StateMessage, { type: "heartbeat" }>;
      for (const { kind, key, value } of message.entities) {
        if (kind === "policy" && value !== null) {
          for (const application of compileSet(value.files).applications.values())
            hosts.set(`${application.host}.postern.localhost`, [application]);
          continue;
        }
        const held = kinds.get(kind) ?? new Map<string, unknown>();
        kinds.set(kind, held);
        if (value === null) held.delete(key);
        else held.set(key, value);
      }
    },
    lookUp(hash, host, path) {
      const session = get("session", String(get("entry", hash)?.["session"]));
      const user = get("user", String(session?.["user"]));
      const application = hosts.get(host)?.find(({ pathPrefix }) => path.startsWith(pathPrefix));
      return user !== undefined && application !== undefined;
    },
    entities: () => [...kinds.values()].reduce((sum, { size }) => sum + size, 0),
  };
}

function fail(message: string): never {
  throw new Error(message);
}

/** Milliseconds that `take` needs for all lines; making them does not count. */
function timed(lines: Iterable<string>, take: (line: string) => void): number {
  let ms = 0;
  let batch: string[] = [];
  const run = (): void => {
    const before = performance.now();
    for (const line of batch) take(line);
    ms += performance.now() - before;
    batch = [];
  };
  for (const line of lines) {
    batch.push(line);
    if (batch.length === BATCH) run();
  }
  run();
  return ms;
}

function bytesHeld(): number {
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function lookupsPerSecond(holder: Holder, size: Size): number {
  // texts of their own, as a request brings them: nobody has hashed or interned them
  const asked = Array.from({ length: LOOKUPS }, (_, i) => {
    const session = (i * 7_919) % size.sessions;
    return {
      hash: Buffer.from(cookieHash(session, i % size.entriesOfSession)).toString(),
      host: Buffer.from(hostOf(i % size.applications)).toString(),
    };
  });
  let found = 0;
  const before = performance.now();
  for (const { hash, host } of asked) if (holder.lookUp(hash, host, "/plans/2026")) found++;
  const seconds = (performance.now() - before) / 1_000;
  if (found !== LOOKUPS) fail(`only ${found} of ${LOOKUPS} were found`);
  return LOOKUPS / seconds;
}

function measure(holder: Holder, size: Size): Held {
  const snapshotMs = timed(snapshotLines(size), (line) => holder.take(line));
  const entities = holder.entities();
  const bytes = bytesHeld();
  const lookups = lookupsPerSecond(holder, size);
  const changes = CHANGES / (timed(changeLines(size, CHANGES), (line) => holder.take(line)) / 1_000);
  return { bytes, snapshotMs, changesPerSecond: changes, lookupsPerSecond: lookups, entities };
}

if (import.meta.main) {
  const [kind = "", size = ""] = process.argv.slice(2);
  const made = HOLDERS[kind]?.() ?? fail(`no holder ${kind}`);
  process.stdout.write(`${JSON.stringify(measure(made, JSON.parse(size) as Size))}\n`);
}
