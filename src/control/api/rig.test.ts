import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { createServer, type IncomingHttpHeaders, type RequestListener, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from "jose";
import { type Activation, openActivation } from "#activation";
import { type Authority, openAuthority } from "#authority";
import { consoleAssets } from "#console";
import { openIdentity } from "#identity";
import {
  type ManualClock,
  manualClock,
  type Notice,
  newId,
  parseJson,
  systemIds,
  systemSchedule,
} from "#kernel";
import type { InstanceState } from "#link";
import { type EventLog, openLog } from "#log";
import { type Members, openMembers } from "#members";
import { demoFiles } from "#policy";
import { openSecrets } from "#secrets";
import { type DatabasePlace, openStore, type Store } from "#store";
import { createApi } from "./index.ts";

/** A control of its own, with both doors on Unix sockets and everything behind them real. */
export interface Rig {
  readonly clock: ManualClock;
  readonly store: Store;
  readonly log: EventLog;
  readonly activation: Activation;
  readonly members: Members;
  readonly certificates: Authority;
  readonly instance: InstanceState;
  readonly notices: readonly Notice[];
  /** Makes the timers go off that a schedule holds. */
  tick(): void;
  addPerson(person?: { role?: string; name?: string }): Promise<SignedIn>;
  /** Signs an assertion as a gateway does; `changes` are its mistakes. */
  assertion(who: SignedIn, changes?: Changes): Promise<string>;
  owner(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  /** As the console's page sends it, through the gateway. `headers` are put over those; undefined leaves one out. */
  console(who: SignedIn, method: string, path: string, body?: unknown, headers?: HeaderSet): Promise<Answer>;
  /** Exactly what is given, to the console's door. */
  raw(method: string, path: string, headers: HeaderSet, body?: string): Promise<Answer>;
  readonly sockets: { readonly owner: string; readonly console: string };
  close(): Promise<void>;
}

export type HeaderSet = Record<string, string | undefined>;

export interface Changes {
  readonly claims?: JWTPayload;
  readonly audience?: string;
  readonly issuer?: string;
  readonly issuedAt?: number;
  readonly lifetime?: number;
  readonly key?: "foreign" | "unannounced";
  readonly algorithm?: "none" | "HS256";
}

export interface SignedIn {
  readonly user: string;
  readonly name: string;
  readonly session: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** What stands in the JSON body under these members and places. */
  at(...path: readonly (string | number)[]): unknown;
}

export interface RigOptions {
  readonly hostStyle?: InstanceState["hostStyle"];
  /** This control node; `local` unless told otherwise. */
  readonly node?: string;
  /** Where its link listens for other machines; it does not unless told. */
  readonly link?: string;
  /** What it shares with another node; a database and a key of its own unless told otherwise. */
  readonly shared?: { readonly place: DatabasePlace; readonly masterKey: string };
}

export const NOW: number = Date.UTC(2026, 2, 4, 10, 30);
const HOUR = 3_600_000;

export async function makeRig(options: RigOptions = {}): Promise<Rig> {
  const { node = "local", link, shared } = options;
  const folder = mkdtempSync(join(tmpdir(), "postern-api-"));
  const clock = manualClock(NOW);
  const ids = systemIds;
  const hostStyle = options.hostStyle ?? "subdomain";
  const origins =
    hostStyle === "port"
      ? { login: "http://localhost:7400", console: "http://localhost:7401" }
      : { login: "http://login.postern.localhost:7400", console: "http://console.postern.localhost:7400" };
  const instance: InstanceState = {
    id: "ins_1",
    domain: "postern.localhost",
    hostStyle,
    origins,
    scheme: "http",
    port: 7400,
  };
  const origin = { role: "control", name: node, version: "0.1.0" } as const;
  const boot = `boot_${node}`;
  const keyId = node === "local" ? "key-1" : `key-of-${node}`;
  const notices: Notice[] = [];
  const notify = (notice: Notice): void => void notices.push(notice);
  const timers = new Set<() => void>();
  const schedule = {
    after: () => () => undefined,
    every(_: number, task: () => void) {
      timers.add(task);
      return () => timers.delete(task);
    },
  };

  const store = await openStore({
    ...(shared?.place ?? { path: join(folder, "postern.db") }),
    clock,
    ids,
    schedule: systemSchedule,
    notify: () => undefined,
  });
  const secrets = await openSecrets({
    store,
    masterKey: { kind: "own-file", path: shared?.masterKey ?? join(folder, "master.key") },
    clock,
    ids,
  });
  const log = await openLog({ store, origin, boot, clock });
  const activation = await openActivation({ store, log, clock, ids, origin, instance });
  await activation.ensureFirst(demoFiles("UTC"));
  const assets = consoleAssets({ folder: await buildPages(join(folder, "console")) });
  const identity = await openIdentity({
    store,
    log,
    secrets,
    clock,
    ids,
    schedule,
    notify,
    origin,
    instance,
    page: assets.login,
    applicationsFor: async (user, session) => await activation.applicationsFor(user, session),
  });
  const rooms = { store, log, clock, ids, schedule, notify, origin };
  const certificates = await openAuthority({ ...rooms, secrets, trustDomain: "postern.localhost" });
  const members = await openMembers({
    ...rooms,
    authority: certificates,
    node: { name: node, boot, version: "0.1.0", ...(link === undefined ? {} : { url: link }) },
  });
  const api = await createApi({
    store,
    log,
    identity,
    activation,
    members,
    certificates,
    secrets,
    clock,
    ids,
    schedule,
    notify,
    origin,
    version: "0.1.0",
    instance,
    assets,
  });

  const sockets = { owner: join(folder, "o.sock"), console: join(folder, "c.sock") };
  const servers = [await listen(sockets.owner, api.owner), await listen(sockets.console, api.console)];

  const known = await generateKeyPair("ES256");
  const foreign = await generateKeyPair("ES256");
  const jwk = { ...(await exportJWK(known.publicKey)), kid: keyId, alg: "ES256", use: "sig" };
  await store.write(async ({ db }) => {
    const row = { kid: keyId, gateway: "local", jwk: JSON.stringify(jwk), announced_at: NOW };
    await db.insertInto("gateway_key").values(row).execute();
  });

  async function assertion(who: SignedIn, changes: Changes = {}): Promise<string> {
    const at = Math.floor((changes.issuedAt ?? clock.now()) / 1000);
    const token = new SignJWT({ sid: who.session, ...changes.claims })
      .setProtectedHeader({ alg: "ES256", kid: changes.key === "unannounced" ? "key-2" : keyId })
      .setSubject(who.user)
      .setAudience(changes.audience ?? "postern-console")
      .setIssuer(changes.issuer ?? origins.login)
      .setIssuedAt(at)
      .setExpirationTime(at + (changes.lifetime ?? 60));
    if (changes.algorithm === undefined)
      return await token.sign(changes.key === "foreign" ? foreign.privateKey : known.privateKey);
    const [, payload = ""] = (await token.sign(known.privateKey)).split(".");
    if (changes.algorithm === "none") return `${base64({ alg: "none", kid: keyId })}.${payload}.`;
    return await new SignJWT(parseJson(Buffer.from(payload, "base64url").toString(), "payload") as JWTPayload)
      .setProtectedHeader({ alg: "HS256", kid: keyId })
      .sign(Buffer.from(JSON.stringify(jwk)));
  }

  let people = 0;
  const rig: Rig = {
    clock,
    store,
    log,
    activation,
    members,
    certificates,
    instance,
    notices,
    sockets,
    tick() {
      for (const task of timers) task();
    },
    async addPerson({ role = "administrator", name = `person-${++people}` } = {}) {
      const now = clock.now();
      const user = newId("usr", now, ids);
      const session = newId("ses", now, ids);
      await store.write(async ({ db }) => {
        await db
          .insertInto("user")
          .values({
            id: user,
            name,
            display_name: `The ${name}`,
            role,
            groups: JSON.stringify(["staff"]),
            disabled: 0,
            created_at: now,
            updated_at: now,
          })
          .execute();
        await db
          .insertInto("credential")
          .values({
            id: `credential-${user}`,
            user_id: user,
            public_key: "",
            sign_count: 0,
            transports: "[]",
            aaguid: "",
            backed_up: 0,
            name: "passkey",
            created_at: now,
            last_used_at: null,
          })
          .execute();
        await db
          .insertInto("session")
          .values({
            id: session,
            bearer_hash: `hash-${session}`,
            payload: JSON.stringify({ loginTs: now / 1000, amr: ["hwk", "user", "mfa"], authorizations: {} }),
            user_id: user,
            created_at: now,
            authenticated_at: now,
            amr: '["hwk","user","mfa"]',
            mfa_verified_at: now,
            last_seen_at: now,
            idle_expires_at: now + 8 * HOUR,
            absolute_expires_at: now + 24 * HOUR,
            source_ip: "127.0.0.1",
            user_agent: "browser",
          })
          .execute();
      });
      return { user, name, session };
    },
    assertion,
    owner: async (method, path, body, headers = {}) =>
      await ask(
        sockets.owner,
        method,
        path,
        {
          host: "owner",
          ...jsonType(body),
          ...headers,
        },
        textOf(body),
      ),
    async console(who, method, path, body, headers = {}) {
      const change = method !== "GET" && method !== "HEAD";
      const csrf = change ? await csrfOf(who) : undefined;
      return await rig.raw(
        method,
        path,
        {
          ...(await pageHeaders(who)),
          ...jsonType(body),
          ...(change ? { origin: origins.console, "x-csrf-token": csrf } : {}),
          ...headers,
        },
        textOf(body),
      );
    },
    raw: async (method, path, headers, body) => await ask(sockets.console, method, path, headers, body),
    async close() {
      for (const server of servers) {
        server.closeAllConnections();
        server.close();
      }
      await identity.close();
      await members.close();
      await certificates.close();
      await store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  async function pageHeaders(who: SignedIn): Promise<HeaderSet> {
    return {
      host: new URL(origins.console).host,
      "postern-assertion": await assertion(who),
      "sec-fetch-site": "same-origin",
      "x-forwarded-for": "192.0.2.7",
      "user-agent": "browser",
    };
  }
  async function csrfOf(who: SignedIn): Promise<string> {
    const me = await rig.raw("GET", "/api/v1/me", await pageHeaders(who));
    return String(me.at("csrf"));
  }
  return rig;
}

async function buildPages(folder: string): Promise<string> {
  await mkdir(join(folder, "assets"), { recursive: true });
  writeFileSync(join(folder, "index.html"), "<!doctype html><title>console</title>");
  writeFileSync(join(folder, "login.html"), "<!doctype html><title>login</title>");
  writeFileSync(join(folder, "assets", "console-abc123.js"), "export {};");
  return folder;
}

async function listen(socket: string, listener: RequestListener) {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  return server;
}

function textOf(body: unknown): string | undefined {
  return body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body);
}

function jsonType(body: unknown): Record<string, string> {
  return body === undefined ? {} : { "content-type": "application/json" };
}

async function ask(
  socketPath: string,
  method: string,
  path: string,
  headers: HeaderSet,
  body?: string,
): Promise<Answer> {
  const given = Object.fromEntries(
    Object.entries(headers).filter(([, value]) => value !== undefined),
  ) as Record<string, string>;
  return await new Promise((resolve, reject) => {
    const sent = request({ socketPath, method, path, headers: given, agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        text += chunk;
      });
      response.on("error", reject);
      response.on("end", () => {
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text,
          at: (...path) => dig(JSON.parse(text), path),
        });
      });
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

function base64(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

function dig(value: unknown, path: readonly (string | number)[]): unknown {
  let at = value;
  for (const name of path) {
    if (typeof at !== "object" || at === null) return undefined;
    at = (at as { readonly [member: string | number]: unknown })[name];
  }
  return at;
}

/** Asserts that an answer is a problem of this status and code. */
export function assertProblem(answer: Answer, status: number, code: string): void {
  assert.equal(answer.status, status, answer.text);
  assert.equal(answer.at("code"), code, answer.text);
  assert.equal(answer.at("status"), status);
  assert.equal(answer.headers["content-type"], "application/problem+json");
}

/** One member of each item of a page. */
export function names(answer: Answer, member = "name"): unknown[] {
  assert.equal(answer.status, 200, answer.text);
  return (answer.at("items") as { [member: string]: unknown }[]).map((item) => item[member]);
}
