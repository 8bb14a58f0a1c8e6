import { WebSocket } from "ws";
import { type Cluster, startCluster } from "../test/harness/cluster.ts";
import { ask } from "../test/harness/http.ts";
import { askOwner } from "../test/harness/owner.ts";
import { until } from "../test/harness/until.ts";
import { startUpstream, type Upstream } from "../test/harness/upstream.ts";
import type { SoftwareVisitor } from "../test/harness/visitor.ts";

/** What is ended: one login, one person, one application, or what a rule allowed. */
export type Kind = "session" | "user" | "application" | "policy";
export const KINDS: readonly Kind[] = ["session", "user", "application", "policy"];

/** One revocation. Milliseconds since control was asked for it, so the answer's own time is within. */
export interface Revocation {
  readonly kind: Kind;
  /** Until each gateway denied for the first time. */
  readonly firstDenied: readonly number[];
  /** Until the last of its sockets was closed. */
  readonly lastClosed: number;
  readonly sockets: number;
}

export interface RevocationRig {
  readonly cluster: Cluster;
  /** Opens the sockets, ends one thing after the other, and says how long each took. */
  round(sockets: number): Promise<readonly Revocation[]>;
  remove(): Promise<void>;
}

/** One connection's owner: who, at which application, signed in with which cookie. */
interface Seat {
  readonly person: string;
  readonly application: string;
  readonly cookie: string;
}

const PEOPLE = 8;
const APPLICATIONS = ["alpha", "beta"];
const PROBE_PAUSE_MS = 5;
const LONGEST_MS = 60_000;
/** Handshakes under way at a time, while sockets are opened. */
const OPENING = 50;

