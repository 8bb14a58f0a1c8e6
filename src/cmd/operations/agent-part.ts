import type { Part } from "./part.ts";

/** An agent serves nobody; it is ready while control hears it. */
export function agentPart(options: { readonly connected: () => boolean }): Part {
  return {
    checks: [
      {
        name: "link",
        look: () =>
          options.connected()
            ? { ok: true, found: "connected to control" }
            : {
                ok: false,
                why: "it is not connected to control",
                remedy: "see that control runs and can be reached: postern doctor",
              },
      },
    ],
    metrics(meter) {
      meter
        .createObservableGauge("postern.link.connected", {
          description: "1 while a stream to control is open.",
        })
        .addCallback((result) => result.observe(options.connected() ? 1 : 0));
    },
    facts: () => ({ connected: options.connected() }),
  };
}
