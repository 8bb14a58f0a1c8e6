import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  request,
  type Server,
  type ServerResponse,
} from "node:http";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { OcsfEvent } from "#events";
import {
  type Clock,
  type Notice,
  newId,
  newSecret,
  sha256Hex,
  systemClock,
  systemIds,
  systemSchedule,
} from "#kernel";
import {
  type ControlDialer,
  type InstanceState,
  type LinkClient,
  linkClient,
  type PolicyState,
  type SessionState,
  type UserState,
  unixDialer,
} from "#link";
import { compileSet } from "#policy";
import type { Spool } from "#spool";
import { openView, type View } from "#view";
import { type Gateway, startGateway } from "./index.ts";
import { type Control, makeControl } from "./rig-control.test.ts";

/** A spool in memory whose disk can be full. */
export class MemorySpool implements Spool {
  readonly events: OcsfEvent[] = [];
  healthy = true;
  append(event: OcsfEvent, written: (error?: Error) => void): void {
    setImmediate(() => {
      if (this.healthy) this.events.push(event);
      written(this.healthy ? undefined : new Error("the disk is full"));
    });
  }
  get unshipped(): number {
    return this.events.length;
  }
  async close(): Promise<void> {
    await Promise.resolve();
  }
  /** What `unmapped.postern` holds, of events of one kind. */
  of(kind: string): { readonly [member: string]: unknown }[] {
    return this.events
      .map((event) => (event["unmapped"] as { postern: { [member: string]: unknown } }).postern)
      .filter((postern) => postern["kind"] === kind);
  }
}

/** The machine's clock, and a way to be ahead of it. */
export class ShiftedClock implements Clock {
  #shift = 0;
  #step = 0;
  now(): number {
    return systemClock.now() + this.#shift + this.#step;
  }
  /** Steps the wall clock alone, as somebody who sets it does. */
  step(ms: number): void {
    this.#step += ms;
  }
  monotonic(): number {
    return systemClock.monotonic() + this.#shift;
  }
  advance(ms: number): void {
    this.#shift += ms;
  }
  /** How far it is from the machine's. */
  get shifted(): number {
    return this.#shift;
  }
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly rawHeaders: readonly string[];
  readonly body: string;
}

export interface Ask {
  readonly method?: string;
  readonly headers?: { readonly [name: string]: string | string[] };
  readonly body?: string;
  readonly port?: number;
  /** The port that is connected to, when it is not the one that the address names: another gateway's. */
  readonly via?: number;
}

/** One more gateway of the same instance, whose view can be held back. */
export interface AnotherGateway {
  readonly gateway: Gateway;
  readonly view: View;
  /** From now on what control says waits. */
  hold(): void;
  /** All that waited comes, and what follows comes at once. */
  release(): void;
  /** Control says that this gateway is no member any more. */
  shutOut(why: string): void;
  close(): Promise<void>;
}

export interface Rig {
  readonly control: Control;
  readonly view: View;
  readonly gateway: Gateway;
  readonly spool: MemorySpool;
  readonly clock: ShiftedClock;
  readonly notices: Notice[];
  readonly instance: InstanceState;
  readonly run: string;
  /** Activates a policy set of these files, and waits for the view. */
  activate(files: { readonly [path: string]: string }): Promise<void>;
  /** Waits until the view has what control has. */
  settled(): Promise<void>;
  /** Takes the gateway's clock back to control's, and sends the heartbeat that shows it. */
  clocksAgree(): Promise<void>;
  /** The Cookie header of somebody who entered that host. */
  enter(host: string, session?: string): Promise<string>;
  /** One request to a host under the domain. */
  ask(host: string, path: string, options?: Ask): Promise<Answer>;
  anotherGateway(name: string): Promise<AnotherGateway>;
  /** Bytes to the gateway's port, and all that comes back until it closes the connection. */
  raw(text: string): Promise<string>;
  close(): Promise<void>;
}

export interface RigOptions {
  readonly hostStyle?: InstanceState["hostStyle"];
  readonly ports?: { readonly [application: string]: number };
  /** Reaches control's HTTP server in place of its socket in the run folder. */
  readonly control?: ControlDialer;
}

export const ADA: UserState = {
  id: "usr_ada",
  name: "ada",
  displayName: "Ada",
  role: "administrator",
  groups: ["staff"],
  disabled: false,
};
export const BOB: UserState = { ...ADA, id: "usr_bob", name: "bob", displayName: "Bob", role: "user" };

