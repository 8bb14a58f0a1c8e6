import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import {
  createServer,
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
} from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import { z } from "zod";
import { type ManualClock, manualClock, type Notice, systemIds, systemSchedule } from "#kernel";
import type { InstanceState } from "#link";
import { openLog } from "#log";
import { openSecrets, type Secrets } from "#secrets";
import { type DatabasePlace, openStore, type Store } from "#store";
import type { TestDatabase } from "../../../test/harness/databases.ts";
import {
  type Lies,
  type SoftwareAuthenticator,
  softwareAuthenticator,
} from "../../../test/harness/software-authenticator.ts";
import { until } from "../../../test/harness/until.ts";
import { type Identity, openIdentity } from "./index.ts";
import { type Gateway, makeGateway } from "./login-gateway.test.ts";

export const SUBDOMAINS: InstanceState = {
  id: "ins_test",
  domain: "postern.localhost",
  hostStyle: "subdomain",
  origins: { login: "http://login.postern.localhost:7400", console: "http://console.postern.localhost:7400" },
  scheme: "http",
  port: 7400,
};
export const PORTS: InstanceState = {
  ...SUBDOMAINS,
  hostStyle: "port",
  origins: { login: "http://localhost:7400", console: "http://localhost:7401" },
};

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  json(): Record<string, unknown>;
  /** The `location` header; fails when there is none. */
  location(): string;
}

/** One control node: its login host on a Unix socket, with everything behind it real. */
export interface Node {
  readonly store: Store;
  readonly identity: Identity;
  readonly notices: readonly Notice[];
  readonly socketPath: string;
  /** What its schedule would run from time to time. */
  readonly ticks: ReadonlySet<() => void>;
  send(method: string, url: string, headers?: Record<string, string>, body?: string): Promise<Answer>;
  close(): Promise<void>;
}

/**
 * An instance with one login host on SQLite, or several of them on one PostgreSQL: then every request goes to another node
 * than the one before it, and so does everything that is asked of `identity`.
 */
export interface Rig {
  readonly clock: ManualClock;
  readonly nodes: readonly Node[];
  readonly store: Store;
  readonly identity: Identity;
  readonly instance: InstanceState;
  readonly notices: readonly Notice[];
  readonly socketPath: string;
  /** Runs what the schedule would run every minute, and returns when that is done. */
  tick(): Promise<void>;
  send(method: string, url: string, headers?: Record<string, string>, body?: string): Promise<Answer>;
  browser(): Browser;
  gateway(name: string): Promise<Gateway>;
  /** Login events so far, oldest first. */
  events(): Promise<LoggedLogin[]>;
  /** The whole database as text. */
  dump(): Promise<string>;
  close(): Promise<void>;
}

/** As the database allows. */
const NODES = 2;

export interface LoggedLogin {
  readonly act: string;
  readonly outcome: string;
  readonly reason: string | undefined;
  readonly user: string;
}

/** What the nodes of an instance share. */
interface Shared {
  readonly place: DatabasePlace;
  readonly folder: string;
  readonly clock: ManualClock;
  readonly instance: InstanceState;
}

interface Opened {
  readonly name: string;
  readonly store: Store;
  readonly secrets: Secrets;
  readonly notices: Notice[];
}

async function openNode(name: string, { place, folder, clock }: Shared): Promise<Opened> {
  const notices: Notice[] = [];
  const notify = (notice: Notice): void => void notices.push(notice);
  const store = await openStore({ ...place, clock, ids: systemIds, schedule: systemSchedule, notify });
  const secrets = await openSecrets({
    store,
    masterKey: { kind: "own-file", path: join(folder, "master.key") },
    clock,
    ids: systemIds,
  });
  return { name, store, secrets, notices };
}

