import type { IncomingMessage, ServerResponse } from "node:http";
import { type Clock, PosternError, parseJson, type Schedule } from "#kernel";
import {
  type ActivityReport,
  type EntryAccepted,
  type EntryRequest,
  HEARTBEAT_MS,
  type KeyAnnouncement,
  LINK_PATHS,
  type LoginClient,
  type Position,
  type RecordsAccepted,
  type ServerCertificate,
  type SpoolRecord,
  type StateMessage,
  type StreamRequest,
} from "./messages.ts";

/** What the link reads state from: control's store. */
export interface StateSource {
  head(): Promise<Position>;
  snapshot(): Promise<StateMessage & { type: "snapshot" }>;
  changesAfter(after: Position, limit: number): Promise<(StateMessage & { type: "change" })[] | undefined>;
  onCommit(listener: () => void): () => void;
}

/** What control does with what enforcement points send. Each checks what it is given. */
export interface LinkHandlers {
  records(records: readonly SpoolRecord[]): Promise<RecordsAccepted>;
  entry(request: EntryRequest): Promise<EntryAccepted>;
  activity(report: ActivityReport): Promise<void>;
  key(announcement: KeyAnnouncement): Promise<void>;
  /** Absent where gateways have certificates of their own. */
  readonly certificate?: () => ServerCertificate;
  /** For gateways alone. */
  readonly loginClient?: () => Promise<LoginClient>;
  connected(who: StreamRequest): void;
  disconnected(who: StreamRequest): void;
}

export interface LinkServerOptions {
  readonly source: StateSource;
  readonly handlers: LinkHandlers;
  readonly clock: Clock;
  readonly schedule: Schedule;
}

const MOST_BODY_BYTES = 16 * 1024 * 1024;
/** Changes read from the log at a time. */
const BATCH = 500;

/** Handles the requests of the link; made for `http.createServer`. */
export function linkServer(
  options: LinkServerOptions,
): (request: IncomingMessage, response: ServerResponse) => void {
  const posts = new Map<string, (message: unknown) => Promise<unknown>>([
    [LINK_PATHS.records, async (message) => await options.handlers.records(message as SpoolRecord[])],
    [LINK_PATHS.entries, async (message) => await options.handlers.entry(message as EntryRequest)],
    [
      LINK_PATHS.activity,
      async (message) => {
        await options.handlers.activity(message as ActivityReport);
        return {};
      },
    ],
    [
      LINK_PATHS.keys,
      async (message) => {
        await options.handlers.key(message as KeyAnnouncement);
        return {};
      },
    ],
  ]);
  const { certificate, loginClient } = options.handlers;
  if (loginClient !== undefined) posts.set(LINK_PATHS.loginClient, async () => await loginClient());
  if (certificate !== undefined)
    posts.set(LINK_PATHS.certificate, async () => await Promise.resolve(certificate()));

  return (request, response) => {
    const url = URL.parse(request.url ?? "/", "http://control");
    if (request.method === "GET" && url?.pathname === LINK_PATHS.state) {
      const who = parseStreamRequest(url.searchParams);
      if (who === undefined) {
        answer(response, 400, {
          code: "input.invalid",
          message: "the stream is asked for without saying by whom",
        });
        return;
      }
      streamState(options, who, response).catch((error: unknown) => response.destroy(asError(error)));
      return;
    }
    const post = request.method === "POST" ? posts.get(url?.pathname ?? "") : undefined;
    if (post === undefined) {
      answer(response, 404, { code: "not_found", message: `no ${request.method} ${request.url}` });
      return;
    }
    readBody(request)
      .then(async (text) => await post(parseJson(text, "the message")))
      .then(
        (value) => answer(response, 200, value),
        (error: unknown) => {
          // what is left of a body that was not read must not hold the connection
          request.resume();
          const known = error instanceof PosternError;
          answer(response, known ? 400 : 500, {
            code: known ? error.code : "internal",
            message: asError(error).message,
          });
        },
      );
  };
}

/** Sends a snapshot or what has come since, then every change as it commits, and heartbeats between. */
async function streamState(
  options: LinkServerOptions,
  who: StreamRequest,
  response: ServerResponse,
): Promise<void> {
  const { source, handlers, clock, schedule } = options;
  response.writeHead(200, { "content-type": "application/x-ndjson" });

  let sent: Position | undefined =
    who.epoch === undefined || who.after === undefined ? undefined : { epoch: who.epoch, number: who.after };
  let busy = false;
  let again = false;
  let beat = true;

  /** Waits for a slow reader rather than keeping for it what it does not take. */
  async function send(message: StateMessage): Promise<void> {
    if (!response.write(`${JSON.stringify(message)}\n`)) await drained(response);
  }

  /** Brings the reader up to the database; one run at a time. */
  async function pump(): Promise<void> {
    again = true;
    if (busy) return;
    busy = true;
    try {
      while (again && !response.destroyed) {
        again = false;
        const changes = sent === undefined ? undefined : await source.changesAfter(sent, BATCH);
        if (changes === undefined) {
          const snapshot = await source.snapshot();
          await send(snapshot);
          sent = { epoch: snapshot.epoch, number: snapshot.number };
          // what has committed while a slow reader took it
          again = true;
        } else {
          for (const change of changes) {
            if (response.destroyed) return;
            await send(change);
            sent = { epoch: change.epoch, number: change.number };
          }
          if (changes.length === BATCH) again = true;
        }
        if (beat && !again) {
          beat = false;
          const { epoch, number } = await source.head();
          await send({ type: "heartbeat", epoch, head: number, now: clock.now() });
        }
      }
    } finally {
      busy = false;
    }
  }

  const fail = (error: unknown): void => void response.destroy(asError(error));
  const stopListening = source.onCommit(() => void pump().catch(fail));
  const stopBeating = schedule.every(HEARTBEAT_MS, () => {
    beat = true;
    pump().catch(fail);
  });
  response.on("close", () => {
    stopListening();
    stopBeating();
    handlers.disconnected(who);
  });
  handlers.connected(who);
  await pump();
}

async function drained(response: ServerResponse): Promise<void> {
  if (response.destroyed) return;
  await new Promise<void>((resolve) => {
    const go = (): void => {
      response.off("drain", go);
      response.off("close", go);
      resolve();
    };
    response.on("drain", go);
    response.on("close", go);
  });
}

/** Undefined when it does not say who asks. */
function parseStreamRequest(query: URLSearchParams): StreamRequest | undefined {
  const role = query.get("role");
  const after = query.get("after");
  const epoch = query.get("epoch");
  const hostname = query.get("hostname");
  const osRelease = query.get("osRelease");
  const [name, boot, version] = [query.get("name"), query.get("boot"), query.get("version")];
  if ((role !== "gateway" && role !== "agent") || !name || !boot || !version) return undefined;
  return {
    role,
    name,
    boot,
    version,
    ...(hostname === null ? {} : { hostname }),
    ...(osRelease === null ? {} : { osRelease }),
    ...(epoch === null ? {} : { epoch }),
    ...(after === null || !/^\d{1,15}$/.test(after) ? {} : { after: Number(after) }),
  };
}

/** Reads no further than it must; the request itself stays open, so that an answer can still be sent. */
async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  const read = request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
  for await (const chunk of read) {
    size += chunk.length;
    if (size > MOST_BODY_BYTES) throw new PosternError("input.too_large", "the message is over 16 MiB");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

function answer(response: ServerResponse, status: number, value: unknown): void {
  const body = JSON.stringify(value);
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
  });
  response.end(body);
}
