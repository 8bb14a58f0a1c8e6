import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Schedule } from "#kernel";
import { gauge, type Part } from "./part.ts";

/** How often the event loop is asked how late it is, in milliseconds. */
const RESOLUTION_MS = 20;
/** Percentiles are of the last whole window of this length, whoever reads them and how often. */
const WINDOW_MS = 15_000;

interface Delays {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** The process itself: processor, memory, and how late its event loop runs. */
export function processPart(options: {
  readonly role: string;
  readonly name: string;
  readonly version: string;
  readonly schedule: Schedule;
}): { readonly part: Part; close(): void } {
  const { role, name, version, schedule } = options;
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  let last: Delays | undefined;
  let stop: (() => void) | undefined;

  function measure(): void {
    delay.enable();
    stop = schedule.every(WINDOW_MS, () => {
      last = readDelays();
      delay.reset();
    });
  }

  function readDelays(): Delays {
    // the timer's own interval is part of what it measures
    const late = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e9 - RESOLUTION_MS / 1000);
    return { p50: late(delay.percentile(50)), p99: late(delay.percentile(99)), max: late(delay.max) };
  }

  const delays = (): Delays | undefined => last ?? (delay.count > 0 ? readDelays() : undefined);
  return {
    part: {
      metrics(meter) {
        measure();
        meter
          .createObservableGauge("postern.build.info", { description: "Version of this process; always 1." })
          .addCallback((result) => result.observe(1, { role, name, version }));
        meter
          .createObservableCounter("process.cpu.seconds", {
            description: "Processor time that this process used.",
            unit: "seconds",
          })
          .addCallback((result) => {
            const { user, system } = process.cpuUsage();
            result.observe(user / 1e6, { mode: "user" });
            result.observe(system / 1e6, { mode: "system" });
          });
        gauge(
          meter,
          "process.resident.memory.bytes",
          { description: "Memory of this process that is in RAM.", unit: "bytes" },
          () => process.memoryUsage.rss(),
        );
        gauge(
          meter,
          "process.start.time.seconds",
          { description: "When this process started, since the Unix epoch.", unit: "seconds" },
          () => performance.timeOrigin / 1000,
        );
        for (const point of ["p50", "p99", "max"] as const) {
          gauge(
            meter,
            `nodejs.eventloop.delay.${point}.seconds`,
            { description: `How late the event loop ran lately (${point}).`, unit: "seconds" },
            () => delays()?.[point],
          );
        }
      },
    },
    close() {
      stop?.();
      delay.disable();
    },
  };
}