async function startNode({ name, store, secrets, notices }: Opened, shared: Shared): Promise<Node> {
  const { folder, clock, instance } = shared;
  const notify = (notice: Notice): void => void notices.push(notice);
  const ticks = new Set<() => void>();
  const origin = { role: "control", name, version: "0" } as const;
  const identity = await openIdentity({
    store,
    secrets,
    clock,
    ids: systemIds,
    instance,
    origin,
    notify,
    schedule: {
      after: () => () => undefined,
      every: (_ms, task) => {
        ticks.add(task);
        return () => ticks.delete(task);
      },
    },
    log: await openLog({ store, origin, boot: `boot_${name}`, clock }),
    page: (_request, response) => {
      response.writeHead(200, { "content-type": "text/html" });
      response.end("<!doctype html><title>Sign in</title>");
    },
    applicationsFor: () => [{ title: "Wiki", url: "http://wiki.postern.localhost:7400/" }],
  });
  const socketPath = join(folder, `${name}.sock`);
  const server: Server = createServer(identity.handle).listen(socketPath);
  await once(server, "listening");

  return {
    store,
    identity,
    notices,
    socketPath,
    ticks,
    async send(method, url, headers = {}, body) {
      const target = new URL(url, instance.origins.login);
      const sent = httpRequest({
        socketPath,
        method,
        path: `${target.pathname}${target.search}`,
        headers: { host: target.host, "x-forwarded-for": "192.0.2.1", ...headers },
      });
      sent.end(body);
      const [response] = (await once(sent, "response")) as [IncomingMessage];
      let text = "";
      response.setEncoding("utf8");
      for await (const chunk of response as AsyncIterable<string>) text += chunk;
      return {
        status: response.statusCode ?? 0,
        headers: response.headers,
        text,
        json: () => JSON.parse(text) as Record<string, unknown>,
        location() {
          assert.ok(response.headers.location !== undefined, `no location: ${response.statusCode} ${text}`);
          return new URL(response.headers.location, target).href;
        },
      };
    },
    async close() {
      await identity.close();
      server.close();
      server.closeAllConnections();
      await store.close();
    },
  };
}

export interface RigOptions {
  readonly instance?: InstanceState;
  readonly nodes?: number;
}

export async function startRig(
  database: TestDatabase,
  { instance = SUBDOMAINS, nodes: count = NODES }: RigOptions = {},
): Promise<Rig> {
  const folder = await mkdtemp(join(tmpdir(), "postern-identity-"));
  const clock = manualClock(Date.now());
  const shared = { place: await database.fresh(), folder, clock, instance };
  const names = ["a", "b", "c", "d"].slice(0, database.shared ? count : 1);
  const opened: Opened[] = [];
  // the first makes the key that the others are given
  for (const name of names) opened.push(await openNode(name, shared));
  const nodes = await Promise.all(opened.map(async (each) => await startNode(each, shared)));

  let asked = 0;
  function next(): Node {
    const node = nodes[asked++ % nodes.length];
    assert.ok(node !== undefined);
    return node;
  }
  const [first] = nodes;
  assert.ok(first !== undefined);
  const { store, socketPath } = first;

  const rig: Rig = {
    clock,
    nodes,
    store,
    get identity() {
      return next().identity;
    },
    instance,
    get notices() {
      return nodes.flatMap(({ notices }) => notices);
    },
    socketPath,
    send: async (...request) => await next().send(...request),
    async tick() {
      await until("a node leads", () => nodes.some(({ ticks }) => ticks.size > 0));
      // goes last of all that has expired
      const mark = { model: "Mark", payload: "{}", grant_id: null, uid: null, consumed_at: null };
      await store.write(
        async ({ db }) =>
          await db
            .insertInto("oidc")
            .values({ ...mark, id: "mark", expires_at: 0 })
            .execute(),
      );
      for (const { ticks } of nodes) for (const task of ticks) task();
      await until("all that has expired is gone", async () => {
        const left = await store.db
          .selectFrom("oidc")
          .select("id")
          .where("model", "=", "Mark")
          .executeTakeFirst();
        return left === undefined;
      });
    },
    browser: () => new Browser(rig),
    gateway: async (name) => await makeGateway(rig, name),
    async events() {
      const rows = await store.db
        .selectFrom("event")
        .select("body")
        .where("kind", "=", "login")
        .orderBy("id")
        .execute();
      return rows.map(({ body }) => readEvent(body));
    },
    async dump() {
      const tables = await store.db.introspection.getTables();
      const rows = await Promise.all(
        tables.map(async ({ name }) => (await sql`select * from ${sql.table(name)}`.execute(store.db)).rows),
      );
      return JSON.stringify(rows);
    },
    async close() {
      for (const node of nodes) await node.close();
      await rm(folder, { recursive: true });
    },
  };
  return rig;
}