export function sessionOf(user: UserState, more: Partial<SessionState> = {}): SessionState {
  const now = Date.now();
  return {
    id: `ses_${user.name}`,
    user: user.id,
    createdAt: now,
    authenticatedAt: now,
    amr: ["hwk", "user", "mfa"],
    mfaVerifiedAt: now,
    idleExpiresAt: now + 3_600_000,
    absoluteExpiresAt: now + 7_200_000,
    ...more,
  };
}

export function manifest(name: string, upstream: string, more = ""): string {
  return `apiVersion: postern.dev/v1\nkind: Application\nmetadata:\n  name: ${name}\nspec:\n  title: ${name[0]?.toUpperCase()}${name.slice(1)}\n  upstream: ${upstream}\n${more}`;
}

export const RULES = `# name: signed in
ALLOW IF subject.type == "user" AND resource.classification <= "confidential" AND user.mfa_verified

# name: managed
ALLOW IF resource.classification == "restricted" AND device.managed AND user.mfa_age_hours <= 4
`;

/** A browser's cookies at one host. */
export class Jar {
  readonly #cookies = new Map<string, string>();
  take(answer: Answer): void {
    for (const line of answer.headers["set-cookie"] ?? []) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (line.includes("Max-Age=0;")) this.#cookies.delete(name);
      else this.#cookies.set(name, value);
    }
  }
  set(name: string, value: string): void {
    this.#cookies.set(name, value);
  }
  get names(): string[] {
    return [...this.#cookies.keys()];
  }
  toString(): string {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  }
}

export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** Starts a gateway between a control and whatever upstreams a test names. */
export async function startRig(options: RigOptions = {}): Promise<Rig> {
  const run = await mkdtemp(join(tmpdir(), "gateway-"));
  const byPort = options.hostStyle === "port";
  const port = await freePort();
  const consolePort = byPort ? await freePort() : port;
  const instance: InstanceState = {
    id: "ins",
    domain: "postern.localhost",
    hostStyle: options.hostStyle ?? "subdomain",
    scheme: "http",
    port,
    origins: {
      login: `http://${byPort ? "localhost" : "login.postern.localhost"}:${port}`,
      console: `http://${byPort ? "localhost" : "console.postern.localhost"}:${consolePort}`,
    },
  };
  const control = await makeControl(instance.origins.login);
  await listen(control.link, join(run, "link.sock"));
  await listen(control.http, join(run, "control.sock"));
  control.state.put(
    { kind: "instance", key: "instance", value: instance },
    { kind: "user", key: ADA.id, value: ADA },
    { kind: "user", key: BOB.id, value: BOB },
    { kind: "session", key: "ses_ada", value: sessionOf(ADA) },
    { kind: "session", key: "ses_bob", value: sessionOf(BOB) },
    { kind: "policy", key: "active", value: policyOf({}, 1) },
    ...Object.entries(options.ports ?? {}).map(
      ([name, at]) => ({ kind: "port", key: name, value: { port: at } }) as const,
    ),
  );
  let activation = 1;
  const clock = new ShiftedClock();
  const notices: Notice[] = [];
  const notify = (notice: Notice): void => void notices.push(notice);
  const link = linkClient({
    dialer: unixDialer(join(run, "link.sock")),
    boot: "boot_rig",
    role: "gateway",
    name: "local",
  });
  const shared = {
    link,
    name: "local",
    boot: newId("boot", 0, systemIds),
    version: "0.0.0",
    clock,
    schedule: systemSchedule,
    notify,
  };
  const view = openView({ ...shared, role: "gateway" });
  await view.ready;
  const spool = new MemorySpool();
  const gateway = await startGateway({
    ...shared,
    view,
    spool,
    listen: "127.0.0.1",
    port,
    run,
    control: options.control ?? unixDialer(join(run, "control.sock")),
    ids: systemIds,
  });

  const rig: Rig = {
    control,
    view,
    gateway,
    spool,
    clock,
    notices,
    instance,
    run,
    async activate(files) {
      activation += 1;
      const value = policyOf(files, activation);
      control.state.put({ kind: "policy", key: "active", value });
      await rig.settled();
    },
    async settled() {
      if (!(await view.waitFor((await control.state.head()).number, 5_000)))
        throw new Error("the view is behind");
    },
    async clocksAgree() {
      clock.advance(-clock.shifted);
      control.beat();
      while (Math.abs(view.skewSeconds()) > 1) await new Promise((resolve) => setTimeout(resolve, 50));
    },
    async enter(host, session = "ses_ada") {
      const secret = newSecret(systemIds);
      const name = byPort ? `__Host-postern-${host}` : "__Host-postern";
      const entryHost = byPort ? host : `${host}.postern.localhost`;
      control.state.put({ kind: "entry", key: sha256Hex(secret), value: { session, host: entryHost } });
      await rig.settled();
      return `${name}=${secret}`;
    },
    ask: async (host, path, asked = {}) => {
      const at = asked.port ?? port;
      return await ask(
        asked.via ?? at,
        byPort ? `localhost:${at}` : `${host}.postern.localhost:${at}`,
        path,
        asked,
      );
    },
    async anotherGateway(name) {
      const held: (() => void)[] = [];
      let holding = false;
      const own = linkClient({
        dialer: unixDialer(join(run, "link.sock")),
        boot: `boot_${name}`,
        role: "gateway",
        name,
      });
      const late: LinkClient = {
        ...own,
        openState: (wanted, handlers) =>
          own.openState(wanted, {
            onMessage: (message) => {
              if (holding) held.push(() => handlers.onMessage(message));
              else handlers.onMessage(message);
            },
            onEnd: (error) => handlers.onEnd(error),
          }),
      };
      const with_ = { ...shared, link: late, name, boot: `boot_${name}` };
      const opened = openView({ ...with_, role: "gateway" });
      await opened.ready;
      let ended: string | undefined;
      const standing = new Set<() => void>();
      const itsView = Object.create(opened, {
        ended: { value: () => ended },
        onStanding: {
          value: (listener: () => void) => {
            standing.add(listener);
            return () => standing.delete(listener);
          },
        },
      }) as View;
      const its = await startGateway({
        ...with_,
        view: itsView,
        spool,
        listen: "127.0.0.1",
        port: 0,
        run,
        control: options.control ?? unixDialer(join(run, "control.sock")),
        ids: systemIds,
      });
      return {
        gateway: its,
        view: itsView,
        hold() {
          holding = true;
        },
        release() {
          holding = false;
          for (const message of held.splice(0)) message();
        },
        shutOut(why) {
          ended = why;
          for (const listener of standing) listener();
        },
        async close() {
          await its.stop();
          itsView.close();
          own.close();
        },
      };
    },
    raw: async (text) => await raw(port, text),
    async close() {
      await gateway.stop();
      view.close();
      link.close();
      for (const server of [control.link, control.http]) {
        server.close();
        server.closeAllConnections();
      }
      await rm(run, { recursive: true });
    },
  };
  return rig;
}

