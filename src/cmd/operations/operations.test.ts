import assert from "node:assert/strict";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { type IncomingHttpHeaders, request } from "node:http";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { manualClock, type PosternError, systemSchedule } from "#kernel";
import { agentPart } from "./agent-part.ts";
import { certificatePart } from "./certificate-part.ts";
import { parseExposition } from "./exposition.test.ts";
import { gatewayPart } from "./gateway-part.ts";
import {
  type Operations,
  type OperationsOptions,
  openOperations,
  operationsSocket,
} from "./open-operations.ts";
import type { Part } from "./part.ts";
import { readinessOf } from "./readiness.ts";
import { spoolPart } from "./spool-part.ts";
import { viewPart } from "./view-part.ts";

interface Got {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

let run: string;
before(async () => {
  run = await mkdtemp(join(tmpdir(), "ops-"));
});
after(async () => await rm(run, { recursive: true }));

async function ask(
  at: { socketPath: string } | { port: number },
  path: string,
  options: { method?: string; accept?: string } = {},
): Promise<Got> {
  const { method = "GET", accept } = options;
  return await new Promise((resolve, reject) => {
    const sent = request(
      {
        ...at,
        host: "127.0.0.1",
        path,
        method,
        agent: false,
        headers: accept === undefined ? {} : { accept },
      },
      (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (chunk: string) => {
          text += chunk;
        });
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
        );
      },
    );
    sent.on("error", reject);
    sent.end();
  });
}

const clock = manualClock(1_700_000_000_000);

async function opened(
  options: Partial<OperationsOptions>,
  use: (socket: { socketPath: string }, operations: Operations) => Promise<void>,
): Promise<void> {
  const role = options.role ?? "gateway";
  const operations = await openOperations({
    role,
    name: "edge-1",
    version: "1.2.3",
    run,
    clock,
    schedule: systemSchedule,
    parts: [],
    ...options,
  });
  try {
    await use({ socketPath: operationsSocket(run, role) }, operations);
  } finally {
    await operations.close();
  }
}

/** A gateway's parts, and what they look at. */
function gateway(): {
  readonly parts: readonly Part[];
  readonly seen: { age: number; skew: number; healthy: boolean };
} {
  const seen = { age: 1, skew: 0.2, healthy: true };
  return {
    seen,
    parts: [
      viewPart({
        view: { number: 7, ageSeconds: () => seen.age, skewSeconds: () => seen.skew },
        blocked: () => undefined,
      }),
      spoolPart({
        spool: {
          get healthy() {
            return seen.healthy;
          },
        },
        folder: "/data/spool",
        unshipped: () => 3,
      }),
      gatewayPart({ listen: "127.0.0.1", port: () => 7400, liveConnections: () => 2 }),
      certificatePart({
        name: "member",
        notAfter: () => clock.now() + 60_000,
        clock,
        remedy: "postern gateway join",
      }),
    ],
  };
}

describe("health", () => {
  test("says that the process is alive, with nothing else to look at", async () => {
    await opened(
      { parts: [{ checks: [{ name: "x", look: () => ({ ok: false, why: "no", remedy: "r" }) }] }] },
      async (at) => {
        assert.deepEqual(
          [(await ask(at, "/healthz")).status, (await ask(at, "/healthz")).text],
          [200, "ok\n"],
        );
        const verbose = JSON.parse((await ask(at, "/healthz?verbose")).text) as {
          readonly [name: string]: unknown;
        };
        assert.deepEqual(
          [verbose["role"], verbose["name"], verbose["version"], verbose["ok"]],
          ["gateway", "edge-1", "1.2.3", true],
        );
      },
    );
  });

  test("is readable by the owner alone on its socket", async () => {
    await opened({}, async ({ socketPath }) => {
      assert.equal((await stat(socketPath)).mode & 0o777, 0o600);
    });
  });
});

