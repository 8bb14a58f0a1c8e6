import { type ClientRequest, type IncomingMessage, request } from "node:http";
import { type Diagnostic, type ErrorCode, PosternError, parseJson } from "#kernel";
import { checkPrivateFolder, dataFolder, runFolder } from "../places.ts";
import { sockets } from "../settings.ts";
import type { World } from "../world.ts";
import { type Check, serverEvents } from "./server-events.ts";

/** An answer of the API may take this long; applying a large policy set is the slowest. */
const ANSWER_MS = 30_000;

/** An answer: as it came, for `--json`, and checked, for people. */
export interface Answer<T> {
  readonly value: T;
  readonly raw: unknown;
}

/** The API of a running instance, as the owner of its data folder reaches it. */
export interface Owner {
  /** @throws PosternError `not_running`, or the code that the API answered with */
  get<T>(path: string, check: Check<T>): Promise<Answer<T>>;
  post<T>(path: string, body: unknown, check: Check<T>): Promise<Answer<T>>;
  remove(path: string): Promise<void>;
  /** Events as they come, until `signal`; ends when the instance does. */
  follow<T>(path: string, check: Check<T>, signal: AbortSignal): AsyncIterable<Answer<T>>;
}

/** The instance of the data folder that `--data`, the environment or the default names. */
export function ownerOf(flags: { readonly data?: string }, world: World): Owner {
  const data = dataFolder(flags.data, world);
  const named = flags.data !== undefined || Boolean(world.environment["POSTERN_DATA"]);
  const start = named ? `npm start -- --data ${data}` : "npm start";
  const run = runFolder(data);

  async function ask(
    method: string,
    path: string,
    body?: unknown,
    signal?: AbortSignal,
  ): Promise<IncomingMessage> {
    try {
      checkPrivateFolder(run);
    } catch (cause) {
      if (cause instanceof PosternError) throw cause;
      throw notRunning(data, start, cause);
    }
    const text = body === undefined ? undefined : JSON.stringify(body);
    const response = await send(sockets({ run }).owner, method, path, text, signal).catch(
      (cause: unknown) => {
        throw notRunning(data, start, cause);
      },
    );
    const status = response.statusCode ?? 0;
    if (status >= 200 && status < 300) return response;
    throw problem(await readAll(response), status);
  }

  async function json<T>(response: IncomingMessage, check: Check<T>): Promise<Answer<T>> {
    const raw = parseJson(await readAll(response), "the answer of Postern");
    return { raw, value: check(raw) };
  }

  return {
    get: async (path, check) => await json(await ask("GET", path), check),
    post: async (path, body, check) => await json(await ask("POST", path, body), check),
    remove: async (path) => {
      await readAll(await ask("DELETE", path));
    },
    async *follow(path, check, signal) {
      const response = await ask("GET", path, undefined, signal);
      yield* serverEvents(response, check);
    },
  };
}

async function send(
  socketPath: string,
  method: string,
  path: string,
  body: string | undefined,
  signal: AbortSignal | undefined,
): Promise<IncomingMessage> {
  return await new Promise((resolve, reject) => {
    const sent: ClientRequest = request(
      {
        socketPath,
        method,
        path: `/api/v1/${path}`,
        agent: false,
        headers: {
          host: "owner",
          accept: signal === undefined ? "application/json" : "text/event-stream",
          ...(body === undefined
            ? {}
            : { "content-type": "application/json", "content-length": Buffer.byteLength(body) }),
        },
        ...(signal === undefined ? {} : { signal }),
      },
      (response) => {
        sent.setTimeout(0);
        resolve(response);
      },
    );
    sent.setTimeout(ANSWER_MS, () => sent.destroy(new Error("no answer in time")));
    sent.on("error", reject);
    sent.end(body);
  });
}

function notRunning(data: string, start: string, cause: unknown): PosternError {
  return new PosternError("not_running", "Postern is not running on this data folder", {
    where: data,
    remedy: start,
    cause,
  });
}

async function readAll(response: IncomingMessage): Promise<string> {
  let text = "";
  response.setEncoding("utf8");
  for await (const chunk of response as AsyncIterable<string>) text += chunk;
  return text;
}

/** Makes an error of an RFC 9457 problem. */
function problem(text: string, status: number): PosternError {
  const body = parseJson(text, `the answer of Postern (${status})`);
  const has =
    typeof body === "object" && body !== null ? (body as { readonly [member: string]: unknown }) : {};
  const { title, detail, code, decision, remedy, where, diagnostics } = has;
  const said = [title, detail].filter((part) => typeof part === "string");
  const message = said.length === 0 ? `Postern answered ${status}` : said.join(": ");
  return new PosternError(typeof code === "string" ? (code as ErrorCode) : "internal", message, {
    ...(typeof where === "string" ? { where } : {}),
    ...(typeof remedy === "string" ? { remedy } : {}),
    ...(typeof decision === "string" ? { decision } : {}),
    ...(Array.isArray(diagnostics) ? { diagnostics: diagnostics.filter(isDiagnostic) } : {}),
  });
}

function isDiagnostic(candidate: unknown): candidate is Diagnostic {
  if (typeof candidate !== "object" || candidate === null) return false;
  const { file, line, column, length, message, severity } = candidate as Partial<Diagnostic>;
  return (
    typeof file === "string" &&
    typeof line === "number" &&
    typeof column === "number" &&
    typeof length === "number" &&
    typeof message === "string" &&
    (severity === "error" || severity === "warning")
  );
}
