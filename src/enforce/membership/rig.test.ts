import "reflect-metadata";
import { createPublicKey, X509Certificate as NodeCertificate } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import type { AddressInfo, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach } from "node:test";
import { createServer, type TLSSocket } from "node:tls";
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  PemConverter,
  Pkcs10CertificateRequest,
  PublicKey,
  SubjectAlternativeNameExtension,
  X509Certificate,
  X509CertificateGenerator,
} from "@peculiar/x509";
import {
  type ManualClock,
  manualClock,
  type Notice,
  PosternError,
  type Schedule,
  sha256Hex,
  systemClock,
  systemSchedule,
} from "#kernel";
import {
  type EntityChange,
  type JoinRequest,
  type LinkCredentials,
  type LinkHandlers,
  type LinkTlsListener,
  linkServer,
  linkTlsListener,
  type Membership,
  type StateSource,
} from "#link";

export const TRUST_DOMAIN = "postern.test";
export const TOKEN = "pjt_one-use";
const HOUR = 3_600_000;
const KEYS = { name: "ECDSA", namedCurve: "P-256" } as const;
const SIGNATURE = { name: "ECDSA", hash: "SHA-256" } as const;

export const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "postern-membership-"));
  closing.push(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const last = performance.now() + 10_000;
  while (!(await holds())) {
    if (performance.now() > last) throw new Error(`not in time: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export interface LeafOptions {
  readonly id?: string;
  readonly from?: number;
  readonly to?: number;
  readonly ca?: boolean;
  /** The one extended key usage. */
  readonly usage?: string;
}

type LeafKey = Parameters<typeof X509CertificateGenerator.create>[0]["publicKey"];

/** An authority as control's is, that also signs what control's never would. */
export interface TestAuthority {
  readonly pem: string;
  readonly pin: string;
  readonly entity: EntityChange;
  leaf(key: LeafKey, options?: LeafOptions): Promise<string>;
  /** A certificate of it with a new key, and itself behind that. */
  credentials(options?: LeafOptions): Promise<LinkCredentials>;
  /** What control answers to a request for a certificate. */
  membership(csr: string, options?: Partial<Membership> & LeafOptions): Promise<Membership>;
}

let serial = 1;
const nextSerial = (): string => (0x1000 + serial++).toString(16);

export async function newAuthority(since: number = Date.now() - HOUR): Promise<TestAuthority> {
  const keys = await crypto.subtle.generateKey(KEYS, true, ["sign", "verify"]);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: nextSerial(),
    name: [{ CN: [`authority ${nextSerial()}`] }],
    notBefore: new Date(since),
    notAfter: new Date(since + 365 * 24 * HOUR),
    signingAlgorithm: SIGNATURE,
    keys,
    extensions: [new BasicConstraintsExtension(true, 0, true)],
  });
  const pem = `${certificate.toString("pem")}\n`;
  const spki = createPublicKey(pem).export({ format: "der", type: "spki" });
  const id = sha256Hex(new NodeCertificate(pem).raw);

  const authority: TestAuthority = {
    pem,
    pin: `sha256:${sha256Hex(spki)}`,
    entity: { kind: "authority", key: id, value: { certificate: pem } },
    async leaf(publicKey, options = {}) {
      const { from = Date.now() - HOUR, to = Date.now() + 23 * HOUR, ca = false } = options;
      const leaf = await X509CertificateGenerator.create({
        serialNumber: nextSerial(),
        subject: [{ CN: ["x"] }],
        issuer: certificate.subject,
        notBefore: new Date(from),
        notAfter: new Date(to),
        signingAlgorithm: SIGNATURE,
        publicKey,
        signingKey: keys.privateKey,
        extensions: [
          new BasicConstraintsExtension(ca, undefined, true),
          new ExtendedKeyUsageExtension(
            options.usage === undefined
              ? [ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]
              : [options.usage],
          ),
          new SubjectAlternativeNameExtension([
            { type: "url", value: options.id ?? `spiffe://${TRUST_DOMAIN}/postern/control/a` },
          ]),
        ],
      });
      return `${leaf.toString("pem")}\n`;
    },
    async credentials(options) {
      const own = await crypto.subtle.generateKey(KEYS, true, ["sign", "verify"]);
      const pkcs8 = await crypto.subtle.exportKey("pkcs8", own.privateKey);
      return {
        certificate: (await authority.leaf(own.publicKey, options)) + pem,
        key: PemConverter.encode(pkcs8, "PRIVATE KEY"),
        authorities: [pem],
        trustDomain: TRUST_DOMAIN,
      };
    },
    async membership(csr, options = {}) {
      const request = new Pkcs10CertificateRequest(csr);
      if (!(await request.verify())) throw new PosternError("input.invalid", "the request is not signed");
      const { role = "gateway", name = "edge-1", trustDomain = TRUST_DOMAIN } = options;
      const id = options.id ?? `spiffe://${TRUST_DOMAIN}/postern/${role}/${name}`;
      const leaf = await authority.leaf(request.publicKey, { ...options, id });
      return {
        role,
        name,
        trustDomain,
        certificate: options.certificate ?? leaf + pem,
        authorities: options.authorities ?? [pem],
        controls: options.controls ?? [],
      };
    },
  };
  return authority;
}

/** The public key of a certificate request made elsewhere. */
export function keyIn(csr: string): PublicKey {
  return new PublicKey(new Pkcs10CertificateRequest(csr).publicKey.rawData);
}

export function serialOf(certificate: string): string {
  return new X509Certificate(certificate).serialNumber;
}