describe("readiness", () => {
  test("is all checks together, each named with what to do", async () => {
    const { parts, seen } = gateway();
    await opened({ parts }, async (at) => {
      assert.equal((await ask(at, "/readyz")).text, "ok\n");
      clock.advance(600);
      [seen.age, seen.skew, seen.healthy] = [301, -40, false];
      const got = await ask(at, "/readyz");
      assert.equal(got.status, 503);
      assert.deepEqual(
        got.text
          .trimEnd()
          .split("\n")
          .map((line) => line.split(":", 1)[0]),
        ["view", "clock", "spool"],
      );
      const body = JSON.parse((await ask(at, "/readyz", { accept: "application/json" })).text) as {
        readonly ok: boolean;
        readonly checks: readonly { readonly name: string; readonly ok: boolean; readonly why?: string }[];
        readonly facts: { readonly [name: string]: unknown };
      };
      assert.equal(body.ok, false);
      assert.match(body.checks.find(({ name }) => name === "clock")?.why ?? "", /40 s behind/);
      assert.deepEqual(
        [body.facts["viewNumber"], body.facts["unshippedRecords"], body.facts["port"]],
        [7, 3, 7400],
      );
    });
  });

  test("a view that was never fresh is not ready, whatever else is", async () => {
    const { parts, seen } = gateway();
    seen.age = Number.POSITIVE_INFINITY;
    await opened({ parts }, async (at) => {
      assert.match((await ask(at, "/readyz")).text, /^view: there is no state from control yet; /);
    });
  });

  test("a process that is stopping is alive and not ready", async () => {
    await opened({}, async (at, operations) => {
      operations.stopping();
      assert.equal((await ask(at, "/healthz")).status, 200);
      assert.match((await ask(at, "/readyz")).text, /^running: the gateway is stopping/);
    });
  });

  test("a certificate that ended, and a link that is lost, are said", async () => {
    const parts = [
      certificatePart({
        name: "member",
        notAfter: () => clock.now() - 1,
        clock,
        remedy: "postern gateway join",
      }),
      agentPart({ connected: () => false }),
    ];
    await opened({ role: "agent", parts }, async (at) => {
      const { status, text } = await ask(at, "/readyz");
      assert.equal(status, 503);
      assert.match(
        text,
        /^certificate: the certificate ended at .*; postern gateway join\nlink: it is not connected/,
      );
    });
  });

  test("a check that throws or never answers has failed, and the others are heard", async () => {
    const readiness = readinessOf(
      [
        { name: "throws", look: () => Promise.reject(new Error("broken")) },
        { name: "hangs", look: async () => await new Promise(() => undefined) },
        { name: "well", look: () => ({ ok: true, found: "fine" }) },
      ],
      clock,
      20,
    );
    const { ready, checks } = await readiness();
    assert.equal(ready, false);
    assert.deepEqual(
      checks.map(({ outcome }) => (outcome.ok ? "ok" : outcome.why)),
      ["broken", "no answer in 20 ms", "ok"],
    );
  });

  test("asking often looks once", async () => {
    let looked = 0;
    const check = {
      name: "x",
      look: () => {
        looked += 1;
        return { ok: true as const, found: "fine" };
      },
    };
    await opened({ parts: [{ checks: [check] }] }, async (at) => {
      await Promise.all(Array.from({ length: 20 }, async () => await ask(at, "/readyz")));
      assert.equal(looked, 1);
      clock.advance(1_000);
      await ask(at, "/readyz");
      assert.equal(looked, 2);
    });
  });
});

describe("metrics", () => {
  test("are Prometheus text that a strict reader takes, with names in seconds and bytes", async () => {
    const { parts } = gateway();
    await opened({ parts, name: 'ed"ge\\1\n' }, async (at) => {
      const first = await ask(at, "/metrics");
      assert.equal(first.headers["content-type"], "text/plain; version=0.0.4; charset=utf-8");
      const families = parseExposition(first.text);
      const value = (name: string): number | undefined =>
        [...(families.get(name)?.samples.values() ?? [])][0];
      assert.equal(value("postern_view_age_seconds"), 1);
      assert.equal(value("postern_spool_unshipped_records"), 3);
      assert.equal(value("postern_certificate_expiry_seconds"), 60);
      assert.ok((value("process_resident_memory_bytes") ?? 0) > 1e7);
      assert.equal(families.get("process_cpu_seconds_total")?.samples.size, 2);
      assert.deepEqual(
        [...(families.get("postern_build_info")?.samples.keys() ?? [])],
        ['postern_build_info{name="ed\\"ge\\\\1\\n",role="gateway",version="1.2.3"}'],
      );
      parseExposition((await ask(at, "/metrics")).text);
    });
  });

  test("leave out what is not known, and say infinity of nothing", async () => {
    const { parts, seen } = gateway();
    seen.age = Number.POSITIVE_INFINITY;
    await opened({ parts }, async (at) => {
      const { text } = await ask(at, "/metrics");
      assert.doesNotMatch(text, /postern_view_age_seconds|Inf|NaN/);
      parseExposition(text);
    });
  });

  test("an instrument that cannot be read is an error, not half the metrics", async () => {
    const broken: Part = {
      metrics: (meter) =>
        meter.createObservableGauge("broken").addCallback(() => {
          throw new Error("no number");
        }),
    };
    await opened({ parts: [broken] }, async (at) => {
      assert.equal((await ask(at, "/metrics")).status, 500);
    });
  });
});

describe("the address for others", () => {
  test("answers the same, only to GET and HEAD, and knows three paths", async () => {
    const port = await freePort();
    await opened({ at: { address: "127.0.0.1", port } }, async () => {
      assert.equal((await ask({ port }, "/healthz")).status, 200);
      const head = await ask({ port }, "/metrics", { method: "HEAD" });
      assert.deepEqual([head.status, head.text], [200, ""]);
      for (const method of ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"]) {
        const got = await ask({ port }, "/readyz", { method });
        assert.deepEqual([got.status, got.headers.allow], [405, "GET, HEAD"]);
      }
      for (const path of ["/", "/healthz/", "/x/metrics", "/api/v1/overview", "//x"])
        assert.equal((await ask({ port }, path)).status, 404, path);
    });
  });

  test("one that is taken is refused with its code, and leaves nothing open", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const address = other.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    await assert.rejects(
      openOperations({
        role: "gateway",
        name: "x",
        version: "1",
        run,
        at: { address: "127.0.0.1", port },
        clock,
        schedule: systemSchedule,
        parts: [],
      }),
      (error: PosternError) => error.code === "port.busy" && error.details.where === `127.0.0.1:${port}`,
    );
    await assert.rejects(ask({ socketPath: operationsSocket(run, "gateway") }, "/healthz"));
    await new Promise((resolve) => other.close(resolve));
  });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}
