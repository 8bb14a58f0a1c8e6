import { type ClientRequest, type IncomingMessage, type RequestOptions, request } from "node:http";
import type { Socket } from "node:net";
import { PosternError, parseJson } from "#kernel";
import { errorFrom, parseStateMessage } from "./answers.ts";
import { type ControlDialer, dialInto, dialingAgent } from "./dialer.ts";
import {
  LINK_HEADERS,
  LINK_MINOR,
  LINK_PATHS,
  type MemberRole,
  type StateMessage,
  type StreamRequest,
} from "./messages.ts";

/** The longest line that a stream may carry, in UTF-16 units: the snapshot of a large instance by an earlier control. */
const MOST_LINE_LENGTH = 256 * 1024 * 1024;
/** Control's answers to messages are some hundred bytes; a membership is a few thousand. */
const MOST_ANSWER_LENGTH = 1024 * 1024;

export interface LinkClientOptions {
  readonly dialer: ControlDialer;
  /** Identifies this start of the process. */
  readonly boot: string;
  /** Who asks: over the Unix socket nothing else says it, over TLS the certificate does and this counts for nothing. */
  readonly role: MemberRole;
  readonly name: string;
}

export interface LinkClient {
  /**
   * Opens the stream of state. `onMessage` is called for each message in order; `onEnd` once, when the
   * stream ends for whatever reason: with the code that control gave when it said why, such as `member.revoked`.
   * Returns what closes it.
   */
  openState(
    wanted: StreamRequest,
    handlers: { onMessage(message: StateMessage): void; onEnd(error?: Error): void },
  ): () => void;
  /**
   * Sends one message up and returns control's answer, to be checked by the caller.
   * @throws PosternError the code that control answered with, or `not_running` when it cannot be reached.
   */
  send(
    path: (typeof LINK_PATHS)[keyof typeof LINK_PATHS],
    message: unknown,
    timeoutMs?: number,
  ): Promise<unknown>;
  close(): void;
}

/** The enforcement point's end of the link. Closing it closes the dialer too. */
export function linkClient(options: LinkClientOptions): LinkClient {
  const { dialer, boot, role, name } = options;
  const agent = dialingAgent(dialer);
  const headers = {
    host: "control",
    [LINK_HEADERS.boot]: boot,
    [LINK_HEADERS.minor]: String(LINK_MINOR),
    [LINK_HEADERS.role]: role,
    [LINK_HEADERS.name]: encodeURIComponent(name),
  };

  async function post(path: string, body: string, timeoutMs: number): Promise<Answer> {
    const exchange = {
      path,
      method: "POST",
      headers: { ...headers, "content-type": "application/json", "content-length": Buffer.byteLength(body) },
      // a deadline for the whole exchange: an answer that trickles is none
      signal: AbortSignal.timeout(timeoutMs),
    };
    try {
      const answer = await ask({ ...exchange, agent }, body);
      if (answer.status === 503) leave(answer.socket);
      return answer;
    } catch (error) {
      leave(error instanceof Unanswered ? error.socket : null);
      // control takes every message twice as if it came once
      if (error instanceof Unanswered && error.onKept && !exchange.signal.aborted)
        return await ask({ ...exchange, createConnection: dialInto(dialer) }, body);
      throw error;
    }
  }

  /** What was kept may lead to the node that does not serve: whoever asks next dials anew, and another one first. */
  function leave(socket: Socket | null): void {
    if (socket !== null) dialer.avoid?.(socket);
    for (const free of Object.values(agent.freeSockets)) for (const kept of free ?? []) kept.destroy();
  }

  return {
    openState: (wanted, handlers) => openState(dialer, headers, wanted, handlers),
    async send(path, message, timeoutMs = 10_000) {
      const { status, text } = await post(path, JSON.stringify(message), timeoutMs).catch(
        (cause: unknown) => {
          throw unreachable(cause);
        },
      );
      const answer = parseJson(text, "control's answer");
      if (status === 200) return answer;
      throw errorFrom(answer);
    },
    close() {
      agent.destroy();
      dialer.close();
    },
  };
}

interface Answer {
  readonly status: number | undefined;
  readonly text: string;
  readonly socket: Socket | null;
}

/** The connection broke before any byte of the answer. */
class Unanswered extends Error {
  readonly socket: Socket | null;
  /** Whether it had carried others before, so that the other end may have given it up before it had this. */
  readonly onKept: boolean;
  constructor({ socket, reusedSocket }: ClientRequest, cause: Error) {
    super(cause.message, { cause });
    this.socket = socket;
    this.onKept = reusedSocket;
  }
}

async function ask(options: RequestOptions, body: string): Promise<Answer> {
  return await new Promise((resolve, reject) => {
    const sent = request(options, (response) => {
      const { statusCode: status, socket } = response;
      readAll(response).then((text) => resolve({ status, text, socket }), reject);
    });
    sent.on("error", (error) => reject(new Unanswered(sent, error)));
    sent.end(body);
  });
}

function unreachable(error: unknown): PosternError {
  const cause = error instanceof Unanswered ? error.cause : error;
  if (cause instanceof PosternError) return cause;
  return new PosternError("not_running", "control cannot be reached", { cause });
}

function openState(
  dialer: ControlDialer,
  headers: { readonly [name: string]: string },
  wanted: StreamRequest,
  handlers: { onMessage(message: StateMessage): void; onEnd(error?: Error): void },
): () => void {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(wanted)) if (value !== undefined) query.set(name, String(value));
  let ended = false;
  const end = (error?: Error): void => {
    if (ended) return;
    ended = true;
    // the next one goes to another node, if there is one
    if (sent.socket !== null) dialer.avoid?.(sent.socket);
    sent.destroy();
    handlers.onEnd(error);
  };
  const fail = (error: unknown): void => end(asError(error));
  const sent: ClientRequest = request(
    { createConnection: dialInto(dialer), path: `${LINK_PATHS.state}?${query.toString()}`, headers },
    (response) => {
      if (response.statusCode !== 200) {
        readAll(response)
          .then((text) => errorFrom(parseJson(text, "control's answer")))
          .then(end, fail);
        return;
      }
      let line = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        try {
          const [first = "", ...more] = chunk.split("\n");
          line += first;
          for (const next of more) {
            // whoever handles a message may close the stream
            if (ended) return;
            take(line);
            line = next;
          }
          if (line.length > MOST_LINE_LENGTH) throw new Error("a message of the link is too long");
        } catch (error) {
          fail(error);
        }
      });
      response.on("end", () => end());
      response.on("error", end);
      response.on("close", () => end());
    },
  );

  function take(line: string): void {
    const message = parseStateMessage(parseJson(line, "a message of the link"));
    if (message === undefined) return;
    if (message.type === "ended") end(errorFrom(message));
    else handlers.onMessage(message);
  }

  sent.on("error", end);
  sent.end();
  return () => end();
}

async function readAll(response: IncomingMessage): Promise<string> {
  let text = "";
  response.setEncoding("utf8");
  for await (const chunk of response as AsyncIterable<string>) {
    text += chunk;
    if (text.length > MOST_ANSWER_LENGTH)
      throw new PosternError("input.too_large", "control's answer is too long");
  }
  return text;
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