/** A browser at the login host: cookies by path, and the requests of the pages. */
export class Browser {
  readonly #rig: Rig;
  readonly #jar = new Map<string, { readonly path: string; readonly value: string }>();
  /** Every cookie value that was ever set here. */
  readonly bearers: string[] = [];
  address = "192.0.2.1";
  constructor(rig: Rig) {
    this.#rig = rig;
  }
  cookie(name: string): string | undefined {
    return [...this.#jar].find(([key]) => key.startsWith(`${name} `))?.[1].value;
  }
  setCookie(name: string, path: string, value: string): void {
    this.#jar.set(`${name} ${path}`, { path, value });
  }
  copyFrom(other: Browser): void {
    for (const [key, cookie] of other.#jar) this.#jar.set(key, cookie);
  }
  async send(
    method: string,
    url: string,
    headers: Record<string, string> = {},
    body?: string,
  ): Promise<Answer> {
    const target = new URL(url, this.#rig.instance.origins.login);
    const cookies = [...this.#jar]
      .filter(
        ([, { path }]) => path === "/" || target.pathname === path || target.pathname.startsWith(`${path}/`),
      )
      .map(([key, { value }]) => `${key.split(" ", 1)[0]}=${value}`);
    const answer = await this.#rig.send(
      method,
      url,
      {
        "x-forwarded-for": this.address,
        "user-agent": "Test/1.0",
        ...(cookies.length === 0 ? {} : { cookie: cookies.join("; ") }),
        ...headers,
      },
      body,
    );
    for (const line of answer.headers["set-cookie"] ?? []) this.#keep(line);
    return answer;
  }
  #keep(line: string): void {
    const [pair = "", ...attributes] = line.split(/; */);
    const at = pair.indexOf("=");
    const name = pair.slice(0, at);
    const value = pair.slice(at + 1);
    const path = attributes.find((text) => /^path=/i.test(text))?.slice(5) ?? "/";
    const lower = attributes.map((text) => text.toLowerCase());
    assert.ok(lower.includes("secure") && lower.includes("httponly"), `${name} is open: ${line}`);
    const removed = value === "" || lower.some((text) => text.startsWith("expires=thu, 01 jan 1970"));
    const confined = lower.includes("samesite=lax") || lower.includes("samesite=strict");
    assert.ok(confined || removed, `${name} goes anywhere: ${line}`);
    assert.equal(
      lower.some((text) => text.startsWith("domain=")),
      false,
    );
    if (name.startsWith("__Host-")) assert.equal(path, "/");
    if (removed) this.#jar.delete(`${name} ${path}`);
    else this.#jar.set(`${name} ${path}`, { path, value });
    if (value !== "" && !name.endsWith(".sig")) this.bearers.push(value);
  }
  async open(url: string): Promise<Answer> {
    return await this.send("GET", url, { accept: "text/html" });
  }
  async post(url: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    return await this.send(
      "POST",
      url,
      {
        "content-type": "application/json",
        origin: this.#rig.instance.origins.login,
        "sec-fetch-site": "same-origin",
        ...headers,
      },
      JSON.stringify(body),
    );
  }
  /** Follows a setup or invitation link to a passkey. */
  async enrol(
    link: string,
    authenticator: SoftwareAuthenticator,
    person = { name: "ada", displayName: "Ada Lovelace" },
    lies: Lies = {},
  ): Promise<Answer> {
    const opened = await this.post("/enrol/open", { token: new URL(link).hash.slice(1) });
    if (opened.status !== 200) return opened;
    const options = await this.post("/enrol/options", person);
    if (options.status !== 200) return options;
    return await this.post("/enrol/verify", {
      response: authenticator.create(options.json() as never, lies),
    });
  }
  /** Goes through the passkey ceremony of the interaction at `url`. */
  async showPasskey(url: string, authenticator: SoftwareAuthenticator, lies: Lies = {}): Promise<Answer> {
    const path = new URL(url).pathname;
    const options = await this.post(`${path}/options`, {});
    if (options.status !== 200) return options;
    return await this.post(`${path}/verify`, { response: authenticator.get(options.json() as never, lies) });
  }
}

/** Sets the instance up: an administrator with a passkey. */
export async function setUp(rig: Rig): Promise<{ authenticator: SoftwareAuthenticator; browser: Browser }> {
  const authenticator = softwareAuthenticator(rig.instance.origins.login);
  const browser = rig.browser();
  const enrolled = await browser.enrol((await rig.identity.setupLink()).url, authenticator);
  assert.equal(enrolled.status, 200, enrolled.text);
  return { authenticator, browser };
}

const LOGGED = z.object({
  user: z.object({ name: z.string() }),
  unmapped: z.object({
    postern: z.object({ act: z.string(), outcome: z.string(), reason: z.string().optional() }),
  }),
});

function readEvent(body: string): LoggedLogin {
  const { user, unmapped } = LOGGED.parse(JSON.parse(body));
  const { act, outcome, reason } = unmapped.postern;
  return { act, outcome, reason, user: user.name };
}