function policyOf(files: { readonly [path: string]: string }, activation: number): PolicyState {
  const sources = Object.entries(files).map(([path, text]) => ({ path, text }));
  return { version: compileSet(sources).version, activation, activatedAt: 0, files: sources };
}

async function listen(server: Server, path: string): Promise<void> {
  server.listen(path);
  await once(server, "listening");
}

export async function ask(port: number, host: string, path: string, options: Ask = {}): Promise<Answer> {
  return await new Promise((resolve, reject) => {
    const sent = request(
      {
        host: "127.0.0.1",
        port,
        path,
        method: options.method ?? "GET",
        headers: { host, ...options.headers },
        agent: false,
      },
      (response) => {
        let body = "";
        response.setEncoding("utf8").on("data", (text: string) => {
          body += text;
        });
        response.on("error", reject);
        response.on("end", () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            rawHeaders: response.rawHeaders,
            body,
          }),
        );
      },
    );
    sent.on("error", reject);
    sent.end(options.body);
  });
}

async function raw(port: number, text: string): Promise<string> {
  return await new Promise((resolve) => {
    let answer = "";
    const socket = connect(port, "127.0.0.1", () => socket.write(text));
    socket.setEncoding("latin1").on("data", (chunk: string) => {
      answer += chunk;
    });
    socket.on("error", () => undefined);
    socket.on("close", () => resolve(answer));
  });
}

export interface TestUpstream {
  readonly server: Server;
  readonly url: string;
  readonly seen: {
    readonly url: string;
    readonly headers: IncomingMessage["headers"];
    readonly rawHeaders: string[];
  }[];
  handle: (request: IncomingMessage, response: ServerResponse) => void;
  close(): Promise<void>;
}

/** An application that remembers what reached it; answers `ok` unless told otherwise. */
export async function startUpstream(handle?: RequestListener): Promise<TestUpstream> {
  const seen: TestUpstream["seen"] = [];
  const server = createServer((request, response) => {
    seen.push({ url: request.url ?? "", headers: request.headers, rawHeaders: request.rawHeaders });
    upstream.handle(request, response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const upstream: TestUpstream = {
    server,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    handle:
      handle ??
      ((request, response) => {
        request.resume();
        response.end("ok");
      }),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  return upstream;
}

/** Waits until something is so. */
export async function until(what: string, condition: () => boolean, ms = 5_000): Promise<void> {
  const end = performance.now() + ms;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`not within ${ms} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
