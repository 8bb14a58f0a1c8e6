import type { IncomingMessage, ServerResponse } from "node:http";
import { isIP } from "node:net";
import { getRequestListener, type HttpBindings } from "@hono/node-server";
import { OpenAPIHono } from "@hono/zod-openapi";
import type { ConsoleAssets } from "#console";
import { PosternError } from "#kernel";
import { authority } from "./authority.ts";
import type { Caller, RequestSaid } from "./caller.ts";
import { consoleAccess } from "./console-access.ts";
import { ownerCaller } from "./owner-access.ts";
import type { Api as App, Env, ApiOptions as Options, Parts } from "./parts.ts";
import { problemOf, problemResponse } from "./problem.ts";
import { requestBody } from "./request-body.ts";
import { applicationRoutes } from "./routes/applications.ts";
import { certificateRoutes } from "./routes/certificates.ts";
import { deploymentRoutes } from "./routes/deployment.ts";
import { logRoutes } from "./routes/log.ts";
import { memberRoutes } from "./routes/members.ts";
import { overviewRoutes } from "./routes/overview.ts";
import { peopleRoutes } from "./routes/people.ts";
import { policyRoutes } from "./routes/policy.ts";
import { sessionRoutes } from "./routes/sessions.ts";
import { setupLinkRoutes } from "./routes/setup-link.ts";

export interface ApiOptions extends Options {
  /** The console's pages, for whatever is not the API. */
  readonly assets: Pick<ConsoleAssets, "console">;
}

type Listener = (request: IncomingMessage, response: ServerResponse) => void;

/** Listeners for `node:http` servers. */
export interface Api {
  /** The console's host, behind the gateway. */
  readonly console: Listener;
  /** The owner's socket. */
  readonly owner: Listener;
}

/** Makes both doors of the API. */
export async function createApi(options: ApiOptions): Promise<Api> {
  const parts: Parts = { ...options, authority: authority(options) };
  const { clock, instance, assets } = options;
  const access = await consoleAccess(options);
  const consoleHost = new URL(instance.origins.console).host;

  const owner = routes(
    parts,
    async ({ incoming }) => await Promise.resolve(ownerCaller(saidBy(incoming), clock)),
  );
  setupLinkRoutes(owner, parts);

  const console = routes(parts, async ({ incoming }) => {
    const { headers, method } = incoming;
    const caller = await access.caller(headers, saidBy(incoming));
    if (method !== "GET" && method !== "HEAD") access.checkOwnPage(headers, caller);
    return caller;
  });
  const answerConsole = listener(parts, console);

  async function servePage(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // the pages hold no secret, but nobody who may not be here needs them
    await access.caller(request.headers, saidBy(request));
    assets.console(request, response);
  }

  return {
    owner: listener(parts, owner),
    console(request, response) {
      if (request.headers.host !== consoleHost) {
        send(response, problemResponse(problemOf(new PosternError("not_found", "there is nothing here"))));
      } else if (/^\/api(\/|$|\?)/.test(request.url ?? "/")) answerConsole(request, response);
      else {
        servePage(request, response).catch((error: unknown) => {
          noteUnknown(parts, error);
          send(response, problemResponse(problemOf(error)));
        });
      }
    },
  };
}

/** What both doors lead to. */
const ROUTES: readonly ((app: App, parts: Parts) => void)[] = [
  overviewRoutes,
  applicationRoutes,
  logRoutes,
  peopleRoutes,
  sessionRoutes,
  policyRoutes,
  deploymentRoutes,
  memberRoutes,
  certificateRoutes,
];

/** The routes behind a door that says who comes in. */
function routes(parts: Parts, door: (bindings: HttpBindings) => Promise<Caller>): App {
  const app: App = new OpenAPIHono<Env>({
    defaultHook: (result) => {
      if (!result.success) throw invalid(result.target, result.error.issues);
    },
  }).basePath("/api");
  app.onError((error) => {
    noteUnknown(parts, error);
    return problemResponse(problemOf(error));
  });
  app.notFound((c) =>
    problemResponse(problemOf(new PosternError("not_found", `there is no ${c.req.method} ${c.req.path}`))),
  );
  app.use(async (c, next) => {
    c.set("caller", await door(c.env));
    await next();
    c.header("x-content-type-options", "nosniff");
    c.header("cache-control", "no-store");
  });
  app.use(requestBody);
  for (const add of ROUTES) add(app, parts);
  app.doc31("/openapi.json", {
    openapi: "3.1.0",
    info: { title: "Postern control API", version: parts.version },
  });
  return app;
}

function listener(parts: Parts, app: App): Listener {
  const answer = getRequestListener(async (request, env) => await app.fetch(request, env), {
    overrideGlobalObjects: false,
    errorHandler: (error) => {
      noteUnknown(parts, error);
      return problemResponse(problemOf(error));
    },
  });
  return (request, response) => {
    answer(request, response).catch((error: unknown) => {
      noteUnknown(parts, error);
      response.destroy();
    });
  };
}

/** What is no error of ours is a fault in this program, which the answer does not describe. */
function noteUnknown({ notify }: Parts, error: unknown): void {
  if (error instanceof PosternError && error.code !== "internal") return;
  if (problemOf(error).code !== "internal") return;
  notify({
    event: "warning",
    message: `the API failed to answer: ${error instanceof Error ? error.stack : String(error)}`,
  });
}

function invalid(
  target: string,
  issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[],
): PosternError {
  const [first] = issues;
  const where = first === undefined || first.path.length === 0 ? undefined : first.path.map(String).join(".");
  const what = target === "json" ? "the body" : target === "query" ? "the query" : "the address";
  const message = first?.message ?? "not as it should be";
  return new PosternError(
    "input.invalid",
    `${what} is not as it should be: ${where === undefined ? "" : `${where}: `}${message}`,
  );
}

/** The gateway is the only one that connects here, and it names the client alone in this header. */
function saidBy({ method, url, headers }: IncomingMessage): RequestSaid {
  const forwarded = headers["x-forwarded-for"];
  const ip = (Array.isArray(forwarded) ? forwarded[0] : forwarded)?.split(",", 1)[0]?.trim();
  // a gateway that does not know says so in a word, which is no address
  const known = ip !== undefined && isIP(ip) !== 0;
  const userAgent = headers["user-agent"]?.slice(0, 512);
  const path = url?.split("?", 1)[0];
  return {
    source: {
      ...(known ? { ip } : {}),
      ...(userAgent === undefined ? {} : { userAgent }),
    },
    facts: {
      ...(method === undefined ? {} : { method }),
      ...(path === undefined ? {} : { path }),
      ...(headers.host === undefined ? {} : { host: headers.host }),
      ...(known ? { source_ip: ip } : {}),
      ...(userAgent === undefined ? {} : { user_agent: userAgent }),
    },
  };
}

function send(response: ServerResponse, answer: Response): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.writeHead(answer.status, Object.fromEntries(answer.headers));
  answer.text().then(
    (text) => response.end(text),
    () => response.destroy(),
  );
}
