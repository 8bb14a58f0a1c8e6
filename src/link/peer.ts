import type { MemberRole } from "./messages.ts";

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
