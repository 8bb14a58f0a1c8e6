import "reflect-metadata";
import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { connect, createServer, type Server, type TLSSocket } from "node:tls";
import { PemConverter, Pkcs10CertificateRequestGenerator } from "@peculiar/x509";
import type { EventOrigin } from "#events";
import {
  type Clock,
  type IdSource,
  type Notify,
  type Schedule,
  systemClock,
  systemIds,
  systemSchedule,
} from "#kernel";
import type { LinkCredentials } from "#link";
import { type EventLog, openLog } from "#log";
import { openSecrets, type Secrets } from "#secrets";
import { type DatabasePlace, openStore, type Store } from "#store";
import { type Postgres, startPostgres } from "../../../test/harness/postgres.ts";
import { type Actor, type Authority, openAuthority } from "./index.ts";

export const TRUST_DOMAIN = "postern.test";
export const OWNER: Actor = { actor: { type: "owner", id: "owner", name: "owner" }, source: {} };
export const P256 = { name: "ECDSA", namedCurve: "P-256" } as const;

/** Timers that run when they are told to. */
export interface TestSchedule extends Schedule {
  /** Runs everything that waits, once. */
  tick(): void;
}

export function testSchedule(): TestSchedule {
  const every = new Set<() => void>();
  const once = new Set<() => void>();
  return {
    after(_ms, task) {
      once.add(task);
      return () => once.delete(task);
    },
    every(_ms, task) {
      every.add(task);
      return () => every.delete(task);
    },
    tick() {
      const due = [...once, ...every];
      once.clear();
      for (const task of due) task();
    },
  };
}

/** What is to be closed once all tests of the file are done, the last one first. */
const opened: (() => unknown)[] = [];
after(async () => {
  for (const close of opened.reverse()) await close();
});

export function closeLater(close: () => unknown): void {
  opened.push(close);
}

interface Rooms {
  readonly store: Store;
  readonly log: EventLog;
  readonly origin: EventOrigin;
  readonly ids: IdSource;
  readonly schedule: Schedule;
  readonly notify: Notify;
}

export interface Instance {
  readonly store: Store;
  readonly secrets: Secrets;
  readonly schedule: TestSchedule;
  readonly notices: string[];
  /** While true, the leader's steps find that another leads. */
  deposed: boolean;
  /** While true, nothing can be read. */
  unreachable: boolean;
  /** What another room of a control node is given. */
  rooms(node: string): Promise<Rooms>;
  /** Another control node on the same database. */
  node(name: string, clock?: Clock): Promise<Authority>;
}

let server: Promise<Postgres> | undefined;
async function postgres(): Promise<Postgres> {
  server ??= startPostgres().then((started) => {
    closeLater(async () => await started.remove());
    return started;
  });
  return await server;
}

/** @param kind on PostgreSQL each node has connections of its own */
export async function openInstance(kind: Store["kind"] = "sqlite"): Promise<Instance> {
  const folder = await mkdtemp(join(tmpdir(), "postern-authority-"));
  closeLater(async () => await rm(folder, { recursive: true }));
  const schedule = testSchedule();
  const notices: string[] = [];
  const notify = ({ message }: { readonly message?: string }): void => void notices.push(message ?? "");
  const clock = systemClock;
  const ids = systemIds;
  const place: DatabasePlace =
    kind === "sqlite"
      ? { path: join(folder, "postern.db") }
      : { url: await (await postgres()).createDatabase() };
  async function newStore(): Promise<Store> {
    // the database keeps its own time: the test's is for what this room does
    const made = await openStore({ ...place, clock, ids, schedule: systemSchedule, notify });
    closeLater(async () => await made.close());
    return made;
  }
  const store = await newStore();
  const masterKey = { kind: "own-file", path: join(folder, "master.key") } as const;
  const secrets = await openSecrets({ store, masterKey, clock, ids });
  const faults = { deposed: false, unreachable: false };
  const nodes = new Map<string, Promise<Rooms>>();

  async function openRooms(name: string): Promise<Rooms> {
    const own = kind === "sqlite" ? store : await newStore();
    const faulty: Store = {
      ...own,
      get db() {
        if (faults.unreachable) throw new Error("no database");
        return own.db;
      },
      elect: (task, lead) =>
        own.elect(task, (leadership) =>
          lead({
            term: leadership.term,
            async confirm(tx) {
              if (faults.deposed) throw new Error("deposed");
              await leadership.confirm(tx);
            },
          }),
        ),
    };
    const origin: EventOrigin = { role: "control", name, version: "0.0.1" };
    const log = await openLog({ store: own, origin, boot: `boot_${name}`, clock });
    return { store: faulty, log, origin, ids, schedule, notify };
  }
  function rooms(name: string): Promise<Rooms> {
    const opening = nodes.get(name) ?? openRooms(name);
    nodes.set(name, opening);
    return opening;
  }

  return Object.assign(faults, {
    store,
    secrets,
    schedule,
    notices,
    rooms,
    async node(name: string, own: Clock = clock): Promise<Authority> {
      const parts = await rooms(name);
      const authority = await openAuthority({ ...parts, secrets, clock: own, trustDomain: TRUST_DOMAIN });
      closeLater(async () => await authority.close());
      return authority;
    },
  });
}

