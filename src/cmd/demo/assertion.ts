import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { type IncomingMessage, type RequestOptions, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { join } from "node:path";
import type { TLSSocket } from "node:tls";
import { createRemoteJWKSet, customFetch, jwtVerify } from "jose";
import { type InstanceSettings, origins } from "../settings.ts";

/** Who reached the application, as the gateway vouches for it. Times are seconds since the Unix epoch. */
export interface Visitor {
  readonly id: string;
  readonly name: string;
  readonly role?: string;
  readonly groups: readonly string[];
  readonly application: string;
  readonly issuer: string;
  readonly expiresAt: number;
}

/** The header in which the gateway vouches. */
const HEADER = "postern-assertion";

/** Verifies the gateway's assertion on a request; undefined when there is none that is good. */
export type VerifyAssertion = (request: IncomingMessage) => Promise<Visitor | undefined>;

/**
 * Verifies as any application behind Postern should: signature by a published key (ES256), audience, expiry. The keys
 * are those of `/.postern/jwks.json`, fetched over loopback, since the name may not resolve from here.
 */
export function assertionVerifier(application: string, settings: InstanceSettings): VerifyAssertion {
  // any host of ours publishes the keys; by port, the application's own port is not known here
  const host =
    settings.hostStyle === "port"
      ? new URL(origins(settings).login).host
      : `${application}.${settings.domain}:${settings.port}`;
  const keys = createRemoteJWKSet(new URL(`${settings.scheme}://${host}/.postern/jwks.json`), {
    timeoutDuration: 5_000,
    [customFetch]: async (_url, { signal }) => await fetchKeys(host, settings, signal),
  });
  return async (request) => {
    const assertion = request.headers[HEADER];
    if (typeof assertion !== "string") return undefined;
    try {
      const { payload } = await jwtVerify(assertion, keys, {
        algorithms: ["ES256"],
        audience: application,
        requiredClaims: ["sub", "exp", "iss"],
      });
      const { sub, name, role, groups, iss, exp } = payload;
      return {
        id: sub ?? "",
        name: typeof name === "string" ? name : (sub ?? ""),
        ...(typeof role === "string" ? { role } : {}),
        groups: Array.isArray(groups) ? groups.map(String) : [],
        application,
        issuer: iss ?? "",
        expiresAt: exp ?? 0,
      };
    } catch {
      return undefined; // whatever is wrong with it, the visitor is nobody
    }
  };
}

async function fetchKeys(host: string, settings: InstanceSettings, signal: AbortSignal): Promise<Response> {
  const target = {
    host: settings.listen === "::1" ? "::1" : "127.0.0.1",
    port: settings.port,
    path: "/.postern/jwks.json",
    headers: { host, accept: "application/json" },
    signal,
  };
  return await new Promise((resolve, reject) => {
    const take = (response: IncomingMessage): void => {
      readAll(response).then(
        (body) => resolve(new Response(body, { status: response.statusCode ?? 500 })),
        reject,
      );
    };
    const sent =
      settings.scheme === "http" ? requestHttp(target, take) : requestPinned(target, host, settings, take);
    sent.on("error", reject);
    sent.end();
  });
}

/** Over TLS the certificate must be the very one that this instance serves: we know it, whoever signed it. */
function requestPinned(
  target: RequestOptions,
  host: string,
  settings: InstanceSettings,
  take: (response: IncomingMessage) => void,
): ReturnType<typeof requestHttps> {
  const servername = new URL(`https://${host}`).hostname;
  if (settings.tls === undefined || settings.tls === "development") {
    return requestHttps(
      { ...target, servername, ca: readFileSync(join(settings.data, "authority.crt")) },
      take,
    );
  }
  const ours = new X509Certificate(readFileSync(settings.tls.certificate)).fingerprint256;
  const sent = requestHttps({ ...target, servername, agent: false, rejectUnauthorized: false }, take);
  sent.on("socket", (socket: TLSSocket) => {
    socket.on("secureConnect", () => {
      if (socket.getPeerX509Certificate()?.fingerprint256 !== ours)
        sent.destroy(new Error("another certificate answered"));
    });
  });
  return sent;
}

async function readAll(response: IncomingMessage): Promise<string> {
  let text = "";
  response.setEncoding("utf8");
  for await (const chunk of response as AsyncIterable<string>) text += chunk;
  return text;
}
