import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import "reflect-metadata";
import { Pkcs10CertificateRequestGenerator } from "@peculiar/x509";
import { openAuthority } from "#authority";
import type { EventOrigin } from "#events";
import {
  type ManualClock,
  manualClock,
  PosternError,
  type Schedule,
  systemClock,
  systemIds,
  systemSchedule,
} from "#kernel";
import type { ComponentReport, LinkPeer, MemberRole, Membership } from "#link";
import { openLog } from "#log";
import { openSecrets } from "#secrets";
import { type DatabasePlace, openStore, type Store } from "#store";
import { type Postgres, startPostgres } from "../../../test/harness/postgres.ts";
import { type Actor, type Members, openMembers } from "./index.ts";

export const OWNER: Actor = { actor: { type: "owner", id: "owner", name: "owner" }, source: {} };
export const MINUTE = 60_000;
export const HOUR: number = 60 * MINUTE;

/** Timers on a clock that moves when it is told to. */
export interface TestTime {
  readonly clock: ManualClock;
  readonly schedule: Schedule;
  /** Moves the clock on, second by second, and runs what falls due. */
  pass(ms: number): Promise<void>;
}

interface Timer {
  due: number;
  readonly every?: number;
  readonly task: () => void;
}

/** @param settle what each moment waits for, so that the clock does not run away from a slow database */
function testTime(settle: () => Promise<void>): TestTime {
  const clock = manualClock(Date.now());
  const timers = new Set<Timer>();
  const put = (timer: Timer): (() => void) => {
    timers.add(timer);
    return () => timers.delete(timer);
  };
  return {
    clock,
    schedule: {
      after: (ms, task) => put({ due: clock.monotonic() + ms, task }),
      every: (ms, task) => put({ due: clock.monotonic() + ms, every: ms, task }),
    },
    async pass(ms) {
      const step = 500;
      for (let passed = 0; passed < ms; passed += step) {
        clock.advance(Math.min(step, ms - passed));
        for (const timer of [...timers]) {
          if (timer.due > clock.monotonic()) continue;
          if (timer.every === undefined) timers.delete(timer);
          else timer.due = clock.monotonic() + timer.every;
          timer.task();
        }
        // what it set going runs as far as it can
        await settle();
      }
    },
  };
}

/** Rooms of control on one database. */
export interface Instance extends TestTime {
  readonly store: Store;
  readonly notices: string[];
  readonly faults: { unreachable: boolean };
  /** A control node, with its own time unless it is to have this instance's. */
  node(name: string, options?: { readonly url?: string; readonly boot?: string }): Promise<Members>;
  /** Messages of component events in that state, oldest first. */
  said(state: string): Promise<string[]>;
}

const opened: (() => unknown)[] = [];
after(async () => {
  for (const close of opened.reverse()) await close();
});

let server: Promise<Postgres> | undefined;
async function postgres(): Promise<Postgres> {
  server ??= startPostgres().then((started) => {
    opened.push(async () => await started.remove());
    return started;
  });
  return await server;
}

const DATABASES = ["SQLite", "PostgreSQL"] as const;

/** A test that holds on both databases; on PostgreSQL each node has its own connections. */
export function testOnBoth(name: string, run: (instance: Instance) => Promise<void>): void {
  for (const kind of DATABASES)
    test(`${kind}: ${name}`, async () => {
      await run(await openInstance(kind));
    });
}

