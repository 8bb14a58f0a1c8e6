import { Agent, request } from "node:http";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type Instance, startInstance } from "../test/harness/instance.ts";
import { askOwner } from "../test/harness/owner.ts";
import { until } from "../test/harness/until.ts";
import { startUpstream } from "../test/harness/upstream.ts";
import { SoftwareVisitor } from "../test/harness/visitor.ts";
import { type Bench, type Measurement, round } from "./measurement.ts";

const SECONDS = 10;
const CONNECTIONS = 32;
const WRITES = 300;
const WRITERS = 8;

/**
 * What one machine on SQLite carries: requests of a signed-in person through the gateway, each decided and recorded before
 * it goes on; how fast the records of it come to rest in the log; and how many changes control takes. The peer is the same
 * client asking the same application without Postern between. Client, application and all of Postern share the machine.
 */
export const capacity: Bench = {
  name: "capacity",
  purpose: "requests, log records and writes a second of one machine on SQLite",
  async run(): Promise<readonly Measurement[]> {
    const upstream = await startUpstream();
    const instance = await startInstance({ flags: ["--no-demo"] });
    try {
      const ada = new SoftwareVisitor();
      await ada.enrol(String(instance.ready.setup), "ada");
      await instance.postern("app", "add", "echo", upstream.url, "--classification", "internal");
      const url = instance.url("echo");
      await until("ada to be let in", async () => (await ada.open(url)).status === 200);

      const direct = await load(upstream.url, {});
      const before = events(instance);
      const bytesBefore = bytes(instance);
      const startedAt = performance.now();
      const through = await load(url, { cookie: ada.cookie(url) });
      // a decision and a completion each
      const wanted = before + 2 * through.answered;
      await until("the log to hold all of it", () => events(instance) >= wanted, 120_000);
      const logSeconds = (performance.now() - startedAt) / 1_000;

      const grown = bytes(instance) - bytesBefore;

      const writes = await write(instance);
      return [
        {
          metric: "requests-per-s",
          value: Math.round(through.answered / SECONDS),
          unit: "1/s",
          peer: "the same application without a gateway",
          ratio: round(through.answered / direct.answered, 2),
        },
        {
          metric: "request-p99-ms",
          value: round(through.p99, 1),
          unit: "ms",
          peer: "the same application without a gateway",
          ratio: round(through.p99 / direct.p99, 1),
        },
        { metric: "log-records-per-s", value: Math.round((2 * through.answered) / logSeconds), unit: "1/s" },
        { metric: "log-bytes-per-request", value: Math.round(grown / through.answered), unit: "B" },
        { metric: "writes-per-s", value: Math.round(writes), unit: "1/s" },
      ];
    } finally {
      await instance.remove();
      await upstream.close();
    }
  },
};

/** Asks again and again on kept connections. */
async function load(
  url: string,
  headers: Record<string, string>,
): Promise<{ readonly answered: number; readonly p99: number }> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const { host, port } = new URL(url);
  const took: number[] = [];
  const until = performance.now() + SECONDS * 1_000;
  async function one(): Promise<void> {
    const startedAt = performance.now();
    await new Promise<void>((resolve, reject) => {
      const sent = request(
        { host: "127.0.0.1", port, path: "/", agent, headers: { host, ...headers } },
        (response) => {
          response.resume();
          response.on("end", () => {
            if (response.statusCode === 200) resolve();
            else reject(new Error(`${url} answered ${response.statusCode}`));
          });
        },
      );
      sent.on("error", reject);
      sent.end();
    });
    took.push(performance.now() - startedAt);
  }
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      while (performance.now() < until) await one();
    }),
  );
  agent.destroy();
  took.sort((a, b) => a - b);
  return { answered: took.length, p99: took[Math.floor(took.length * 0.99)] ?? Number.NaN };
}

function events({ data }: Instance): number {
  const database = new DatabaseSync(join(data, "postern.db"), { readOnly: true });
  try {
    const row = database
      .prepare("select count(*) as count from event where kind in ('decision', 'completion')")
      .get();
    return Number(row?.["count"]);
  } finally {
    database.close();
  }
}

/** What the database weighs, its indexes included. */
function bytes({ data }: Instance): number {
  const database = new DatabaseSync(join(data, "postern.db"), { readOnly: true });
  try {
    const pages = Number(database.prepare("pragma page_count").get()?.["page_count"]);
    return pages * Number(database.prepare("pragma page_size").get()?.["page_size"]);
  } finally {
    database.close();
  }
}

/** Invites people, several at a time; returns how many a second. Each is a change that gateways receive. */
async function write({ data }: Instance): Promise<number> {
  const startedAt = performance.now();
  let made = 0;
  await Promise.all(
    Array.from({ length: WRITERS }, async () => {
      while (made < WRITES) {
        const { status } = await askOwner(data, "POST", "people", { name: `p${++made}` });
        if (status !== 200) throw new Error(`an invitation answered ${status}`);
      }
    }),
  );
  return made / ((performance.now() - startedAt) / 1_000);
}
