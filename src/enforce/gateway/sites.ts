import type { InstanceState } from "#link";
import type { View } from "#view";
import type { CanonicalRequest } from "./canonical-request.ts";
import { APPLICATION_COOKIE } from "./cookies.ts";

/** What a host stands for. Whether an application answers there is not asked here: that is for those who are signed in. */
export type Site =
  | { readonly kind: "login"; readonly origin: string }
  | {
      readonly kind: "console" | "application";
      /** As browsers see it. */
      readonly origin: string;
      /** The name of the cookie that lets people in. */
      readonly cookie: string;
      /** What an entry has to say to be good here: the host, or by port the application. */
      readonly entryHost: string;
    };
export type EnteredSite = Exclude<Site, { kind: "login" }>;

const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * The site of a request; undefined when it is meant for somebody else (RFC 9110 §7.4).
 * @param listening the port that the request came in by, where that matters: with `hostStyle: "port"`
 */
export function findSite(view: View, request: CanonicalRequest, listening: number): Site | undefined {
  const instance = view.instance();
  if (instance === undefined) return undefined;
  return instance.hostStyle === "port"
    ? siteByPort(view, instance, request, listening)
    : siteByHost(instance, request);
}

function siteByHost(instance: InstanceState, request: CanonicalRequest): Site | undefined {
  const login = new URL(instance.origins.login);
  const console = new URL(instance.origins.console);
  if (withoutDefault(instance, request.port) !== login.port) return undefined;
  const { hostname } = request;
  if (hostname === login.hostname) return { kind: "login", origin: login.origin };
  if (hostname !== console.hostname) {
    const [label = "", ...rest] = hostname.split(".");
    if (!LABEL.test(label) || rest.join(".") !== instance.domain) return undefined;
  }
  return {
    kind: hostname === console.hostname ? "console" : "application",
    origin: `${instance.scheme}://${hostname}${login.port === "" ? "" : `:${login.port}`}`,
    cookie: APPLICATION_COOKIE,
    entryHost: hostname,
  };
}

function siteByPort(
  view: View,
  instance: InstanceState,
  request: CanonicalRequest,
  listening: number,
): Site | undefined {
  if (request.hostname !== "localhost") return undefined;
  const port = Number(request.port === "" ? defaultPort(instance) : request.port);
  if (port !== listening) return undefined;
  const { origin } = new URL(`${instance.scheme}://localhost:${port}`);
  if (origin === instance.origins.login) return { kind: "login", origin };
  if (origin === instance.origins.console)
    return { kind: "console", origin, cookie: `${APPLICATION_COOKIE}-console`, entryHost: "console" };
  const name = view.applicationOnPort(port);
  return name === undefined
    ? undefined
    : { kind: "application", origin, cookie: `${APPLICATION_COOKIE}-${name}`, entryHost: name };
}

function defaultPort(instance: InstanceState): string {
  return instance.scheme === "https" ? "443" : "80";
}

function withoutDefault(instance: InstanceState, port: string): string {
  return port === defaultPort(instance) ? "" : port;
}
