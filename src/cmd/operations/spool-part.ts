import { gauge, type Part } from "./part.ts";

export interface SpoolPartOptions {
  readonly spool: { readonly healthy: boolean };
  readonly folder: string;
  /** Records written and not yet acknowledged by control; undefined while that is not known. */
  readonly unshipped: () => number | undefined;
}

/** The spool: without it nothing may be decided. */
export function spoolPart({ spool, folder, unshipped }: SpoolPartOptions): Part {
  return {
    checks: [
      {
        name: "spool",
        look: () =>
          spool.healthy
            ? { ok: true, found: "records are written" }
            : {
                ok: false,
                why: "records of decisions cannot be written, so everything is denied",
                remedy: `make room on the disk of ${folder}, and see that control takes records`,
              },
      },
    ],
    metrics(meter) {
      gauge(
        meter,
        "postern.spool.writable",
        { description: "1 while records of decisions can be written." },
        () => (spool.healthy ? 1 : 0),
      );
      gauge(
        meter,
        "postern.spool.unshipped.records",
        { description: "Records that control has not acknowledged." },
        unshipped,
      );
    },
    facts() {
      const waiting = unshipped();
      return {
        spoolWritable: spool.healthy,
        ...(waiting === undefined ? {} : { unshippedRecords: waiting }),
      };
    },
  };
}
