import type { X509Certificate } from "node:crypto";
import type { MemberRole } from "./messages.ts";

/** Whom a certificate is for, by its SPIFFE ID `spiffe://TRUSTDOMAIN/postern/ROLE/NAME`. */
export interface Identity {
  readonly trustDomain: string;
  readonly role: MemberRole | "control";
  readonly name: string;
}

/** Longer than any that counts (SPIFFE ID §2.3 allows 2048 bytes). */
const LONGEST_NAMES = 4_096;
const IDENTITY =
  /^spiffe:\/\/([a-z0-9](?:[a-z0-9.-]{0,253}[a-z0-9])?)\/postern\/(control|gateway|agent)\/([a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)$/;

/**
 * Whom a certificate is for; undefined when it is for nobody of an instance: no SPIFFE ID, one of another form, or more than
 * one URI, which no X.509-SVID has (X.509-SVID §2). That the certificate is to be trusted is for the caller to know.
 */
export function identityOf(certificate: Pick<X509Certificate, "subjectAltName">): Identity | undefined {
  const uris = urisOf(certificate.subjectAltName);
  const [uri] = uris ?? [];
  if (uri === undefined || uris?.length !== 1) return undefined;
  const [, trustDomain, role, name] = IDENTITY.exec(uri) ?? [];
  if (trustDomain === undefined || name === undefined) return undefined;
  if (role !== "control" && role !== "gateway" && role !== "agent") return undefined;
  return { trustDomain, role, name };
}

/**
 * The URIs of a subject alternative name as Node writes it: `TYPE:value` parted by `, `, a value in quotes when it holds
 * what could be read in two ways. Undefined when any part of it is of another form.
 */
function urisOf(names: string | undefined): string[] | undefined {
  if (names === undefined || names.length > LONGEST_NAMES) return undefined;
  const uris: string[] = [];
  for (let rest = names; ; ) {
    const [whole, type, value] = /^([A-Za-z ]+):([^",]*|"(?:[^"\\]|\\.)*")(?=, |$)/.exec(rest) ?? [];
    if (whole === undefined || value === undefined) return undefined;
    // what needs quotes is no SPIFFE ID, and still counts as a URI
    if (type === "URI") uris.push(value);
    if (whole.length === rest.length) return uris;
    rest = rest.slice(whole.length + ", ".length);
  }
}
