// the library asks for this before it is loaded
import "reflect-metadata";
import assert from "node:assert/strict";

import { type RequestOptions, request } from "node:http";
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type GeneralNameType,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  type X509Certificate,
  X509CertificateGenerator,
} from "@peculiar/x509";
import { PosternError, systemClock, systemSchedule } from "#kernel";
import {
  type ControlDialer,
  dialInto,
  type LinkClient,
  type LinkCredentials,
  type LinkHandlers,
  type LinkTlsListener,
  linkClient,
  linkServer,
  linkTlsListener,
  tlsDialer,
} from "./index.ts";
import { closing, HANDLERS, type MemorySource, memorySource } from "./rig.test.ts";

export const TRUST_DOMAIN = "apps.example.com";
const KEYS = { name: "ECDSA", namedCurve: "P-256" } as const;
const SIGNATURE = { name: "ECDSA", hash: "SHA-256" } as const;
const HOUR = 3_600_000;

export interface TestAuthority {
  /** PEM. */
  readonly pem: string;
  /** A certificate of this authority, and the authorities that its holder trusts: this one, unless others are named. */
  issue(leaf: Leaf, trusts?: readonly TestAuthority[]): Promise<LinkCredentials>;
}

export interface Leaf {
  /** In place of the SPIFFE ID of role and name. */
  readonly names?: readonly { readonly type: GeneralNameType; readonly value: string }[];
  readonly role?: string;
  readonly name?: string;
  readonly trustDomain?: string;
  readonly notBefore?: number;
  readonly notAfter?: number;
}

let serial = 0;
function nextSerial(): string {
  return `0${(++serial).toString(16).padStart(7, "0")}`;
}

export async function testAuthority(): Promise<TestAuthority> {
  const keys = await crypto.subtle.generateKey(KEYS, true, ["sign", "verify"]);
  const now = systemClock.now();
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: nextSerial(),
    name: [{ CN: [`authority ${serial}`] }],
    notBefore: new Date(now - HOUR),
    notAfter: new Date(now + 24 * HOUR),
    signingAlgorithm: SIGNATURE,
    keys,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true),
    ],
  });
  const authority: TestAuthority = {
    pem: pemOf(certificate),
    async issue(leaf, trusts = [authority]) {
      const own = await crypto.subtle.generateKey(KEYS, true, ["sign", "verify"]);
      const id = `spiffe://${leaf.trustDomain ?? TRUST_DOMAIN}/postern/${leaf.role ?? "gateway"}/${leaf.name ?? "berlin"}`;
      const signed = await X509CertificateGenerator.create({
        serialNumber: nextSerial(),
        subject: [{ CN: [leaf.name ?? "berlin"] }],
        issuer: certificate.subject,
        notBefore: new Date(leaf.notBefore ?? now - HOUR),
        notAfter: new Date(leaf.notAfter ?? now + 12 * HOUR),
        signingAlgorithm: SIGNATURE,
        publicKey: own.publicKey,
        signingKey: keys.privateKey,
        extensions: [
          new BasicConstraintsExtension(false, undefined, true),
          new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
          new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]),
          new SubjectAlternativeNameExtension([...(leaf.names ?? [{ type: "url", value: id }])]),
          await AuthorityKeyIdentifierExtension.create(keys.publicKey),
        ],
      });
      const pkcs8 = await crypto.subtle.exportKey("pkcs8", own.privateKey);
      return {
        certificate: pemOf(signed) + authority.pem,
        key: `${PemConverter.encode(pkcs8, "PRIVATE KEY")}\n`,
        authorities: trusts.map(({ pem }) => pem),
        trustDomain: TRUST_DOMAIN,
      };
    },
  };
  return authority;
}

function pemOf(certificate: X509Certificate): string {
  return `${certificate.toString("pem")}\n`;
}

export interface TlsControl {
  readonly source: MemorySource;
  readonly listener: LinkTlsListener;
  readonly url: string;
}

/** A control node on loopback. */
export async function tlsControl(
  credentials: LinkCredentials,
  handlers: Partial<LinkHandlers> = {},
  source = memorySource("epoch_1"),
): Promise<TlsControl> {
  const all = { ...HANDLERS, ...handlers };
  const shared = { clock: systemClock, schedule: systemSchedule, notify: () => undefined };
  const listener = await linkTlsListener({
    credentials,
    handler: linkServer({ source, handlers: all, ...shared }),
    people: (_request, response, peer) => response.end(`people of ${peer.name}`),
    admit: all.admit,
    clock: systemClock,
    address: "127.0.0.1",
    port: 0,
  });
  closing.push(() => void listener.close(0));
  return { source, listener, url: `https://127.0.0.1:${listener.port}` };
}

export function dialerOf(
  credentials: LinkCredentials | (() => LinkCredentials),
  ...controls: readonly string[]
): ControlDialer {
  const dialer = tlsDialer({
    controls: () => controls,
    credentials: typeof credentials === "function" ? credentials : () => credentials,
    clock: systemClock,
    schedule: systemSchedule,
  });
  closing.push(() => dialer.close());
  return dialer;
}

/** A client that says that it is gateway `berlin`, whoever its certificate is of. */
export function tlsClient(
  credentials: LinkCredentials | (() => LinkCredentials),
  ...controls: readonly string[]
): LinkClient {
  const dialer = dialerOf(credentials, ...controls);
  const client = linkClient({ dialer, boot: "boot_1", role: "gateway", name: "berlin" });
  closing.push(() => client.close());
  return client;
}

/** The error that somebody was refused with. */
export async function refused(work: Promise<unknown>): Promise<PosternError> {
  const error = await work.then(
    () => assert.fail("it was not refused"),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof PosternError, String(error));
  return error;
}

export interface Answer {
  readonly status: number | undefined;
  readonly text: string;
}

/** Makes one request, on a connection of its own. */
export async function ask(dialer: ControlDialer, options: RequestOptions, body = ""): Promise<Answer> {
  return await new Promise((resolve, reject) => {
    const sent = request({ createConnection: dialInto(dialer), ...options }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        text += chunk;
      });
      response.on("end", () => resolve({ status: response.statusCode, text }));
    });
    sent.on("error", reject);
    sent.end(body);
  });
}
