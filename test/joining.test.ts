/** Machines that join: an agent, a token that is used twice or sent to an impostor, a certificate in two places; and what operators see of it. */
import assert from "node:assert/strict";
import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { type Cluster, startCluster } from "./harness/cluster.ts";
import { askOwner } from "./harness/owner.ts";
import { freePort } from "./harness/ports.ts";
import { type Program, runPostern, startProgram } from "./harness/program.ts";
import { until } from "./harness/until.ts";

let cluster: Cluster;
let folder: string;
const programs: Program[] = [];

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "joining-"));
  cluster = await startCluster({ controls: 1, gateways: 1 });
});
after(async () => {
  for (const program of programs) await program.stop();
  await cluster?.remove();
  rmSync(folder, { recursive: true, force: true });
});

interface Token {
  readonly token: string;
  readonly pin: string;
  readonly urls: readonly string[];
  readonly command: string;
}

async function tokenFor(role: string, name: string): Promise<Token> {
  return JSON.parse((await cluster.done([role, "token", name, "--json"])).stdout) as Token;
}

async function start(args: readonly string[]): Promise<Program> {
  const program = startProgram(args);
  programs.push(program);
  await program.line(({ event }) => event === "ready");
  return program;
}

interface Item {
  readonly name: string;
  readonly connectedSince?: number;
  readonly viewAgeSeconds?: number;
  readonly certificate?: { readonly notAfter: number };
  readonly clone?: { readonly since: number };
}

async function components(): Promise<{ gateways: readonly Item[]; agents: readonly Item[] }> {
  const { value } = await askOwner(cluster.controls[0]?.data ?? "", "GET", "components");
  return value as { gateways: readonly Item[]; agents: readonly Item[] };
}

test("an agent joins with the line that was printed, and is seen with its view and its certificate of a day", async () => {
  const { command } = await tokenFor("agent", "web-1");
  const [, ...line] = command.split(" ");
  const data = join(folder, "web-1");
  const joined = await runPostern([...line, "--data", data, "--json"]);
  assert.equal(joined.code, 0, joined.stderr);
  await start(["agent", "run", "--data", data]);
  const agent = await until("the agent to be fresh", async () =>
    (await components()).agents.find(
      ({ name, viewAgeSeconds }) => name === "web-1" && viewAgeSeconds !== undefined,
    ),
  );
  const hours = ((agent.certificate?.notAfter ?? 0) - Date.now()) / 3_600_000;
  assert.ok(hours > 23 && hours <= 24, `${hours} hours`);
  assert.match((await cluster.done(["agent", "list"])).stdout, /web-1\s+✓ connected/);
});

test("a token is for one use, one role and one control, and a name is one label", async () => {
  const { token, pin, urls } = await tokenFor("gateway", "edge-9");
  const url = String(urls[0]);
  const as = async (role: string, given: string, toPin: string): Promise<string> => {
    const data = join(folder, `refused-${Math.round(performance.now())}`);
    const ran = await runPostern([role, "join", url, "--token", given, "--ca-pin", toPin, "--data", data]);
    assert.equal(ran.code, 1, ran.stdout);
    return ran.stderr;
  };
  const wrong = `sha256:${"0".repeat(64)}`;
  assert.match(await as("gateway", token, wrong), /not the pinned one[\s\S]*the token was not sent/);
  assert.match(await as("gateway", "pjt_nobody-ever-made-this", pin), /no such|unknown|not known/i);
  const joined = await runPostern([
    "gateway",
    "join",
    url,
    "--token",
    token,
    "--ca-pin",
    pin,
    "--data",
    join(folder, "edge-9"),
  ]);
  assert.equal(joined.code, 0, joined.stderr);
  assert.match(await as("gateway", token, pin), /was used at/);
  assert.equal((await cluster.postern(["gateway", "token", "Not_A_Label"])).code, 1);
});

test("a certificate that is used from two places is reported, and shut out with one command", async () => {
  const [gateway] = cluster.gateways;
  assert.ok(gateway);
  const data = join(folder, "clone");
  mkdirSync(data, { mode: 0o700 });
  cpSync(join(gateway.data, "member.json"), join(data, "member.json"));
  await start(["gateway", "run", "--data", data, "--listen", "127.0.0.9"]);
  await until(
    "the clone to be reported",
    async () =>
      (await components()).gateways.some(({ name, clone }) => name === gateway.name && clone !== undefined),
    60_000,
  );
  const status = await cluster.done(["status"]);
  assert.match(status.stdout, /is used from two places[\s\S]*postern gateway revoke gateway-1/);
  await cluster.done(["gateway", "revoke", gateway.name]);
  await until("neither to be connected", async () =>
    (await components()).gateways.every(
      ({ name, connectedSince }) => name !== gateway.name || connectedSince === undefined,
    ),
  );
});

test("each role says whether it serves, and what it measures", async () => {
  const { token, pin, urls } = await tokenFor("gateway", "edge-2");
  const data = join(folder, "edge-2");
  const joined = await runPostern([
    "gateway",
    "join",
    String(urls[0]),
    "--token",
    token,
    "--ca-pin",
    pin,
    "--data",
    data,
  ]);
  assert.equal(joined.code, 0, joined.stderr);
  const port = await freePort();
  await start(["gateway", "run", "--data", data, "--listen", "127.0.0.8", "--ops", `127.0.0.1:${port}`]);
  const get = async (path: string): Promise<{ status: number; text: string }> =>
    await new Promise((resolve, reject) => {
      const sent = request({ host: "127.0.0.1", port, path }, (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => {
          text += chunk;
        });
        response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
      });
      sent.on("error", reject);
      sent.end();
    });
  assert.equal((await get("/healthz")).status, 200);
  await until("it to be ready", async () => (await get("/readyz")).status === 200);
  const { text } = await get("/metrics");
  assert.match(text, /^postern_view_age_seconds\S* [\d.]+$/m);
  assert.match(text, /^postern_certificate_expiry_seconds\{certificate="member"\} 8\d{4}/m);
  for (const { program } of cluster.controls) program.process.kill("SIGSTOP");
  try {
    assert.equal((await get("/healthz")).status, 200);
  } finally {
    for (const { program } of cluster.controls) program.process.kill("SIGCONT");
  }
});