async function openInstance(kind: (typeof DATABASES)[number]): Promise<Instance> {
  const time = testTime(async () => {
    // as many queries in a row as any timer of this room makes; and a turn for what follows them
    for (let i = 0; i < 6; i++) await store.db.selectFrom("counter").select("number").execute();
    await new Promise((resolve) => setTimeout(resolve, 1));
  });
  const { clock, schedule } = time;
  const ids = systemIds;
  const folder = await mkdtemp(join(tmpdir(), "postern-members-"));
  opened.push(async () => await rm(folder, { recursive: true }));
  const notices: string[] = [];
  const notify = ({ message }: { readonly message?: string }): void => void notices.push(message ?? "");
  const place: DatabasePlace =
    kind === "SQLite"
      ? { path: join(folder, "postern.db") }
      : { url: await (await postgres()).createDatabase() };
  async function newStore(): Promise<Store> {
    // the database has the machine's time: only what this room does is of the test's
    const made = await openStore({ ...place, clock: systemClock, ids, schedule: systemSchedule, notify });
    opened.push(async () => await made.close());
    return made;
  }
  const store = await newStore();
  const masterKey = { kind: "own-file", path: join(folder, "master.key") } as const;
  const faults = { unreachable: false };
  return {
    ...time,
    store,
    notices,
    faults,
    async node(name, { url, boot = `boot_${name}` } = {}) {
      const own = store.kind === "sqlite" ? store : await newStore();
      const faulty: Store = {
        ...own,
        get db() {
          if (faults.unreachable) throw new Error("no database");
          return own.db;
        },
      };
      const origin: EventOrigin = { role: "control", name, version: "0.0.1" };
      const secrets = await openSecrets({ store: own, masterKey, clock, ids });
      const log = await openLog({ store: own, origin, boot, clock });
      const shared = { store: faulty, log, clock, ids, schedule, notify, origin };
      const authority = await openAuthority({ ...shared, secrets, trustDomain: "postern.test" });
      const members = await openMembers({
        ...shared,
        authority,
        node: { name, boot, version: "0.0.1", ...(url === undefined ? {} : { url }) },
      });
      opened.push(async () => {
        faults.unreachable = false;
        await members.close();
        await authority.close();
      });
      return members;
    },
    async said(state) {
      const rows = await store.db.selectFrom("event").select("body").orderBy("id").execute();
      const events = rows.map(({ body }) => JSON.parse(body) as Said);
      return events.filter(({ unmapped }) => unmapped.postern.state === state).map(({ message }) => message);
    },
  };
}

interface Said {
  readonly message: string;
  readonly unmapped: { readonly postern: { readonly state?: string } };
}

export async function newCsr(): Promise<string> {
  const algorithm = { name: "ECDSA", namedCurve: "P-256" };
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const request = await Pkcs10CertificateRequestGenerator.create({
    name: "CN=x",
    keys,
    signingAlgorithm: { name: "ECDSA", hash: "SHA-256" },
  });
  return request.toString("pem");
}

/** Makes a token and joins with it. */
export async function joinAs(
  members: Members,
  role: MemberRole,
  name: string,
  boot: string,
): Promise<LinkPeer> {
  const { token } = await members.createToken({ role, name }, OWNER);
  return peerOf(
    await members.join({ token, csr: await newCsr(), boot, version: "0.0.1" }, "192.0.2.1"),
    "192.0.2.1",
  );
}

export async function renew(members: Members, peer: LinkPeer, boot: string): Promise<LinkPeer> {
  return peerOf(await members.renew(peer, { csr: await newCsr(), boot }), peer.address ?? "");
}

/** Whom control takes the bearer of this certificate for. */
export function peerOf({ role, name, certificate }: Membership, address: string): LinkPeer {
  const leaf = new X509Certificate(certificate);
  return { role, name, serial: leaf.serialNumber, notAfter: Date.parse(leaf.validTo), address };
}

export function report(boot: string, more: Partial<ComponentReport> = {}): ComponentReport {
  return { boot, version: "0.0.1", skewSeconds: 0, ...more };
}

/** What `admit` says: `in`, or the code of its refusal. */
export function admitted(members: Members, peer: LinkPeer, boot: string, what = "report"): string {
  try {
    members.admit(peer, boot, what);
    return "in";
  } catch (error) {
    assert.ok(error instanceof PosternError, String(error));
    assert.notEqual(error.details.remedy, undefined);
    return error.code;
  }
}

/** Lets time pass until `look` no longer fails. */
export async function until(instance: TestTime, look: () => void | Promise<void>): Promise<void> {
  const end = performance.now() + 20_000;
  for (;;) {
    try {
      await look();
      return;
    } catch (error) {
      if (performance.now() > end) throw error;
      await instance.pass(500);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }
}
