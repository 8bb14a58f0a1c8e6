import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { PosternError, sha256Hex } from "#kernel";
import { identityOf, type LinkCredentials, type Membership } from "#link";

/** A membership whose parts belong together, and when its certificate counts. Times are milliseconds since the Unix epoch. */
export interface Member extends Membership {
  /** Private key of the certificate, PKCS#8 in PEM. */
  readonly key: string;
  readonly notBefore: number;
  readonly notAfter: number;
}

/**
 * Puts a membership and its key together.
 * @throws PosternError `tls.invalid` when they do not belong together, or what the certificate says is not what control says
 */
export function memberOf(membership: Membership, key: string): Member {
  const { role, name, trustDomain, authorities, controls } = membership;
  const leaf = certificateOf(membership.certificate);
  if (!leaf.checkPrivateKey(keyOf(key))) throw invalid("is for another key");
  const identity = identityOf(leaf);
  if (identity?.role !== role || identity.name !== name || identity.trustDomain !== trustDomain)
    throw invalid(`is not for the ${role} ${name} of ${trustDomain}`);
  const { certificate } = membership;
  const [notBefore, notAfter] = [leaf.validFromDate.getTime(), leaf.validToDate.getTime()];
  return { role, name, trustDomain, certificate, authorities, controls, key, notBefore, notAfter };
}

/** As `memberOf`, of a membership that control just gave. @throws PosternError `tls.invalid` */
export function newMemberOf(membership: Membership, key: string): Member {
  const member = memberOf(membership, key);
  if (signerOf(certificateOf(member.certificate), member.authorities.map(certificateOf)) === undefined)
    throw invalid("is of no authority that counts");
  return member;
}

export function credentialsOf({ certificate, key, authorities, trustDomain }: Member): LinkCredentials {
  return { certificate, key, authorities, trustDomain };
}

/** The one among the authorities that signed a certificate. */
function signerOf(
  leaf: X509Certificate,
  authorities: readonly X509Certificate[],
): X509Certificate | undefined {
  return authorities.find(
    (authority) => authority.ca && leaf.checkIssued(authority) && leaf.verify(authority.publicKey),
  );
}

/** Whether the newest authority that counts, and no other, has signed a member's certificate. */
export function isOfNewest({ certificate, authorities }: Member): boolean {
  const known = authorities.map(certificateOf);
  const newest = Math.max(...known.map(({ validFromDate }) => validFromDate.getTime()));
  return signerOf(certificateOf(certificate), known)?.validFromDate.getTime() === newest;
}

/** `sha256:` and the SHA-256 of the SubjectPublicKeyInfo (as RFC 7469 §2.4 pins it), in hex. */
export function pinOf(authority: X509Certificate): string {
  return `sha256:${sha256Hex(authority.publicKey.export({ format: "der", type: "spki" }))}`;
}

/** @throws PosternError `tls.invalid` */
export function certificateOf(pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    throw invalid("is none in PEM", cause);
  }
}

function keyOf(pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (cause) {
    throw invalid("has a key that is none in PEM", cause);
  }
}

function invalid(what: string, cause?: unknown): PosternError {
  return new PosternError("tls.invalid", `the certificate ${what}`, cause === undefined ? {} : { cause });
}
