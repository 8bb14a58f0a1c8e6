import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { manifest, type Rig, RULES, startRig, startUpstream, type TestUpstream, until } from "./rig.test.ts";

let rig: Rig;
let upstream: TestUpstream;

before(async () => {
  [rig, upstream] = await Promise.all([startRig(), startUpstream()]);
  await rig.activate({
    "wiki.yaml": manifest("wiki", upstream.url, "  classification: internal\n"),
    "vault.yaml": manifest("vault", upstream.url, "  classification: restricted\n"),
    "policy.rules": RULES,
  });
});
after(async () => {
  await rig?.close();
  await upstream?.close();
});

/** Every point of every instrument as `name {attributes} value`, or of a histogram its count. */
async function read(
  exporter: InMemoryMetricExporter,
  reader: PeriodicExportingMetricReader,
): Promise<string[]> {
  exporter.reset();
  await reader.forceFlush();
  return exporter
    .getMetrics()
    .flatMap(({ scopeMetrics }) => scopeMetrics)
    .flatMap(({ metrics }) => metrics)
    .flatMap(({ descriptor, dataPoints }) =>
      dataPoints.map(({ attributes, value }) => {
        const named = Object.entries(attributes).map(([name, of]) => `${name}=${String(of)}`);
        const shown = typeof value === "number" ? value : "count" in value ? value.count : 0;
        return `${descriptor.name} {${named.sort().join(" ")}} ${shown}`;
      }),
    );
}

test("decisions, denials and durations are counted, by few attributes and nobody's name", async () => {
  const cookie = await rig.enter("wiki");
  const vault = await rig.enter("vault");
  assert.equal((await rig.ask("wiki", "/", { headers: { cookie } })).status, 200);

  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const provider = new MeterProvider({ readers: [reader] });
  rig.gateway.measure(provider.getMeter("postern"));

  assert.equal((await rig.ask("wiki", "/", { headers: { cookie } })).status, 200);
  assert.equal((await rig.ask("vault", "/", { headers: { cookie: vault } })).status, 403);
  assert.equal((await rig.ask("wiki", "/")).status, 401);
  assert.equal((await rig.ask("wiki", "/a%2fb", { headers: { cookie } })).status, 400);
  assert.equal((await rig.ask("wiki", "/", { method: "BREW", headers: { cookie } })).status, 400);
  rig.clock.advance(11_000);
  assert.equal((await rig.ask("vault", "/", { headers: { cookie: vault } })).status, 503);
  await rig.clocksAgree();

  let points: string[] = [];
  await until("all of it", () => {
    void read(exporter, reader).then((now) => {
      points = now;
    });
    return points.includes(
      "http.server.request.duration {http.request.method=GET http.response.status_code=503} 1",
    );
  });
  for (const expected of [
    "postern.gateway.decisions {postern.classification=internal postern.effect=allow} 2",
    "postern.gateway.decisions {postern.classification=restricted postern.effect=deny} 2",
    "postern.gateway.denials {postern.reason=no-rule-allowed} 1",
    "postern.gateway.denials {postern.reason=view-stale} 1",
    "postern.gateway.denials {postern.reason=unauthenticated} 1",
    "http.server.request.duration {http.request.method=GET http.response.status_code=200} 1",
    "http.server.request.duration {http.request.method=GET http.response.status_code=403} 1",
  ])
    assert.ok(points.includes(expected), `${expected} is not in\n${points.join("\n")}`);
  assert.doesNotMatch(points.join("\n"), /ada|usr_|wiki|BREW/);
  await provider.shutdown();
});
