import type { IncomingMessage, ServerResponse } from "node:http";
import type { Provider } from "oidc-provider";
import { z } from "zod";
import type { RequestSource } from "#events";
import { PosternError } from "#kernel";
import { answerJson, checkSameOrigin, readJson, setSecurityHeaders } from "./answers.ts";
import { enrolmentOptions, enrolmentVerify, openEnrolment } from "./enrolment.ts";
import { FAILURES_PER_MINUTE, STARTS_PER_MINUTE } from "./limits.ts";
import { type ApplicationsFor, myAccess, signOut } from "./my-access.ts";
import type { Parts } from "./parts.ts";
import { answerProblem } from "./problems.ts";
import { PROVIDER_ROUTES } from "./provider.ts";
import { type RateLimit, rateLimit } from "./rate-limit.ts";
import { type SignInRequest, signInOptions, signInVerify } from "./sign-in.ts";

/** Serves the pages of the login host and their files. */
export type ServePage = (request: IncomingMessage, response: ServerResponse) => void;

export interface LoginHost {
  readonly provider: Provider;
  readonly page: ServePage;
  readonly applicationsFor: ApplicationsFor;
}

/** One request, and what of it the acts below need. */
interface Call extends SignInRequest {
  readonly path: string;
}

const ENROLMENT_COOKIE = "__Host-postern-enrol";

const OPEN = z.strictObject({ token: z.string().regex(/^[A-Za-z0-9_-]{1,128}$/) });
const OPTIONS = z.strictObject({ name: z.string().max(256), displayName: z.string().max(256) });
const VERIFY = z.strictObject({ response: z.unknown() });
const NOTHING = z.strictObject({});

type Act = (call: Call, body: unknown) => Promise<unknown>;

