import { Agent, type ClientRequest, type IncomingMessage, request } from "node:http";
import { PosternError, parseJson } from "#kernel";
import { parseStateMessage } from "./answers.ts";
import { LINK_PATHS, type StateMessage, type StreamRequest } from "./messages.ts";

/** The longest line that a stream may carry, in UTF-16 units: a snapshot of a large instance. */
const MOST_LINE_LENGTH = 256 * 1024 * 1024;

/** Where control is. */
export interface LinkAddress {
  /** Path of control's link socket. */
  readonly socket: string;
}

export interface LinkClient {
  /**
   * Opens the stream of state. `onMessage` is called for each message in order; `onEnd` once, when the
   * stream ends for whatever reason. Returns what closes it.
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

export function linkClient(address: LinkAddress): LinkClient {
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  return {
    openState: (wanted, handlers) => openState(address, wanted, handlers),
    async send(path, message, timeoutMs = 10_000) {
      const { status, text } = await post(address, agent, path, JSON.stringify(message), timeoutMs);
      const answer = parseJson(text, "control's answer");
      if (status === 200) return answer;
      throw errorFrom(answer);
    },
    close: () => agent.destroy(),
  };
}

async function post(
  address: LinkAddress,
  agent: Agent,
  path: string,
  body: string,
  timeoutMs: number,
): Promise<{ status: number | undefined; text: string }> {
  const headers = {
    host: "control",
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
  };
  try {
    return await new Promise((resolve, reject) => {
      const sent = request(
        // a deadline for the whole exchange: an answer that trickles is none
        {
          socketPath: address.socket,
          path,
          method: "POST",
          agent,
          headers,
          signal: AbortSignal.timeout(timeoutMs),
        },
        (response) => {
          readAll(response).then((text) => resolve({ status: response.statusCode, text }), reject);
        },
      );
      sent.on("error", reject);
      sent.end(body);
    });
  } catch (cause) {
    throw new PosternError("not_running", "control cannot be reached", { where: address.socket, cause });
  }
}

function openState(
  address: LinkAddress,
  wanted: StreamRequest,
  handlers: { onMessage(message: StateMessage): void; onEnd(error?: Error): void },
): () => void {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(wanted)) if (value !== undefined) query.set(name, String(value));
  let ended = false;
  const end = (error?: Error): void => {
    if (ended) return;
    ended = true;
    sent.destroy();
    handlers.onEnd(error);
  };
  const sent: ClientRequest = request(
    {
      socketPath: address.socket,
      path: `${LINK_PATHS.state}?${query.toString()}`,
      headers: { host: "control" },
    },
    (response) => {
      if (response.statusCode !== 200) {
        end(new Error(`control answered ${response.statusCode}`));
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
            handlers.onMessage(parseStateMessage(parseJson(line, "a message of the link")));
            line = next;
          }
          if (line.length > MOST_LINE_LENGTH) throw new Error("a message of the link is too long");
        } catch (error) {
          end(error instanceof Error ? error : new Error(String(error)));
        }
      });
      response.on("end", () => end());
      response.on("error", end);
      response.on("close", () => end());
    },
  );
  sent.on("error", end);
  sent.end();
  return () => end();
}

async function readAll(response: IncomingMessage): Promise<string> {
  let text = "";
  response.setEncoding("utf8");
  for await (const chunk of response as AsyncIterable<string>) text += chunk;
  return text;
}

function errorFrom(answer: unknown): PosternError {
  if (typeof answer === "object" && answer !== null && "code" in answer && "message" in answer) {
    // both ends are of one version of this program, so the code is one of ours
    return new PosternError(answer.code as PosternError["code"], String(answer.message));
  }
  return new PosternError("internal", "control answered with an unknown error");
}
