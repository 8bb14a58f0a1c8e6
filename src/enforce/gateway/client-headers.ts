import type { CanonicalRequest } from "./canonical-request.ts";
import { cookiesForUpstream } from "./cookies.ts";

/**
 * Which headers of a client go on to an application. Applications believe headers such as `X-Forwarded-User`, and many
 * servers read `-`, `_` and other marks in names alike (CGI's `HTTP_X_FORWARDED_USER`), so names are compared after
 * lower-casing and with every mark as `-`.
 */

/** Of one connection only (RFC 9110 §7.6.1), or about the framing that we make anew. */
export const HOP_BY_HOP: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "http2-settings",
]);

/** Names, and beginnings of names (ending in `*`), that only a proxy in front of the application may set. */
const ONLY_OURS: readonly string[] = [
  // ours
  "postern-*",
  "x-postern-*",
  // where the request came from
  "forwarded",
  "via",
  "x-forwarded",
  "x-forwarded-*",
  "x-forward-*",
  "x-real-*",
  "x-client-ip",
  "client-ip",
  "true-client-ip",
  "x-true-client-ip",
  "x-cluster-client-ip",
  "x-originating-ip",
  "x-remote-*",
  "x-host",
  "x-proxy-*",
  "x-envoy-*",
  "fastly-client-ip",
  "fly-client-ip",
  // which request it was: servers that believe these serve another one than was decided
  "x-original-*",
  "x-rewrite-*",
  "x-override-url",
  "x-http-method",
  "x-http-method-override",
  "x-method-override",
  // who somebody is, by the names of common proxies, frameworks and clouds
  "remote-*",
  "auth-user",
  "x-auth-request-*",
  "x-auth-user*",
  "x-auth-email",
  "x-auth-name",
  "x-auth-groups",
  "x-auth-roles",
  "x-authenticated-*",
  "x-webauth-*",
  "x-user*",
  "x-email*",
  "x-group",
  "x-groups",
  "x-role",
  "x-roles",
  "x-sub",
  "x-subject",
  "x-identity*",
  "x-consumer-*",
  "x-anonymous-consumer",
  "x-credential-*",
  "x-authentik-*",
  "x-vouch-*",
  "x-pomerium-*",
  "x-jwt-assertion",
  "x-goog-authenticated-*",
  "x-goog-iap-*",
  "x-appengine-*",
  "x-amzn-oidc-*",
  "x-ms-client-principal*",
  "x-ms-token-*",
  "cf-access-*",
  "cf-connecting-*",
  "tailscale-*",
  "oidc-*",
  "x-oidc-*",
  // the client's certificate
  "ssl-*",
  "x-ssl-*",
  "x-client-cert*",
  "x-client-dn",
  "x-client-verify",
  "x-arr-clientcert",
  "x-tls-*",
  // for proxies, and `Proxy`, which CGI makes into HTTP_PROXY
  "proxy",
  "proxy-*",
];

const NAMES: ReadonlySet<string> = new Set(ONLY_OURS.filter((name) => !name.endsWith("*")));
const BEGINNINGS: readonly string[] = ONLY_OURS.filter((name) => name.endsWith("*")).map((name) =>
  name.slice(0, -1),
);

/** Headers that are handled one by one, and that no other spelling may pass for. */
const HANDLED: ReadonlySet<string> = new Set(["host", "cookie", "content-length", "expect"]);

/** The name as the most careless server reads it. */
function plainName(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, "-");
}

/** Whether a header of the client, or a trailer, is kept from the application. */
export function isDropped(name: string): boolean {
  const plain = plainName(name);
  if (HOP_BY_HOP.has(plain) || HANDLED.has(plain) || NAMES.has(plain)) return true;
  return BEGINNINGS.some((beginning) => plain.startsWith(beginning));
}

/** Headers that a message says are of its connection only, in lower case. */
export function connectionOptions(rawHeaders: readonly string[]): ReadonlySet<string> {
  const options = rawHeaders
    .filter((_, i) => i % 2 === 1 && rawHeaders[i - 1]?.toLowerCase() === "connection")
    .flatMap((value) => value.split(","))
    .map((option) => option.trim().toLowerCase());
  return new Set(options);
}

/** What the gateway says in place of what it dropped. */
export interface OwnHeaders {
  /** Host as the client meant it, with the port when it is in the address. */
  readonly host: string;
  readonly proto: "http" | "https";
  readonly port: string;
  readonly sourceIp: string;
  /** Absent for the login host, which is asked by people nobody knows yet. */
  readonly assertion?: string;
}

export interface ClientRequest {
  readonly canonical: CanonicalRequest;
  readonly rawHeaders: readonly string[];
  /** Whether our own cookies stay: for the login host, whose cookies they are. */
  readonly cookies: "all" | "not-ours";
}

/** The headers of the request to the upstream, names and values in turn. */
export function forwardedHeaders(client: ClientRequest, own: OwnHeaders): string[] {
  const { rawHeaders } = client;
  const ofConnection = connectionOptions(rawHeaders);
  const headers: string[] = ["host", own.host];
  let framed = false;
  const cookies: string[] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? "";
    const value = rawHeaders[i + 1] ?? "";
    const lower = name.toLowerCase();
    // the framing is ours to say, whatever `Connection` names
    if (lower === "content-length" || lower === "transfer-encoding") {
      headers.push(lower, value);
      framed = true;
    } else if (lower === "cookie") cookies.push(value);
    else if (!ofConnection.has(lower) && !isDropped(name)) headers.push(name, value);
  }
  // RFC 9110 §8.6: without this Node's client would begin a chunked body
  if (!framed && ["POST", "PUT", "PATCH"].includes(client.canonical.method))
    headers.push("content-length", "0");
  const cookie = client.cookies === "all" ? cookies.join("; ") || undefined : cookiesForUpstream(rawHeaders);
  if (cookie !== undefined && !ofConnection.has("cookie")) headers.push("cookie", cookie);
  headers.push(
    "x-forwarded-for",
    own.sourceIp,
    "x-forwarded-proto",
    own.proto,
    "x-forwarded-host",
    own.host,
    "x-forwarded-port",
    own.port,
  );
  if (own.assertion !== undefined) headers.push("postern-assertion", own.assertion);
  return headers;
}
