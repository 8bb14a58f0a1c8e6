import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { administrationEvent, type EventOrigin } from "#events";
import { PosternError, parseJson } from "#kernel";
import type { EventLog } from "#log";
import type { Store } from "#store";
import { checkDatabaseUrl, maskedDatabase } from "../database.ts";
import { failureJson } from "../terminal/failure.ts";
import { type Moved, moveRunning } from "./move-database.ts";
import type { Surroundings } from "./target.ts";

/** How far a move is. */
export type MoveState =
  | { readonly state: "idle" }
  | { readonly state: "moving"; readonly message: string }
  | ({ readonly state: "moved" } & Moved)
  | { readonly state: "failed"; readonly error: { readonly [member: string]: unknown } };

/** Of the owner's API, which only the owner of the data folder reaches. */
export const MOVE_PATH = "/api/v1/database/move";
const MOST_BODY_LENGTH = 10_000;
/** Whoever asked learns that all is moved before this process ends. */
const TELL_MS = 1_500;

export interface DatabaseMoverOptions extends Surroundings {
  readonly store: Store;
  readonly log: EventLog;
  readonly origin: EventOrigin;
  readonly data: string;
  /** Ends this process without another write, so that it is started anew, on the new database. */
  readonly restart: () => void;
}

/** Moves the database of this control when its owner asks, one move at a time; everything else is `next`'s. */
export function ownerMoves(options: DatabaseMoverOptions, next: RequestListener): RequestListener {
  const { store, log, origin, data, clock, schedule, notify, restart } = options;
  let state: MoveState = { state: "idle" };

  /** In the log before anything happens, so that it is in the moved one too. */
  async function record(database: string): Promise<void> {
    await store.write(
      async (tx) =>
        await log.append(
          tx,
          administrationEvent(origin, {
            time: clock.now(),
            act: "database.move",
            outcome: "success",
            actor: { type: "owner", id: "owner", name: "owner" },
            target: { type: "database", id: database },
            source: {},
          }),
        ),
    );
  }

  async function move(url: string): Promise<void> {
    await record(maskedDatabase({ url }));
    const moved = await moveRunning(store, {
      ...{ data, url, clock, ids: options.ids, schedule },
      notify(notice) {
        if (notice.message !== undefined) state = { state: "moving", message: notice.message };
        notify(notice);
      },
    });
    state = { state: "moved", ...moved };
    notify({
      event: "database-moved",
      message: `the state is in PostgreSQL now, ${moved.database}: starting again on it`,
    });
    schedule.after(TELL_MS, restart);
  }

  async function begin(request: IncomingMessage): Promise<MoveState> {
    const url = urlOf(await bodyOf(request));
    if (state.state === "moving" || state.state === "moved")
      throw new PosternError("conflict", "the database is being moved already", {
        remedy: "wait until it is done",
      });
    state = { state: "moving", message: "beginning" };
    void move(url).catch((error: unknown) => {
      state = { state: "failed", ...failureJson(error) };
      notify({
        event: "warning",
        message: `the database was not moved: ${error instanceof Error ? error.message : String(error)}`,
      });
    });
    return state;
  }

  return (request, response) => {
    if (request.url !== MOVE_PATH) {
      next(request, response);
      return;
    }
    if (request.method === "GET") answer(response, 200, state);
    else if (request.method === "POST") {
      begin(request).then(
        (begun) => answer(response, 202, begun),
        (error: unknown) => refuse(response, error),
      );
    } else {
      response.setHeader("allow", "GET, POST");
      refuse(response, new PosternError("input.invalid", "only GET and POST"), 405);
    }
  };
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json", "cache-control": "no-store" });
  response.end(JSON.stringify(body));
}

/** As the rest of the owner's API says what went wrong (RFC 9457). */
function refuse(response: ServerResponse, error: unknown, status = 400): void {
  const { error: fields } = failureJson(error);
  const { message, ...rest } = fields;
  response.writeHead(status, { "content-type": "application/problem+json" });
  response.end(JSON.stringify({ title: message, status, ...rest }));
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  let text = "";
  request.setEncoding("utf8");
  for await (const chunk of request as AsyncIterable<string>) {
    text += chunk;
    if (text.length > MOST_BODY_LENGTH) throw new PosternError("input.too_large", "the request is too long");
  }
  return parseJson(text, "the request");
}

function urlOf(body: unknown): string {
  const url = typeof body === "object" && body !== null && "url" in body ? body.url : undefined;
  if (typeof url !== "string") throw new PosternError("input.invalid", "the request names no database");
  return checkDatabaseUrl(url, "the new database");
}
