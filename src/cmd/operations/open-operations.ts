import { createServer, type RequestListener, type Server } from "node:http";
import { join } from "node:path";
import { type Clock, PosternError, type Schedule } from "#kernel";
import { closeServer, listenOnSocket } from "../roles/sockets.ts";
import type { Address } from "../settings.ts";
import { answerOperations } from "./answers.ts";
import type { Part } from "./part.ts";
import { processPart } from "./process-part.ts";
import { type Metrics, openMetrics } from "./prometheus.ts";
import { readinessOf } from "./readiness.ts";

export type OperationsRole = "control" | "gateway" | "agent";

/** Where a role answers the owner of its data folder. */
export function operationsSocket(run: string, role: OperationsRole): string {
  return join(run, `ops-${role}.sock`);
}

export interface OperationsOptions {
  readonly role: OperationsRole;
  readonly name: string;
  readonly version: string;
  /** The run folder, for the socket. */
  readonly run: string;
  /** Where it is served to others too, without a sign-in. */
  readonly at?: Address;
  readonly clock: Clock;
  readonly schedule: Schedule;
  readonly parts: readonly Part[];
}

/** Health and metrics of one role's process. */
export interface Operations {
  /** Not ready from now on, so that whoever spreads load looks elsewhere; health and metrics are still answered. */
  stopping(): void;
  close(): Promise<void>;
}

/**
 * Serves `/healthz`, `/readyz` and `/metrics` on the run folder's socket, and on an address where one is named.
 * @throws PosternError `port.busy` when that address cannot be had
 */
export async function openOperations(options: OperationsOptions): Promise<Operations> {
  const { role, name, version, clock, schedule, at } = options;
  const startedAt = clock.monotonic();
  let stopping = false;
  const own: Part = {
    checks: [
      {
        name: "running",
        look: () =>
          stopping
            ? { ok: false, why: `the ${role} is stopping`, remedy: "wait until it is back, or ask another" }
            : { ok: true, found: `the ${role} is running` },
      },
    ],
  };
  const process = processPart({ role, name, version, schedule });
  const parts = [own, process.part, ...options.parts];
  let metrics: Promise<Metrics> | undefined;

  const handle = answerOperations({
    readiness: readinessOf(
      parts.flatMap(({ checks = [] }) => checks),
      clock,
    ),
    metrics: async () => {
      metrics ??= openMetrics(parts);
      return await metrics.catch((error: unknown) => {
        metrics = undefined;
        throw error;
      });
    },
    about: () => ({
      role,
      name,
      version,
      uptimeSeconds: Math.round((clock.monotonic() - startedAt) / 1000),
      now: clock.now(),
      facts: Object.assign({}, ...parts.map(({ facts }) => facts?.() ?? {})) as object,
    }),
  });
  const servers = [await listenOnSocket(operationsSocket(options.run, role), handle)];
  try {
    if (at !== undefined) servers.push(await listenOnAddress(at, handle));
  } catch (error) {
    await close();
    throw error;
  }

  async function close(): Promise<void> {
    stopping = true;
    process.close();
    await Promise.all(servers.map(async (server) => await closeServer(server, 200)));
    await (await metrics)?.close();
  }

  return {
    stopping() {
      stopping = true;
    },
    close,
  };
}

/** Small limits: who reads metrics asks little, and anybody who reaches the address may ask. */
async function listenOnAddress({ address, port }: Address, handle: RequestListener): Promise<Server> {
  const server = createServer(
    { maxHeaderSize: 8 * 1024, headersTimeout: 5_000, requestTimeout: 10_000, keepAliveTimeout: 75_000 },
    handle,
  );
  server.maxConnections = 64;
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) =>
      reject(
        new PosternError(
          "port.busy",
          `health and metrics cannot be served there (${cause.code ?? cause.message})`,
          {
            where: `${address}:${port}`,
            remedy: "name another with --ops ADDRESS:PORT",
            cause,
          },
        ),
      ),
    );
    server.listen(port, address, resolve);
  });
  return server;
}
