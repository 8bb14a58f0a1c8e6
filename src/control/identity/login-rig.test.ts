import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, request as httpRequest, type IncomingHttpHeaders, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import { z } from "zod";
import { type ManualClock, manualClock, type Notice, systemIds, systemSchedule } from "#kernel";
import type { InstanceState } from "#link";
import { openSecrets } from "#secrets";
import { openStore, type Store } from "#store";
import {
  type Lies,
  type SoftwareAuthenticator,
  softwareAuthenticator,
} from "../../../test/harness/software-authenticator.ts";
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

/** Control's login host on a Unix socket, with everything real but the log's reader. */
export interface Rig {
  readonly clock: ManualClock;
  readonly store: Store;
  readonly identity: Identity;
  readonly instance: InstanceState;
  readonly notices: Notice[];
  readonly socketPath: string;
  /** Runs what the schedule would run every minute. */
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

export interface LoggedLogin {
  readonly act: string;
  readonly outcome: string;
  readonly reason: string | undefined;
  readonly user: string;
}

export async function startRig(instance: InstanceState = SUBDOMAINS): Promise<Rig> {
  const folder = await mkdtemp(join(tmpdir(), "postern-identity-"));
  const clock = manualClock(Date.now());
  const store = await openStore({
    path: join(folder, "postern.db"),
    clock,
    ids: systemIds,
    schedule: systemSchedule,
    notify: () => undefined,
  });
  const secrets = await openSecrets({
    store,
    masterKey: { kind: "own-file", path: join(folder, "master.key") },
    clock,
    ids: systemIds,
  });
  const notices: Notice[] = [];
  const ticks: (() => void)[] = [];
  let sequence = 0;
  const identity = await openIdentity({
    store,
    secrets,
    clock,
    ids: systemIds,
    instance,
    origin: { role: "control", name: "test", version: "0" },
    notify: (notice) => notices.push(notice),
    schedule: {
      after: () => () => undefined,
      every: (_ms, task) => {
        ticks.push(task);
        return () => undefined;
      },
    },
    log: {
      async append(tx, event) {
        sequence += 1;
        await tx.db
          .insertInto("event")
          .values({
            source: "test",
            boot: "boot_test",
            sequence,
            previous: "",
            time: clock.now(),
            class_uid: 3002,
            kind: "login",
            decision_id: null,
            effect: null,
            resource: null,
            subject: null,
            body: JSON.stringify(event),
          })
          .execute();
      },
    },
    page: (_request, response) => {
      response.writeHead(200, { "content-type": "text/html" });
      response.end("<!doctype html><title>Sign in</title>");
    },
    applicationsFor: () => [{ title: "Wiki", url: "http://wiki.postern.localhost:7400/" }],
  });
  const socketPath = join(folder, "control.sock");
  const server: Server = createServer(identity.handle).listen(socketPath);
  await once(server, "listening");

  async function send(
    method: string,
    url: string,
    headers: Record<string, string> = {},
    body?: string,
  ): Promise<Answer> {
    const target = new URL(url, instance.origins.login);
    const sent = httpRequest({
      socketPath,
      method,
      path: `${target.pathname}${target.search}`,
      headers: { host: target.host, "x-forwarded-for": "192.0.2.1", ...headers },
    });
    sent.end(body);
    const [response] = (await once(sent, "response")) as [import("node:http").IncomingMessage];
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
  }

  const rig: Rig = {
    clock,
    store,
    identity,
    instance,
    notices,
    socketPath,
    send,
    async tick() {
      for (const task of ticks) task();
      await identity.close();
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
      const tables = await sql<{ name: string }>`select name from sqlite_master where type = 'table'`.execute(
        store.db,
      );
      const rows = await Promise.all(
        tables.rows.map(
          async ({ name }) => (await sql`select * from ${sql.table(name)}`.execute(store.db)).rows,
        ),
      );
      return JSON.stringify(rows);
    },
    async close() {
      await identity.close();
      server.close();
      server.closeAllConnections();
      await store.close();
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
