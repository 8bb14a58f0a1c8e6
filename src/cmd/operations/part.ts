/**
 * What a role says about its own health, part by part. A part may fail readiness (`checks`), be measured (`metrics`),
 * and state facts that `postern doctor` and `postern status` read (`facts`). Nothing of it is secret: it is served without
 * a sign-in to whoever reaches the address that the operator named.
 */
import type { Meter } from "@opentelemetry/api";

/** What looking at one thing showed. */
export type Outcome =
  | { readonly ok: true; readonly found: string }
  | {
      readonly ok: false;
      /** One clause, such as `the view is 312 s old`. */
      readonly why: string;
      /** What to do, as a command or an instruction in the imperative. */
      readonly remedy: string;
    };

/** A condition for serving. */
export interface ReadinessCheck {
  readonly name: string;
  /** One that throws, or takes too long, has failed. */
  readonly look: () => Outcome | Promise<Outcome>;
}

export interface Part {
  readonly checks?: readonly ReadinessCheck[];
  /** Makes its instruments; called once, when metrics are first asked for, so they are all observed and count by themselves. */
  readonly metrics?: (meter: Meter) => void;
  readonly facts?: () => { readonly [name: string]: string | number | boolean };
}

/** A number that a collection reads, when there is one: what is not known is left out. */
export function gauge(
  meter: Meter,
  name: string,
  what: { readonly description: string; readonly unit?: "seconds" | "bytes" },
  read: () => number | undefined,
): void {
  meter.createObservableGauge(name, what).addCallback((result) => {
    const value = read();
    if (value !== undefined && Number.isFinite(value)) result.observe(value);
  });
}

/** A number that only grows while the process lives. */
export function counter(
  meter: Meter,
  name: string,
  what: { readonly description: string; readonly unit?: "seconds" | "bytes" },
  read: () => number,
): void {
  meter.createObservableCounter(name, what).addCallback((result) => result.observe(read()));
}
