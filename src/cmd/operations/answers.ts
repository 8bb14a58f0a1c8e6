import type { IncomingMessage, ServerResponse } from "node:http";
import { METRICS_TYPE, type Metrics } from "./prometheus.ts";
import type { CheckAnswer, Readiness } from "./readiness.ts";

export interface Answering {
  /** What `?verbose` says of the process beside its checks. */
  readonly about: () => { readonly [member: string]: unknown };
  readonly readiness: () => Promise<Readiness>;
  readonly metrics: () => Promise<Metrics>;
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

const TEXT = "text/plain; charset=utf-8";
const JSON_TYPE = "application/json";

type Route = (answering: Answering, detail: boolean) => Promise<Answer>;

const ROUTES: ReadonlyMap<string, Route> = new Map<string, Route>([
  ["/healthz", healthz],
  ["/readyz", readyz],
  ["/metrics", metrics],
]);

/** Answers health and metrics: GET and HEAD of three paths, and nothing else. */
export function answerOperations(
  answering: Answering,
): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    const head = request.method === "HEAD";
    if (!head && request.method !== "GET") {
      response.setHeader("allow", "GET, HEAD");
      send(response, { status: 405, type: TEXT, text: "only GET and HEAD\n" }, head);
      return;
    }
    const url = URL.parse(request.url ?? "/", "http://operations");
    const route = url === null ? undefined : ROUTES.get(url.pathname);
    if (url === null || route === undefined) {
      send(response, { status: 404, type: TEXT, text: `try ${[...ROUTES.keys()].join(", ")}\n` }, head);
      return;
    }
    const detail = url.searchParams.has("verbose") || /\bjson\b/.test(request.headers.accept ?? "");
    route(answering, detail).then(
      (answer) => send(response, answer, head),
      (error: unknown) =>
        send(response, { status: 500, type: TEXT, text: `failed: ${messageOf(error)}\n` }, head),
    );
  };
}

function send(response: ServerResponse, { status, type, text }: Answer, head: boolean): void {
  response.writeHead(status, {
    "content-type": type,
    "content-length": Buffer.byteLength(text),
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
  });
  response.end(head ? undefined : text);
}

/** That it answers is the answer: the event loop turns. */
async function healthz(answering: Answering, detail: boolean): Promise<Answer> {
  return await Promise.resolve(
    detail
      ? { status: 200, type: JSON_TYPE, text: `${JSON.stringify({ ...answering.about(), ok: true })}\n` }
      : { status: 200, type: TEXT, text: "ok\n" },
  );
}

async function readyz(answering: Answering, detail: boolean): Promise<Answer> {
  const { ready, checks } = await answering.readiness();
  const status = ready ? 200 : 503;
  if (!detail) return { status, type: TEXT, text: ready ? "ok\n" : checks.map(failureLine).join("") };
  const body = {
    ...answering.about(),
    ok: ready,
    checks: checks.map(({ name, outcome }) => ({ name, ...outcome })),
  };
  return { status, type: JSON_TYPE, text: `${JSON.stringify(body)}\n` };
}

function failureLine({ name, outcome }: CheckAnswer): string {
  return outcome.ok ? "" : `${name}: ${outcome.why}; ${outcome.remedy}\n`;
}

async function metrics(answering: Answering): Promise<Answer> {
  return { status: 200, type: METRICS_TYPE, text: await (await answering.metrics()).text() };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
