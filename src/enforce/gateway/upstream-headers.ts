import { connectionOptions, HOP_BY_HOP } from "./client-headers.ts";
import { mayPassSetCookie } from "./cookies.ts";

/** What an application may not tell a browser in our place, beside what is of one connection only. */
const NOT_THEIRS: ReadonlySet<string> = new Set([
  // would send browsers to another server for this origin, past the gateway (RFC 7838)
  "alt-svc",
  // clears the cookies of all hosts of the domain, which signs people out of everything
  "clear-site-data",
  // how the gateway's origin is reached is the gateway's to say (RFC 6797)
  "strict-transport-security",
  "proxy-authenticate",
  "proxy-authentication-info",
]);

/** Whether a header or trailer of an upstream is kept from the client. */
export function isUpstreamDropped(name: string): boolean {
  const lower = name.toLowerCase();
  return HOP_BY_HOP.has(lower) || NOT_THEIRS.has(lower) || lower.startsWith("postern-");
}

export interface UpstreamAnswer {
  readonly rawHeaders: readonly string[];
  /** The host that it answers for, without port. */
  readonly hostname: string;
  /** `control` sets cookies of ours. */
  readonly from: "application" | "control";
}

/** The headers of an upstream's answer that go on to the client, names and values in turn. */
export function answeredHeaders({ rawHeaders, hostname, from }: UpstreamAnswer): string[] {
  const ofConnection = connectionOptions(rawHeaders);
  const headers: string[] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? "";
    const value = rawHeaders[i + 1] ?? "";
    const lower = name.toLowerCase();
    if (isUpstreamDropped(lower)) continue;
    // without its length an answer is framed anew; it must not lose it by being named in `Connection`
    if (ofConnection.has(lower) && lower !== "content-length") continue;
    if (lower === "set-cookie" && from === "application" && !mayPassSetCookie(value, hostname)) continue;
    headers.push(name, value);
  }
  return headers;
}
