/**
 * The demo applications: a wiki that every member may open, and a payroll that is restricted. They stand for the
 * applications that people have, so they take nothing from Postern but what every application gets: requests with a
 * signed assertion, which they verify. They listen on Unix sockets only.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { join } from "node:path";
import type { Notify } from "#kernel";
import { page, pageSecurityHeaders } from "#look";
import type { RunningRole } from "../roles/role.ts";
import { closeServer, listenOnSocket } from "../roles/sockets.ts";
import type { InstanceSettings } from "../settings.ts";
import { assertionVerifier, type VerifyAssertion } from "./assertion.ts";
import { CLOCK_SCRIPT, type DemoPage, notFound, PAYROLL, refusal, WIKI } from "./pages.ts";

const TICK_MS = 1_000;

const APPLICATIONS: readonly { readonly name: string; readonly pages: readonly DemoPage[] }[] = [
  { name: "wiki", pages: WIKI },
  { name: "payroll", pages: PAYROLL },
];

/** Runs both on sockets of the run folder: `demo-wiki.sock` and `demo-payroll.sock`. */
export async function run(settings: InstanceSettings, notify: Notify): Promise<RunningRole> {
  const servers = await Promise.all(
    APPLICATIONS.map(async ({ name, pages }) => {
      const handle = demoHandler(pages, assertionVerifier(name, settings));
      return await listenOnSocket(join(settings.run, `demo-${name}.sock`), (request, response) => {
        handle(request, response).catch((error: unknown) => {
          notify({ event: "warning", message: `the demo ${name} failed: ${String(error)}` });
          response.destroy();
        });
      });
    }),
  );
  notify({ event: "ready" });
  return {
    async stop() {
      await Promise.all(servers.map(async (server) => await closeServer(server, 500)));
    },
  };
}

/** Answers the requests of one demo application. */
export function demoHandler(
  pages: readonly DemoPage[],
  verify: VerifyAssertion,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  return async (request, response) => {
    const visitor = await verify(request);
    if (visitor === undefined) {
      answer(response, 403, refusal());
      return;
    }
    const { pathname } = new URL(request.url ?? "/", "http://demo");
    if (request.method !== "GET" && request.method !== "HEAD") {
      response.writeHead(405, { allow: "GET, HEAD" }).end();
      return;
    }
    const live = pages.some(({ path }) => path === "/clock");
    if (live && pathname === "/events") {
      tick(response);
      return;
    }
    if (live && pathname === "/clock.js") {
      response.writeHead(200, {
        "content-type": "text/javascript; charset=utf-8",
        "cache-control": "no-store",
      });
      response.end(CLOCK_SCRIPT);
      return;
    }
    const found = pages.find(({ path }) => path === pathname);
    if (found === undefined) answer(response, 404, notFound());
    else answer(response, 200, page({ title: found.title, body: found.body(visitor) }));
  };
}

function answer(response: ServerResponse, status: number, text: string): void {
  const headers = pageSecurityHeaders();
  // the live page has a script of its own, and a stream to read
  const policy = `${headers["content-security-policy"] ?? ""}; script-src 'self'; connect-src 'self'`;
  response.writeHead(status, { ...headers, "content-security-policy": policy });
  response.end(text);
}

/** Server-sent events (WHATWG HTML §9.2): the time, each second, for as long as the connection is let live. */
function tick(response: ServerResponse): void {
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
  const send = (): void => {
    response.write(`data: ${new Date().toISOString()}\n\n`);
  };
  send();
  const timer = setInterval(send, TICK_MS);
  response.on("close", () => clearInterval(timer));
}
