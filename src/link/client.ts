import { Agent, type ClientRequest, type IncomingMessage, request } from "node:http";
import { PosternError, parseJson } from "#kernel";
import { LINK_PATHS, type StateMessage, type StreamRequest } from "./messages.ts";

/** The longest line that a stream may carry: a snapshot of a large instance. */
const MOST_LINE_BYTES = 256 * 1024 * 1024;

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
      const body = JSON.stringify(message);
      const response = await new Promise<IncomingMessage>((resolve, reject) => {
        const sent = request(
          {
            socketPath: address.socket,
            path,
            method: "POST",
            agent,
            headers: {
              host: "control",
              "content-type": "application/json",
              "content-length": Buffer.byteLength(body),
            },
            timeout: timeoutMs,
          },
          resolve,
        );
        sent.on("timeout", () => sent.destroy(new Error("control did not answer in time")));
        sent.on("error", reject);
        sent.end(body);
      }).catch((cause: unknown) => {
        throw new PosternError("not_running", "control cannot be reached", { where: address.socket, cause });
      });
      const text = await readAll(response);
      const answer = parseJson(text, "control's answer");
      if (response.statusCode === 200) return answer;
      throw errorFrom(answer);
    },
    close: () => agent.destroy(),
  };
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
    { socketPath: address.socket, path: `${LINK_PATHS.state}?${query}`, headers: { host: "control" } },
    (response) => {
      if (response.statusCode !== 200) {
        end(new Error(`control answered ${response.statusCode}`));
        return;
      }
      let rest = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        try {
          rest += chunk;
          if (rest.length > MOST_LINE_BYTES) throw new Error("a message of the link is too long");
          for (let at = rest.indexOf("\n"); at >= 0 && !ended; at = rest.indexOf("\n")) {
            const line = rest.slice(0, at);
            rest = rest.slice(at + 1);
            handlers.onMessage(parseJson(line, "a message of the link") as StateMessage);
          }
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
