import type { X509Certificate } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { LINK_HEADERS, type MemberRole } from "./messages.ts";
import { identityOf } from "./spiffe.ts";

/** Whom one end of the link goes by, and by whom it takes the other to be vouched for. PEM. */
export interface LinkCredentials {
  /** The certificate, then the authority that signed it. */
  readonly certificate: string;
  readonly key: string;
  readonly authorities: readonly string[];
  /** Of the SPIFFE IDs that count. */
  readonly trustDomain: string;
}

/**
 * Who is at the other end, as control established it: over TLS by the verified certificate, over the Unix socket, whose
 * folder is the authentication, by what it says of itself.
 */
export interface LinkPeer {
  readonly role: MemberRole;
  readonly name: string;
  /** Of its certificate, in hexadecimal; absent over the Unix socket. */
  readonly serial?: string;
  /** When its certificate ends, milliseconds since the Unix epoch. */
  readonly notAfter?: number;
  /** Where it connects from. */
  readonly address?: string;
}

/** Whom a verified certificate is of; undefined when it is of no gateway or agent of the trust domain. */
export function certifiedPeer(
  certificate: X509Certificate,
  trustDomain: string,
  address: string | undefined,
): LinkPeer | undefined {
  const identity = identityOf(certificate);
  if (identity === undefined || identity.trustDomain !== trustDomain || identity.role === "control")
    return undefined;
  const { role, name } = identity;
  return {
    role,
    name,
    serial: certificate.serialNumber,
    notAfter: certificate.validToDate.getTime(),
    ...(address === undefined ? {} : { address }),
  };
}

/** Who a request over the Unix socket says that it is of; undefined when it does not say. */
export function statedPeer(request: IncomingMessage): LinkPeer | undefined {
  const role = request.headers[LINK_HEADERS.role];
  const stated = request.headers[LINK_HEADERS.name];
  if ((role !== "gateway" && role !== "agent") || typeof stated !== "string") return undefined;
  const name = decoded(stated);
  return name === undefined || !/^[^\p{Cc}]{1,253}$/u.test(name) ? undefined : { role, name };
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
}