/** A key pair and its request, as a joining member makes them. */
export async function newRequest(
  algorithm: EcKeyGenParams | RsaHashedKeyGenParams = P256,
): Promise<{ csr: string; key: string }> {
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const request = await Pkcs10CertificateRequestGenerator.create({
    name: "CN=whoever asks",
    keys,
    signingAlgorithm: { name: algorithm.name, hash: "SHA-256" },
  });
  const key = await crypto.subtle.exportKey("pkcs8", keys.privateKey);
  return { csr: request.toString("pem"), key: PemConverter.encode(key, "PRIVATE KEY") };
}

/** What a member goes by. */
export async function memberCredentials(
  authority: Authority,
  role: "gateway" | "agent",
  name: string,
): Promise<LinkCredentials & { readonly serial: string }> {
  const { csr, key } = await newRequest();
  const { certificate, serial } = await authority.issueMember({ role, name, csr });
  return {
    certificate,
    key,
    serial,
    authorities: await authority.bundle(),
    trustDomain: TRUST_DOMAIN,
  };
}

/** A TLS server as control's link is one: it asks for a certificate and takes none but of its authorities. */
export async function controlListener(
  credentials: LinkCredentials,
): Promise<{ readonly server: Server; readonly port: number }> {
  const server = createServer(
    { ...contextOf(credentials), requestCert: true, rejectUnauthorized: true, minVersion: "TLSv1.3" },
    (socket) => {
      socket.on("error", () => undefined);
      socket.end(identityOf(socket));
    },
  );
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  closeLater(() => server.close());
  return { server, port };
}

export function contextOf({ certificate, key, authorities }: LinkCredentials): {
  cert: string;
  key: string;
  ca: string[];
} {
  return { cert: certificate, key, ca: [...authorities] };
}

/** A handshake and an answer over TLS 1.3: whom each took the other for. @throws when either end refuses */
export async function handshake(
  port: number,
  credentials: { cert?: string; key?: string; ca: string[] },
): Promise<{ server: string; client: string }> {
  return await new Promise((resolve, reject) => {
    const socket = connect({
      host: "127.0.0.1",
      port,
      ...credentials,
      minVersion: "TLSv1.3",
      // who it is stands in the URI
      checkServerIdentity: () => undefined,
    });
    let server = "";
    let client = "";
    socket.setEncoding("utf8");
    socket.on("secureConnect", () => {
      server = identityOf(socket);
    });
    socket.on("data", (chunk: string) => {
      client += chunk;
    });
    socket.on("error", reject);
    socket.on("close", () =>
      client === "" ? reject(new Error("closed without an answer")) : resolve({ server, client }),
    );
  });
}

function identityOf(socket: TLSSocket): string {
  const certificate = socket.getPeerX509Certificate();
  assert.ok(certificate !== undefined);
  return certificate.subjectAltName ?? "";
}

export function leafOf(pem: string): X509Certificate {
  return new X509Certificate(pem);
}

/** Runs `look` until it no longer fails; with a tick of the timers before each. */
export async function until(schedule: TestSchedule, look: () => void | Promise<void>): Promise<void> {
  const end = performance.now() + 20_000;
  for (;;) {
    schedule.tick();
    try {
      await look();
      return;
    } catch (error) {
      if (performance.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}
