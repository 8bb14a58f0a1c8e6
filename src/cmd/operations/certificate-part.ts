import type { Clock } from "#kernel";
import type { Part } from "./part.ts";

export interface CertificatePartOptions {
  /** Whose, such as `member` or `control`. */
  readonly name: string;
  /** When it ends, milliseconds since the Unix epoch; undefined when there is none yet. */
  readonly notAfter: () => number | undefined;
  readonly clock: Clock;
  readonly remedy: string;
}

/** A certificate that others judge this process by. */
export function certificatePart({ name, notAfter, clock, remedy }: CertificatePartOptions): Part {
  return {
    checks: [
      {
        name: "certificate",
        look() {
          const end = notAfter();
          if (end === undefined) return { ok: false, why: "there is no certificate yet", remedy };
          const at = new Date(end).toISOString();
          return end > clock.now()
            ? { ok: true, found: `valid until ${at}` }
            : { ok: false, why: `the certificate ended at ${at}`, remedy };
        },
      },
    ],
    metrics(meter) {
      meter
        .createObservableGauge("postern.certificate.expiry.seconds", {
          description: "Time until a certificate of this process ends; negative when it has.",
          unit: "seconds",
        })
        .addCallback((result) => {
          const end = notAfter();
          if (end !== undefined) result.observe((end - clock.now()) / 1000, { certificate: name });
        });
    },
    facts() {
      const end = notAfter();
      return end === undefined ? {} : { certificateNotAfter: end };
    },
  };
}
