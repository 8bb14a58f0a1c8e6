// the library asks for this before it is loaded
import "reflect-metadata";
import type { webcrypto } from "node:crypto";
import { isIP } from "node:net";
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from "@peculiar/x509";
import { type Clock, PosternError, sha256Hex } from "#kernel";
import type { Secrets } from "#secrets";
import { nameConstraints } from "./name-constraints.ts";

const DAY = 24 * 60 * 60 * 1000;
const AUTHORITY_LIFE = 365 * DAY;
const LEAF_LIFE = 30 * DAY;
/** Clocks of browsers may be a little behind. */
const BACKDATED = 60 * 60 * 1000;

const KEYS = { name: "ECDSA", namedCurve: "P-256" } as const;
const SIGNATURE = { name: "ECDSA", hash: "SHA-256" } as const;

/** PEM texts for a TLS server, and the authority that a person has to trust once. */
export interface DevelopmentCertificate {
  readonly certificate: string;
  readonly key: string;
  readonly authority: string;
}

export interface DevelopmentCertificateOptions {
  readonly secrets: Secrets;
  /** Host names, `*.` wildcards and IP addresses, such as `["*.postern.test", "postern.test", "192.0.2.7"]`. */
  readonly hosts: readonly string[];
  readonly clock: Clock;
}

interface Authority {
  readonly certificate: X509Certificate;
  readonly key: webcrypto.CryptoKey;
}

/**
 * A certificate of 30 days for `hosts`, signed by an authority of a year that is kept (its key sealed) and
 * may sign for these hosts only. Other hosts get another authority; so does a year that is about to end.
 * @throws PosternError `input.invalid` for a host that is neither a name nor an address.
 */
export async function developmentCertificate(
  options: DevelopmentCertificateOptions,
): Promise<DevelopmentCertificate> {
  const { secrets, clock } = options;
  const hosts = [...new Set(options.hosts)].sort();
  const names = checkHosts(hosts);
  const authority = await currentAuthority(secrets, hosts, names, clock.now());
  const keys = await crypto.subtle.generateKey(KEYS, true, ["sign", "verify"]);
  const certificate = await X509CertificateGenerator.create({
    subject: [{ CN: ["Postern development server"] }],
    issuer: authority.certificate.subject,
    notBefore: new Date(clock.now() - BACKDATED),
    notAfter: new Date(clock.now() + LEAF_LIFE),
    signingAlgorithm: SIGNATURE,
    publicKey: keys.publicKey,
    signingKey: authority.key,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension(
        hosts.map((host) => ({ type: isIP(host) === 0 ? "dns" : "ip", value: host })),
      ),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
      await AuthorityKeyIdentifierExtension.create(authority.certificate.publicKey),
    ],
  });
  const key = await crypto.subtle.exportKey("pkcs8", keys.privateKey);
  return {
    certificate: `${certificate.toString("pem")}\n`,
    key: `${PemConverter.encode(key, "PRIVATE KEY")}\n`,
    authority: `${authority.certificate.toString("pem")}\n`,
  };
}

/** The authority for these hosts that outlives the next leaf; each year's is a secret of its own. */
async function currentAuthority(
  secrets: Secrets,
  hosts: readonly string[],
  names: Names,
  now: number,
): Promise<Authority> {
  const purpose = sha256Hex(hosts.join("\n")).slice(0, 16);
  for (let generation = 1; ; generation++) {
    const name = `authority/development/${purpose}/${generation}`;
    const authority = await readAuthority(
      await secrets.named(name, async () => await makeAuthority(names, now)),
    );
    if (authority.certificate.notAfter.getTime() >= now + LEAF_LIFE) return authority;
  }
}

async function makeAuthority(names: Names, now: number): Promise<Uint8Array> {
  const keys = await crypto.subtle.generateKey(KEYS, true, ["sign", "verify"]);
  const extensions: Extension[] = [
    new BasicConstraintsExtension(true, 0, true),
    new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    nameConstraints(names),
    await SubjectKeyIdentifierExtension.create(keys.publicKey),
  ];
  const day = new Date(now).toISOString().slice(0, 10);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: [{ CN: [`Postern development authority ${day}`] }],
    notBefore: new Date(now - BACKDATED),
    notAfter: new Date(now + AUTHORITY_LIFE),
    signingAlgorithm: SIGNATURE,
    keys,
    extensions,
  });
  const key = PemConverter.encode(await crypto.subtle.exportKey("pkcs8", keys.privateKey), "PRIVATE KEY");
  return new TextEncoder().encode(`${certificate.toString("pem")}\n${key}\n`);
}

async function readAuthority(bytes: Uint8Array): Promise<Authority> {
  const [certificate, key] = PemConverter.decode(new TextDecoder().decode(bytes));
  if (certificate === undefined || key === undefined)
    throw new PosternError("state.damaged", "the development authority is not whole");
  return {
    certificate: new X509Certificate(certificate),
    key: await crypto.subtle.importKey("pkcs8", key, KEYS, false, ["sign"]),
  };
}

interface Names {
  readonly domains: readonly string[];
  readonly addresses: readonly string[];
}

const HOST = /^(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

function checkHosts(hosts: readonly string[]): Names {
  const addresses = hosts.filter((host) => isIP(host) !== 0);
  const domains = hosts.filter((host) => isIP(host) === 0);
  const odd = domains.find((host) => !HOST.test(host)) ?? addresses.find((host) => host.includes("%"));
  if (odd !== undefined || hosts.length === 0)
    throw new PosternError("input.invalid", `not a host that a certificate can name: ${odd ?? "none given"}`);
  return { addresses, domains: [...new Set(domains.map((host) => host.replace(/^\*\./, "")))] };
}
