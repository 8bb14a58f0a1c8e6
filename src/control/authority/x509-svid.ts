/**
 * Certificates after the SPIFFE X.509-SVID specification: who somebody is stands in one URI, the SPIFFE ID, and nowhere
 * else that anybody may rely on.
 */
// the library asks for this before it is loaded
import "reflect-metadata";
import { type X509Certificate as NodeCertificate, webcrypto } from "node:crypto";
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  type PublicKey,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from "@peculiar/x509";
import { type IdSource, PosternError, sha256Hex } from "#kernel";
import type { MemberRole } from "#link";
import { nameConstraints } from "./name-constraints.ts";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
/** An authority signs for half of this, and is trusted until nothing that it signed lives. */
export const AUTHORITY_LIFE: number = 365 * DAY;
/** From the signature to the end of a certificate. */
export const LEAF_LIFE: number = DAY;
/** Clocks of other machines may be a little behind. */
const BACKDATED = 5 * MINUTE;

const KEYS = { name: "ECDSA", namedCurve: "P-256" } as const;
const SIGNATURE = { name: "ECDSA", hash: "SHA-256" } as const;

/** An authority that can sign. */
export interface SigningAuthority {
  /** SHA-256 of the certificate, in hex. */
  readonly id: string;
  readonly certificate: X509Certificate;
  readonly key: webcrypto.CryptoKey;
}

/** SPIFFE ID §2.1: a trust domain; ours are DNS names of instances. */
const TRUST_DOMAIN = /^[a-z0-9]([a-z0-9.-]{0,253}[a-z0-9])?$/;
/** RFC 1123 §2.1. */
const NAME = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** @throws PosternError `input.invalid` */
export function checkTrustDomain(trustDomain: string): string {
  if (TRUST_DOMAIN.test(trustDomain) && !trustDomain.includes("..")) return trustDomain;
  throw new PosternError("input.invalid", `no trust domain can have the name ${trustDomain}`);
}

const NAMED: { readonly [what in MemberRole | "control"]: string } = {
  gateway: "a gateway",
  agent: "an agent",
  control: "a control node",
};

/** @throws PosternError `input.invalid`, saying what the name of a `what` is made of. */
export function checkMemberName(name: string, what: MemberRole | "control"): string {
  if (NAME.test(name)) return name;
  throw new PosternError(
    "input.invalid",
    `the name of ${NAMED[what]} has 1 to 63 characters: a to z, 0 to 9 and hyphen, the hyphen neither first nor last`,
  );
}

/** PEM as TLS stacks take it, with the line end after it. */
export function pemOf(certificate: X509Certificate): string {
  return `${certificate.toString("pem")}\n`;
}

/** A new authority: its certificate, and its key for the caller to seal. */
export async function makeAuthority(
  trustDomain: string,
  now: number,
  ids: IdSource,
): Promise<{ readonly certificate: X509Certificate; readonly pkcs8: Uint8Array }> {
  const keys = await webcrypto.subtle.generateKey(KEYS, true, ["sign", "verify"]);
  const serialNumber = newSerial(ids);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber,
    // a name of its own each, so that a chain leads to one authority and no other
    name: [{ O: ["Postern"] }, { CN: [`Postern authority ${serialNumber.slice(0, 8)}`] }],
    notBefore: new Date(now - BACKDATED),
    notAfter: new Date(now + AUTHORITY_LIFE),
    signingAlgorithm: SIGNATURE,
    keys,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      nameConstraints({ uriHosts: [trustDomain] }),
      // X.509-SVID §3.1: the identity of an authority has no path
      new SubjectAlternativeNameExtension([{ type: "url", value: `spiffe://${trustDomain}` }]),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate, pkcs8: new Uint8Array(await webcrypto.subtle.exportKey("pkcs8", keys.privateKey)) };
}

export function authorityId(certificate: X509Certificate): string {
  return sha256Hex(new Uint8Array(certificate.rawData));
}

/** Takes an authority up from its certificate in PEM and its opened key. @throws Error when they are none */
export async function readAuthority(pem: string, pkcs8: Uint8Array<ArrayBuffer>): Promise<SigningAuthority> {
  const certificate = new X509Certificate(pem);
  const key = await webcrypto.subtle.importKey("pkcs8", pkcs8, KEYS, false, ["sign"]);
  return { id: authorityId(certificate), certificate, key };
}

/** `sha256:` and the SHA-256 of the SubjectPublicKeyInfo (as RFC 7469 §2.4 pins it), in hex. */
export function pinOf(certificate: NodeCertificate): string {
  return `sha256:${sha256Hex(certificate.publicKey.export({ format: "der", type: "spki" }))}`;
}

export interface Leaf {
  readonly trustDomain: string;
  readonly role: MemberRole | "control";
  readonly name: string;
  readonly publicKey: PublicKey | webcrypto.CryptoKey;
}

export interface SignedLeaf {
  readonly certificate: X509Certificate;
  readonly serial: string;
  readonly notBefore: number;
  readonly notAfter: number;
}

/** Signs a certificate for `LEAF_LIFE`, or for what is left of the authority's own. */
export async function signLeaf(
  authority: SigningAuthority,
  leaf: Leaf,
  now: number,
  ids: IdSource,
): Promise<SignedLeaf> {
  const { trustDomain, role, name, publicKey } = leaf;
  const serialNumber = newSerial(ids);
  const ends = Math.min(now + LEAF_LIFE, authority.certificate.notAfter.getTime());
  const certificate = await X509CertificateGenerator.create({
    serialNumber,
    subject: [{ O: ["Postern"] }, { OU: [role] }, { CN: [name] }],
    issuer: authority.certificate.subject,
    notBefore: new Date(now - BACKDATED),
    notAfter: new Date(ends),
    signingAlgorithm: SIGNATURE,
    publicKey,
    signingKey: authority.key,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]),
      // X.509-SVID §2: exactly one
      new SubjectAlternativeNameExtension([
        { type: "url", value: `spiffe://${trustDomain}/postern/${role}/${name}` },
      ]),
      await SubjectKeyIdentifierExtension.create(publicKey),
      await AuthorityKeyIdentifierExtension.create(authority.certificate.publicKey),
    ],
  });
  return {
    certificate,
    serial: serialKey(certificate.serialNumber),
    notBefore: certificate.notBefore.getTime(),
    notAfter: certificate.notAfter.getTime(),
  };
}

/** A key pair for this process alone: its private half in PEM goes to TLS and rests nowhere. */
export async function newLeafKey(): Promise<{ publicKey: webcrypto.CryptoKey; key: string }> {
  const keys = await webcrypto.subtle.generateKey(KEYS, true, ["sign", "verify"]);
  const pkcs8 = await webcrypto.subtle.exportKey("pkcs8", keys.privateKey);
  return { publicKey: keys.publicKey, key: `${PemConverter.encode(pkcs8, "PRIVATE KEY")}\n` };
}

/** A serial number as it is compared: lower-case hexadecimal without leading zeros, whoever wrote it. */
export function serialKey(serial: string): string {
  return serial.toLowerCase().replace(/^0+/, "");
}

/** RFC 5280 §4.1.2.2: positive, at most 20 octets; 159 bits of it random. */
function newSerial(ids: IdSource): string {
  const bytes = Buffer.from(ids.random(20));
  bytes.writeUInt8(bytes.readUInt8(0) & 0x7f, 0);
  return bytes.toString("hex");
}
