/**
 * A deployment of several machines on one: control nodes on one PostgreSQL, and gateways that joined them over mTLS, each
 * a process of its own with a data folder of its own. All gateways serve the same port, each at an address of loopback.
 */
import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "./ports.ts";
import { type Postgres, startPostgres } from "./postgres.ts";
import { type Program, type Run, runPostern, startProgram } from "./program.ts";
import { until } from "./until.ts";
import { SoftwareVisitor } from "./visitor.ts";

/** One process of a deployment, and how to have it again. */
export interface Part {
  readonly name: string;
  readonly data: string;
  program: Program;
  /** Starts it again after it ended, and waits until it is ready. */
  restart(): Promise<void>;
}

export interface ControlPart extends Part {
  readonly link: string;
}

export interface GatewayPart extends Part {
  /** Its own address of loopback; the port is the cluster's. */
  readonly address: string;
}

export interface Cluster {
  readonly postgres: Postgres;
  readonly databaseUrl: string;
  readonly port: number;
  readonly controls: readonly ControlPart[];
  readonly gateways: readonly GatewayPart[];
  /** The address of an application, or of login and console. */
  url(name: string, path?: string): string;
  /** Runs a `postern` command as the owner of a control node's data folder, the first one's unless told otherwise. */
  postern(args: readonly string[], node?: number): Promise<Run>;
  /** As `postern`, and fails when it fails. */
  done(args: readonly string[], node?: number): Promise<Run>;
  /** A person who is signed in at an application; the first one is the administrator "ada". */
  person(name: string, gateway?: number): Promise<SoftwareVisitor>;
  /** Adds another gateway. */
  addGateway(name: string): Promise<GatewayPart>;
  remove(): Promise<void>;
}

export interface ClusterOptions {
  readonly controls?: number;
  readonly gateways?: number;
}

/** Starts PostgreSQL, control nodes and gateways, and waits until all are ready. */
export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const folder = await mkdtemp(join(tmpdir(), "postern-cluster-"));
  const postgres = await startPostgres();
  const databaseUrl = await postgres.createDatabase();
  const controls: ControlPart[] = [];
  const gateways: GatewayPart[] = [];
  const masterKey = join(folder, "master.key");
  await writeFile(masterKey, randomBytes(32).toString("base64url"), { mode: 0o600 });
  const port = await freePort();
  let administrator: SoftwareVisitor | undefined;

  async function start(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Program> {
    const program = startProgram(args, env);
    try {
      await program.line(({ event }) => event === "ready");
    } catch (error) {
      await program.kill();
      throw error;
    }
    return program;
  }

  async function part(name: string, data: string, begin: () => Promise<Program>): Promise<Part> {
    const made: Part = {
      name,
      data,
      program: await begin(),
      async restart() {
        made.program = await begin();
      },
    };
    return made;
  }

  async function addControl(name: string): Promise<void> {
    const data = join(folder, name);
    const linkPort = await freePort();
    const args = [
      ...["control", "run", "--data", data, "--node", name, "--master-key-file", masterKey],
      ...["--domain", "postern.localhost", "--scheme", "http", "--port", String(port)],
      ...["--link", `127.0.0.1:${linkPort}`, "--link-url", `https://127.0.0.1:${linkPort}`],
    ];
    const made = await part(name, data, async () => await start(args, { POSTERN_DATABASE: databaseUrl }));
    controls.push(Object.assign(made, { link: `https://127.0.0.1:${linkPort}` }));
  }

  async function addGateway(name: string): Promise<GatewayPart> {
    const data = join(folder, name);
    const address = `127.0.0.${gateways.length + 1}`;
    const token = JSON.parse((await done(["gateway", "token", name, "--json"])).stdout) as {
      readonly token: string;
      readonly pin: string;
      readonly urls: readonly string[];
    };
    const joined = await runPostern([
      ...["gateway", "join", String(token.urls[0]), "--token", token.token, "--ca-pin", token.pin],
      ...["--data", data],
    ]);
    if (joined.code !== 0) throw new Error(joined.stderr);
    const args = ["gateway", "run", "--data", data, "--listen", address];
    const made = Object.assign(await part(name, data, async () => await start(args)), { address });
    gateways.push(made);
    return made;
  }

  const postern = async (args: readonly string[], node = 0): Promise<Run> =>
    await runPostern([...args, "--data", controls[node]?.data ?? ""]);

  async function done(args: readonly string[], node = 0): Promise<Run> {
    const ran = await postern(args, node);
    if (ran.code !== 0) throw new Error(`postern ${args.join(" ")}: ${ran.stderr}`);
    return ran;
  }

  const cluster: Cluster = {
    postgres,
    databaseUrl,
    port,
    controls,
    gateways,
    url: (name, path = "/") => new URL(path, `http://${name}.postern.localhost:${port}`).href,
    postern,
    done,
    addGateway,
    async person(name, gateway = 0) {
      const visitor = new SoftwareVisitor({ address: gateways[gateway]?.address ?? "127.0.0.1" });
      if (administrator === undefined) {
        const { url } = JSON.parse((await done(["setup-link", "--json"])).stdout) as { readonly url: string };
        await visitor.enrol(url, name);
        administrator = visitor;
      } else {
        const { url } = JSON.parse((await done(["user", "invite", name, "--json"])).stdout) as {
          readonly url: string;
        };
        await visitor.enrol(url, name);
      }
      return visitor;
    },
    async remove() {
      await Promise.all([...gateways, ...controls].map(async ({ program }) => await program.stop()));
      await postgres.remove();
      await rm(folder, { recursive: true, force: true });
    },
  };
  try {
    for (let i = 0; i < (options.controls ?? 2); i++) await addControl(`control-${"abcdef"[i]}`);
    for (let i = 0; i < (options.gateways ?? 1); i++) await addGateway(`gateway-${i + 1}`);
    await until("all gateways to be seen connected", async () => {
      const { stdout } = await done(["status", "--json"]);
      return gateways.every(({ name }) => stdout.includes(`"${name}"`));
    });
    return cluster;
  } catch (error) {
    await cluster.remove();
    throw error;
  }
}
