import type { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { isIP } from "node:net";
import { connect, type TLSSocket } from "node:tls";
import { PosternError } from "#kernel";
import { identityOf } from "#link";
import { pinOf } from "./member.ts";

const HANDSHAKE_MS = 10_000;
/** id-kp-serverAuth (RFC 5280 §4.2.1.12). */
const SERVER_AUTH = "1.3.6.1.5.5.7.3.1";
/** Longer than any chain of an instance. */
const MOST_CERTIFICATES = 8;

/** A connection whose other end has proved to be control of the instance that the pin names. */
export interface PinnedConnection {
  readonly socket: TLSSocket;
  readonly trustDomain: string;
}

/**
 * Connects to control without trusting anybody but the authority whose key is pinned. Nothing is sent but the handshake.
 * @throws PosternError `pin.mismatch` when the other end is not vouched for by that authority as control; `not_running` when there
 * is none
 */
export async function connectPinned(url: string, pin: string, now: number): Promise<PinnedConnection> {
  const { host, port } = addressOf(url);
  const socket = connect({
    host,
    port,
    ...(isIP(host) === 0 ? { servername: host } : {}),
    // who it is, is checked below: the system's authorities say nothing about it
    rejectUnauthorized: false,
    minVersion: "TLSv1.3",
    ALPNProtocols: ["http/1.1"],
  });
  try {
    await once(socket, "secureConnect", { signal: AbortSignal.timeout(HANDSHAKE_MS) });
  } catch (cause) {
    socket.destroy();
    throw new PosternError("not_running", "control does not answer there", {
      where: url,
      remedy: "see that control runs with --link at this address, and that this machine can reach it",
      cause,
    });
  }
  try {
    return { socket, trustDomain: checkChain(presented(socket), pin, now) };
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/**
 * Checks that the chain's authority is the pinned one, and that it vouches for its first certificate as control's. Returns
 * the trust domain.
 */
function checkChain(chain: readonly X509Certificate[], pin: string, now: number): string {
  const [leaf] = chain;
  const authority = chain.find((certificate) => certificate.ca && pinOf(certificate) === pin);
  if (leaf === undefined || authority === undefined)
    throw mismatch("the authority of what answers there is not the pinned one");
  // its key is known, and by this also what else its certificate says
  if (!authority.verify(authority.publicKey) || !isValid(authority, now))
    throw mismatch("the pinned authority's certificate does not count now");
  if (!leaf.checkIssued(authority) || !leaf.verify(authority.publicKey))
    throw mismatch("the pinned authority does not vouch for what answers there");
  if (!isValid(leaf, now)) throw mismatch("the certificate of what answers there does not count now");
  const identity = identityOf(leaf);
  if (leaf.ca || identity?.role !== "control" || leaf.keyUsage?.includes(SERVER_AUTH) !== true)
    throw mismatch("what answers there is not control");
  return identity.trustDomain;
}

/** What the other end presented, its own certificate first. */
function presented(socket: TLSSocket): X509Certificate[] {
  const chain: X509Certificate[] = [];
  let each = socket.getPeerX509Certificate();
  while (each !== undefined && chain.length < MOST_CERTIFICATES) {
    chain.push(each);
    each = each.issuerCertificate;
  }
  return chain;
}

function isValid({ validFromDate, validToDate }: X509Certificate, now: number): boolean {
  return validFromDate.getTime() <= now && now < validToDate.getTime();
}

function addressOf(url: string): { readonly host: string; readonly port: number } {
  const { protocol, hostname, port } = URL.parse(url) ?? { protocol: "" };
  if (protocol !== "https:" || hostname === undefined || hostname === "")
    throw new PosternError("input.invalid", "the address of control is not https://HOST:PORT", {
      where: url,
      remedy: "use the address that was printed with the token",
    });
  return {
    host: hostname.replace(/^\[|\]$/g, ""),
    port: port === "" || port === undefined ? 443 : Number(port),
  };
}

function mismatch(message: string): PosternError {
  return new PosternError("pin.mismatch", message, {
    remedy:
      "the token was not sent; see that the address and the pin are those printed with it, and that both clocks are right",
  });
}
