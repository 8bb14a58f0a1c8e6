/** The other side of `network.ts`: asks the network, and wakes the thread that waits. */
import { lookup } from "node:dns/promises";
import { request as requestPlain } from "node:http";
import { request as requestTls } from "node:https";
import { type MessagePort, parentPort } from "node:worker_threads";
import type { Answer, HttpRequest, HttpResponse, Question } from "./network.ts";

/** What is read of an answer at most. */
const MOST_BYTES = 64 * 1024 * 1024;
/** The longest that timers can be set to. */
const MOST_MS = 2 ** 31 - 1;
const MOST_REDIRECTS = 10;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

interface Asked {
  readonly question: Question;
  readonly signal: Int32Array;
  readonly port: MessagePort;
}

parentPort?.on("message", (asked: Asked) => void handle(asked));

async function handle({ question, signal, port }: Asked): Promise<void> {
  port.postMessage(await answer(question));
  port.close();
  Atomics.store(signal, 0, 1);
  Atomics.notify(signal, 0);
}

async function answer(question: Question): Promise<Answer<unknown>> {
  try {
    if (question.ask === "http") return { value: await send(question.request, MOST_REDIRECTS) };
    const found = await lookup(question.name, { all: true });
    return { value: found.map(({ address }) => address) };
  } catch (error) {
    return { failed: error instanceof Error ? error.message || String(error) : String(error) };
  }
}

async function send(asked: HttpRequest, redirects: number): Promise<HttpResponse> {
  const response = await once(asked);
  const [location] = response.headers["location"] ?? [];
  if (!asked.redirects || location === undefined || !REDIRECTS.has(response.statusCode)) return response;
  if (redirects === 0) throw new Error(`stopped after ${MOST_REDIRECTS} redirects`);
  const next = new URL(location, asked.url);
  if (!asked.hosts.includes(next.hostname)) throw new Error(`unallowed host: ${next.hostname}`);
  const kept = response.statusCode === 307 || response.statusCode === 308 || asked.method === "HEAD";
  return await send(
    { ...asked, url: next.href, ...(kept ? {} : { method: "GET", body: undefined }) },
    redirects - 1,
  );
}

function once({ method, url, headers, body, timeoutMs, tls }: HttpRequest): Promise<HttpResponse> {
  const { protocol } = new URL(url);
  if (protocol !== "http:" && protocol !== "https:")
    throw new Error(`unsupported protocol scheme "${protocol.slice(0, -1)}"`);
  return new Promise((resolve, reject) => {
    const options = {
      method,
      headers,
      signal: AbortSignal.timeout(Math.min(Math.ceil(timeoutMs), MOST_MS)),
      agent: false,
      rejectUnauthorized: tls.verify,
      ...(tls.ca === undefined ? {} : { ca: tls.ca }),
      ...(tls.cert === undefined ? {} : { cert: tls.cert }),
      ...(tls.key === undefined ? {} : { key: tls.key }),
      ...(tls.serverName === undefined ? {} : { servername: tls.serverName }),
    };
    const sent = (protocol === "https:" ? requestTls : requestPlain)(url, options, (response) => {
      const parts: Buffer[] = [];
      let bytes = 0;
      response.on("data", (part: Buffer) => {
        bytes += part.length;
        if (bytes > MOST_BYTES) response.destroy(new Error("the response is too large"));
        else parts.push(part);
      });
      response.on("error", reject);
      response.on("end", () => {
        const { statusCode = 0, statusMessage = "", headersDistinct } = response;
        const named = Object.entries(headersDistinct).map(([name, values]) => [name, values ?? []]);
        resolve({
          status: `${statusCode} ${statusMessage}`,
          statusCode,
          headers: Object.fromEntries(named) as Record<string, string[]>,
          text: Buffer.concat(parts).toString("utf8"),
        });
      });
    });
    sent.on("error", (error) =>
      reject(
        error.name === "AbortError" || error.name === "TimeoutError" ? new Error("request timed out") : error,
      ),
    );
    sent.end(body);
  });
}