/** Two control nodes and `gateways` gateways on PostgreSQL, one upstream that echoes, and people with sessions. */
export async function startRevocationRig(gateways: number): Promise<RevocationRig> {
  const upstream: Upstream = await startUpstream();
  const cluster = await startCluster({ controls: 2, gateways });
  const visitors = new Map<string, SoftwareVisitor>();
  let made = 0;

  await cluster.person("ada");
  for (const name of APPLICATIONS) await addApplication(name);

  async function addApplication(name: string): Promise<void> {
    await cluster.done(["app", "add", name, upstream.url, "--classification", "internal"]);
  }

  async function seatsOf(people: readonly string[]): Promise<readonly Seat[]> {
    const seats: Seat[] = [];
    for (const person of people) {
      const visitor = visitors.get(person) ?? (await cluster.person(person));
      visitors.set(person, visitor);
      for (const application of APPLICATIONS) {
        const url = cluster.url(application);
        await until(
          `${person} to be let in at ${application}`,
          async () => (await visitor.open(url)).status === 200,
        );
        seats.push({ person, application, cookie: visitor.cookie(url) });
      }
    }
    return seats;
  }

  async function openAll(seats: readonly Seat[], count: number): Promise<Map<WebSocket, Seat>> {
    const open = new Map<WebSocket, Seat>();
    for (let from = 0; from < count; from += OPENING) {
      await Promise.all(
        Array.from({ length: Math.min(OPENING, count - from) }, async (_, i) => {
          const seat = seats[(from + i) % seats.length];
          const gateway = cluster.gateways[Math.floor((from + i) / seats.length) % cluster.gateways.length];
          if (seat !== undefined && gateway !== undefined)
            open.set(await openSocket(seat, gateway.address), seat);
        }),
      );
    }
    return open;
  }

  async function openSocket(seat: Seat, address: string): Promise<WebSocket> {
    const { host, origin, port } = new URL(cluster.url(seat.application));
    const socket = new WebSocket(`ws://${address}:${port}/ws`, {
      headers: { host, cookie: seat.cookie, origin },
    });
    await new Promise<void>((resolve, reject) => {
      socket.once("open", resolve);
      socket.once("error", reject);
    });
    socket.on("error", () => undefined);
    return socket;
  }

  /** Ends something, and watches who is denied and which sockets close. */
  async function revoke(
    kind: Kind,
    seat: Seat,
    mine: readonly WebSocket[],
    act: () => Promise<unknown>,
  ): Promise<Revocation> {
    const startedAt = performance.now();
    const closed = Promise.all(mine.map(async (socket) => await closing(socket)));
    const denied = Promise.all(
      cluster.gateways.map(async ({ address }) => await firstDenial(seat, address, startedAt)),
    );
    await act();
    const firstDenied = await denied;
    const closedAt = await closed;
    return {
      kind,
      firstDenied,
      lastClosed: Math.max(0, ...closedAt.map((at) => at - startedAt)),
      sockets: mine.length,
    };
  }

  async function firstDenial(seat: Seat, address: string, startedAt: number): Promise<number> {
    const headers = { cookie: seat.cookie, accept: "application/json" };
    while (performance.now() - startedAt < LONGEST_MS) {
      // a request that was under way is cut: no answer, and so not yet a denial
      const status = await ask(cluster.url(seat.application), { headers, address }).then(
        (answer) => answer.status,
        () => 0,
      );
      if (status !== 200 && status !== 0) return performance.now() - startedAt;
      await new Promise((resolve) => setTimeout(resolve, PROBE_PAUSE_MS));
    }
    throw new Error(`${address} went on serving ${seat.person} at ${seat.application}`);
  }

  return {
    cluster,
    async round(sockets) {
      const people = Array.from({ length: PEOPLE }, () => `p${++made}`);
      const seats = await seatsOf(people);
      const open = await openAll(seats, sockets);
      const of = (mine: (seat: Seat) => boolean): WebSocket[] =>
        [...open]
          .filter(([socket, seat]) => mine(seat) && socket.readyState === socket.OPEN)
          .map(([socket]) => socket);
      const [first, second, third] = people;
      const seatOf = (person: string | undefined, application: string): Seat => {
        const seat = seats.find((each) => each.person === person && each.application === application);
        if (seat === undefined) throw new Error(`${person} has no seat`);
        return seat;
      };
      const done: Revocation[] = [];

      const sessions = JSON.parse((await cluster.done(["session", "list", "--json"])).stdout) as {
        readonly items: readonly { readonly id: string; readonly user: { readonly name: string } }[];
      };
      const session = sessions.items.find(({ user }) => user.name === first)?.id ?? "";
      done.push(
        await revoke(
          "session",
          seatOf(first, "alpha"),
          of(({ person }) => person === first),
          async () => await owner(cluster, "DELETE", `sessions/${session}`),
        ),
      );
      const ids = JSON.parse((await cluster.done(["user", "list", "--json"])).stdout) as {
        readonly items: readonly { readonly id: string; readonly name: string }[];
      };
      const user = ids.items.find(({ name }) => name === second)?.id ?? "";
      done.push(
        await revoke(
          "user",
          seatOf(second, "alpha"),
          of(({ person }) => person === second),
          async () => await owner(cluster, "POST", `people/${user}/disable`),
        ),
      );
      done.push(
        await revoke(
          "application",
          seatOf(third, "beta"),
          of(({ application }) => application === "beta"),
          async () => await owner(cluster, "DELETE", "applications/beta"),
        ),
      );
      done.push(
        await revoke(
          "policy",
          seatOf(third, "alpha"),
          of(() => true),
          async () => await apply(cluster, 'DENY IF resource.name == "alpha"\n'),
        ),
      );
      for (const socket of open.keys()) socket.terminate();
      await apply(cluster, "# nothing\n");
      await addApplication("beta");
      return done;
    },
    async remove() {
      await cluster.remove();
      await upstream.close();
    },
  };
}

async function closing(socket: WebSocket): Promise<number> {
  if (socket.readyState !== socket.CLOSED)
    await new Promise<void>((resolve) => socket.once("close", () => resolve()));
  return performance.now();
}

async function apply(cluster: Cluster, text: string): Promise<void> {
  await owner(cluster, "POST", "policy/apply", { files: [{ path: "revoke.rules", text }], mode: "merge" });
}

/** Asks the second control node, so that what it does has to reach gateways of the first. */
async function owner(
  cluster: Cluster,
  method: "POST" | "DELETE",
  path: string,
  body?: unknown,
): Promise<void> {
  const { status, value } = await askOwner(cluster.controls.at(-1)?.data ?? "", method, path, body);
  if (status >= 300) throw new Error(`${method} ${path} answered ${status}: ${JSON.stringify(value)}`);
}
