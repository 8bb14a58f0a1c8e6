import type { RequestSource } from "#events";
import type { OwnHeaders } from "./client-headers.ts";
import type { Site } from "./sites.ts";

/** What the gateway says of a request's way: the address in the browser, and who is at the other end of the connection. */
export function ownHeaders(site: Site, source: RequestSource, assertion?: string): OwnHeaders {
  const { host, port, protocol } = new URL(site.origin);
  const proto = protocol === "https:" ? "https" : "http";
  return {
    host,
    proto,
    port: port === "" ? (proto === "https" ? "443" : "80") : port,
    sourceIp: source.ip ?? "unknown",
    ...(assertion === undefined ? {} : { assertion }),
  };
}
