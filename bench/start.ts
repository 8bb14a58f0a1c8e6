import { readFileSync } from "node:fs";
import { ask } from "../test/harness/http.ts";
import { type Instance, startInstance } from "../test/harness/instance.ts";
import { type Bench, type Measurement, median, round } from "./measurement.ts";

const STARTS = 5;
const REQUESTS = 100;

/** What counts to the platform's own memory; the demo applications stand for applications of one's own. */
const ROLES = ["control", "gateway", "agent"];

/**
 * How soon Postern is ready on a data folder that it has used before, and what it weighs after a hundred requests. The
 * requests are those of people who come to sign in: at the gateway, through the provider, to the sign-in page.
 */
export const start: Bench = {
  name: "start",
  purpose: "seconds to ready on an existing data folder; memory after a hundred requests",
  async run(): Promise<readonly Measurement[]> {
    let instance = await startInstance();
    try {
      const seconds: number[] = [];
      for (let i = 0; i < STARTS; i++) {
        await instance.stop();
        const { data, port } = instance;
        const before = performance.now();
        instance = await startInstance({ data, port });
        seconds.push((performance.now() - before) / 1_000);
      }
      for (let sent = 0; sent < REQUESTS; ) sent += await comeToSignIn(instance);
      const bytes = processesOf(instance).map(proportionalBytes);
      const total = bytes.reduce((sum, each) => sum + each, 0);
      return [
        { metric: "ready-s", value: round(median(seconds), 2), unit: "s" },
        { metric: "resident-memory-mb", value: round(total / 1_000_000, 1), unit: "MB" },
      ];
    } finally {
      await instance.remove();
    }
  },
};

/** Follows a signed-out visitor from an application to the sign-in page; returns how many requests that took. */
async function comeToSignIn(instance: Instance): Promise<number> {
  let sent = 0;
  const jar = new Map<string, string>();
  for (let url: string | undefined = instance.url("wiki"); url !== undefined && sent < 10; sent++) {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
    const answer = await ask(url, { headers: { accept: "text/html", ...(cookie === "" ? {} : { cookie }) } });
    for (const line of answer.headers["set-cookie"] ?? []) {
      const [pair = ""] = line.split(";");
      jar.set(pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1));
    }
    const { location } = answer.headers;
    if (answer.status >= 400) throw new Error(`${url} answered ${answer.status}: ${answer.body}`);
    url = location === undefined ? undefined : new URL(location, url).href;
  }
  return sent;
}

/** The supervisor, and the latest process of each role. */
function processesOf({ process: supervisor, lines }: Instance): readonly number[] {
  const children = ROLES.map((role) => {
    const line = lines.findLast(({ event, role: of }) => event === "child-started" && of === role);
    return Number(line?.["pid"]);
  });
  return [Number(supervisor.pid), ...children];
}

/** The proportional set size: memory shared with other processes counts in parts, so that a sum counts it once. */
function proportionalBytes(pid: number): number {
  const found = /^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"));
  if (found === null) throw new Error(`no Pss of process ${pid}`);
  return Number(found[1]) * 1_024;
}