/** Makes the handler of the whole login host. */
export function loginHost(
  parts: Parts,
  host: LoginHost,
): (request: IncomingMessage, response: ServerResponse) => void {
  const { instance, clock, notify } = parts;
  const { provider } = host;
  const toProvider = provider.callback();
  const failures = rateLimit(FAILURES_PER_MINUTE, clock);
  const starts = rateLimit(STARTS_PER_MINUTE, clock);

  /** Acts by their path, where `:uid` stands for an interaction's id. */
  const acts: { readonly [path: string]: Act } = {
    "/enrol/open": tried(failures, async (call, body) => {
      const { token } = check(OPEN, body);
      const { opened, browser } = await openEnrolment(parts, token, enrolmentCookie(call), call.source);
      if (browser !== undefined) setEnrolmentCookie(call, browser, opened.expiresAt);
      return opened;
    }),
    "/enrol/options": limited(
      starts,
      async (call, body) => await enrolmentOptions(parts, enrolmentCookie(call), check(OPTIONS, body)),
    ),
    "/enrol/verify": tried(
      failures,
      async (call, body) =>
        await enrolmentVerify(parts, enrolmentCookie(call), check(VERIFY, body).response, call.source),
    ),
    "/interaction/:uid/options": limited(starts, async (call, body) => {
      check(NOTHING, body);
      return await signInOptions(parts, provider, call);
    }),
    "/interaction/:uid/verify": tried(
      failures,
      async (call, body) => await signInVerify(parts, provider, call, check(VERIFY, body).response),
    ),
    "/sign-out": async (call, body) => {
      check(NOTHING, body);
      await signOut(parts, provider, call);
      return {};
    },
  };

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    setSecurityHeaders(response, instance);
    // the origin is known; no header moves it
    const origin = new URL(instance.origins.login);
    request.headers["x-forwarded-host"] = origin.host;
    request.headers["x-forwarded-proto"] = instance.scheme;
    const target = request.url ?? "/";
    if (!/^\/(?!\/)/.test(target)) throw new PosternError("input.malformed", "not a path");
    const path = target.split(/[?#]/, 1)[0] ?? "/";
    const [, uid = "", rest = ""] = /^\/interaction\/([^/]{1,128})(\/.*)?$/.exec(path) ?? [];
    const call: Call = { request, response, path, uid, source: sourceOf(request) };

    if (isProviderPath(path)) {
      if (path === PROVIDER_ROUTES.authorization) takeOne(starts, call);
      await toProvider(request, response);
      return;
    }
    if (request.method === "GET" || request.method === "HEAD") {
      if (path === "/me") {
        answerJson(response, 200, await myAccess(parts, provider, call, host.applicationsFor));
        return;
      }
      if (isPage(path)) {
        host.page(request, response);
        return;
      }
    }
    const act = request.method === "POST" ? acts[uid === "" ? path : `/interaction/:uid${rest}`] : undefined;
    if (act === undefined) throw new PosternError("not_found", "there is nothing here");
    checkSameOrigin(request, instance);
    answerJson(response, 200, await act(call, await readJson(request)));
  }

  function setEnrolmentCookie(call: Call, browser: string, expiresAt: number): void {
    provider.createContext(call.request, call.response).cookies.set(ENROLMENT_COOKIE, browser, {
      httpOnly: true,
      secure: true,
      sameSite: "strict",
      path: "/",
      signed: false,
      maxAge: expiresAt - clock.now(),
    });
  }

  function enrolmentCookie(call: Call): string | undefined {
    return provider
      .createContext(call.request, call.response)
      .cookies.get(ENROLMENT_COOKIE, { signed: false });
  }

  return (request, response) => {
    handle(request, response).catch((error: unknown) => {
      if (response.headersSent) {
        response.destroy();
        return;
      }
      if (!(error instanceof PosternError))
        notify({ event: "warning", message: `the login host failed to answer: ${String(error)}` });
      if (error instanceof RateLimited) response.setHeader("retry-after", error.retryAfter);
      if (error instanceof PosternError && error.code === "input.too_large")
        response.setHeader("connection", "close");
      answerProblem(request, response, error);
    });
  };
}

class RateLimited extends PosternError {
  readonly retryAfter: number;
  constructor(retryAfter: number) {
    super("rate_limited", "too many tries from this address", {
      remedy: `try again in ${retryAfter} seconds`,
    });
    this.retryAfter = retryAfter;
  }
}

function takeOne(limit: RateLimit, call: Call): void {
  const retryAfter = limit.take(call.source.ip ?? "");
  if (retryAfter !== undefined) throw new RateLimited(retryAfter);
}

/** An act that counts against a limit. */
function limited(limit: RateLimit, act: Act): Act {
  return async (call, body) => {
    takeOne(limit, call);
    return await act(call, body);
  };
}

/** An act that counts against a limit unless it goes well. */
function tried(limit: RateLimit, act: Act): Act {
  return async (call, body) => {
    takeOne(limit, call);
    const value = await act(call, body);
    limit.giveBack(call.source.ip ?? "");
    return value;
  };
}

function isProviderPath(path: string): boolean {
  const { authorization, token, jwks } = PROVIDER_ROUTES;
  const resume = path.startsWith(`${authorization}/`) && path.split("/").length === 3;
  return resume || [authorization, token, jwks, "/.well-known/openid-configuration"].includes(path);
}

function isPage(path: string): boolean {
  if (["/", "/setup", "/invite", "/favicon.ico", "/favicon.svg"].includes(path)) return true;
  return path.startsWith("/assets/") || /^\/interaction\/[^/]+$/.test(path);
}

function check<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const first = parsed.error.issues[0];
  const where = first === undefined || first.path.length === 0 ? "the body" : first.path.join(".");
  throw new PosternError("input.invalid", `${where} is not as it should be`, { cause: parsed.error });
}

/** The gateway is the only one that connects here, and it names the client alone in this header. */
function sourceOf(request: IncomingMessage): RequestSource {
  const forwarded = request.headers["x-forwarded-for"];
  const ip = (Array.isArray(forwarded) ? forwarded[0] : forwarded)?.split(",", 1)[0]?.trim();
  const userAgent = request.headers["user-agent"]?.slice(0, 512);
  return {
    ...(ip === undefined || ip === "" ? {} : { ip }),
    ...(userAgent === undefined ? {} : { userAgent }),
  };
}