/** Control's end of the link, as it is: over TLS, with the rooms behind it played. */
export interface TestControl {
  readonly url: string;
  readonly listener: LinkTlsListener;
  readonly joins: JoinRequest[];
  /** Refuses everybody from now on. */
  revoked: boolean;
  put(...entities: EntityChange[]): void;
}

export async function startControl(
  authority: TestAuthority,
  more: { readonly credentials?: LinkCredentials; readonly handlers?: Partial<LinkHandlers> } = {},
): Promise<TestControl> {
  const changes: EntityChange[][] = [[]];
  const commits = new Set<() => void>();
  const revocations = new Set<() => void>();
  const held = new Map<string, EntityChange>();
  const source: StateSource = {
    head: async () => await Promise.resolve({ epoch: "e1", number: changes.length }),
    page: async ({ kinds, after }) =>
      await Promise.resolve({
        epoch: "e1",
        number: changes.length,
        entities:
          after === undefined
            ? [...held.values()].filter(({ kind }) => kinds === undefined || kinds.includes(kind))
            : [],
      }),
    changesAfter: async ({ number }) =>
      await Promise.resolve(
        changes
          .map((entities, at) => ({ type: "change" as const, epoch: "e1", number: at + 1, entities }))
          .slice(number),
      ),
    startEpoch: async () => await Promise.resolve(),
    onCommit(listener) {
      commits.add(listener);
      return () => commits.delete(listener);
    },
  };
  const joins: JoinRequest[] = [];
  let revoked = false;
  const admit = (): void => {
    if (revoked) throw new PosternError("member.revoked", "gateway edge-1 is revoked");
  };
  const unused = async (): Promise<never> => await Promise.reject(new Error("not of this test"));
  const handlers: LinkHandlers = {
    admit,
    onRevoked(listener) {
      revocations.add(listener);
      return () => revocations.delete(listener);
    },
    async join(request) {
      joins.push(request);
      if (request.token !== TOKEN)
        throw new PosternError("token.used", "this token was used", { remedy: "make a new one" });
      return await authority.membership(request.csr, { controls: [control.url] });
    },
    renew: async (request) => await authority.membership(request.csr, { controls: [control.url] }),
    report: async () => await Promise.resolve(),
    records: unused,
    entry: unused,
    activity: unused,
    key: unused,
    connected: () => undefined,
    disconnected: () => undefined,
    ...more.handlers,
  };
  const notify = (): void => undefined;
  const listener = await linkTlsListener({
    credentials: more.credentials ?? (await authority.credentials()),
    handler: linkServer({ source, handlers, clock: systemClock, schedule: systemSchedule, notify }),
    people: (_request, response) => void response.writeHead(404).end(),
    admit,
    clock: systemClock,
    address: "127.0.0.1",
    port: 0,
  });
  closing.push(async () => await listener.close(0));
  const control: TestControl = {
    url: `https://127.0.0.1:${listener.port}`,
    listener,
    joins,
    get revoked() {
      return revoked;
    },
    set revoked(value) {
      revoked = value;
      for (const tell of revocations) tell();
    },
    put(...entities) {
      changes.push(entities);
      for (const change of entities) {
        if (change.value === null) held.delete(`${change.kind} ${change.key}`);
        else held.set(`${change.kind} ${change.key}`, change);
      }
      for (const tell of commits) tell();
    },
  };
  return control;
}

/** Somebody between a machine and control, who answers with these credentials and keeps all that is sent to them. */
export async function startImpostor(
  credentials: Pick<LinkCredentials, "certificate" | "key">,
  onData: (socket: TLSSocket) => void = () => undefined,
): Promise<{ readonly url: string; readonly heard: () => string; readonly closed: () => number }> {
  let heard = "";
  let closed = 0;
  const server = createServer({ cert: credentials.certificate, key: credentials.key }, (socket) => {
    socket.on("data", (bytes: Buffer) => {
      heard += bytes.toString("latin1");
      onData(socket);
    });
    socket.on("error", () => undefined);
  });
  server.on("connection", (socket: Socket) => socket.on("close", () => closed++));
  server.on("tlsClientError", () => undefined);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(async () => await new Promise((resolve) => server.close(resolve)));
  const { port } = server.address() as AddressInfo;
  return { url: `https://127.0.0.1:${port}`, heard: () => heard, closed: () => closed };
}

/** A schedule whose tasks run when its clock is moved. */
export class Timers implements Schedule {
  readonly clock: ManualClock = manualClock(Date.now());
  readonly #tasks = new Set<{ at: number; every?: number; task: () => void }>();
  after(ms: number, task: () => void): () => void {
    return this.#put({ at: this.clock.monotonic() + ms, task });
  }
  every(ms: number, task: () => void): () => void {
    return this.#put({ at: this.clock.monotonic() + ms, every: ms, task });
  }
  /** Moves the clock on in steps, with a turn of the event loop for what each sets going. */
  async pass(ms: number, step = 5_000): Promise<void> {
    for (let left = ms; left > 0; left -= step) {
      this.clock.advance(Math.min(step, left));
      for (const task of [...this.#tasks]) {
        if (task.at > this.clock.monotonic()) continue;
        if (task.every === undefined) this.#tasks.delete(task);
        else task.at = this.clock.monotonic() + task.every;
        task.task();
      }
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
  }
  #put(task: { at: number; every?: number; task: () => void }): () => void {
    this.#tasks.add(task);
    return () => this.#tasks.delete(task);
  }
}

export function collect(): { readonly notices: Notice[]; readonly notify: (notice: Notice) => void } {
  const notices: Notice[] = [];
  return { notices, notify: (notice) => void notices.push(notice) };
}
