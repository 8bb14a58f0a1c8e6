import type { Part } from "./part.ts";

/** What Prometheus expects of a target (https://prometheus.io/docs/instrumenting/exposition_formats/). */
export const METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";
const COLLECT_MS = 3_000;

/** All metrics of a process as Prometheus text. */
export interface Metrics {
  /** @throws Error when an instrument cannot be read */
  text(): Promise<string>;
  close(): Promise<void>;
}

/**
 * Gathers the parts' instruments. The OpenTelemetry SDK costs a process 14 MB of memory, so it is loaded here, when
 * metrics are first asked for; nothing is lost by that, since every instrument observes a count that its part keeps.
 */
export async function openMetrics(parts: readonly Part[]): Promise<Metrics> {
  const [{ MeterProvider }, { PrometheusExporter, PrometheusSerializer }] = await Promise.all([
    import("@opentelemetry/sdk-metrics"),
    import("@opentelemetry/exporter-prometheus"),
  ]);
  const reader = new PrometheusExporter({ preventServerStart: true });
  const provider = new MeterProvider({ readers: [reader] });
  const serializer = new PrometheusSerializer(undefined, false, undefined, true, true);
  const meter = provider.getMeter("postern");
  for (const { metrics } of parts) metrics?.(meter);
  return {
    async text() {
      // the exporter's own handler would answer 200 and half the metrics when a callback fails
      const { resourceMetrics, errors } = await reader.collect({ timeoutMillis: COLLECT_MS });
      if (errors.length > 0) throw new AggregateError(errors, "metrics cannot be read");
      return serializer.serialize(resourceMetrics);
    },
    close: async () => await provider.shutdown(),
  };
}
