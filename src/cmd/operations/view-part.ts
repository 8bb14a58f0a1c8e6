import { gauge, type Part } from "./part.ts";

/** What a part reads of an enforcement point's view; the view itself fits. */
export interface ViewSeen {
  readonly number: number;
  ageSeconds(): number;
  skewSeconds(): number;
}

export interface ViewPartOptions {
  readonly view: ViewSeen;
  /** Why the view takes no more changes; undefined while it does. */
  readonly blocked: () => string | undefined;
}

/** The bound on a view's age that applications have unless they are classified higher, in seconds. */
const BOUND_SECONDS = 300;
/** Clocks further apart than this deny (DESIGN: "State"). */
const MOST_SKEW_SECONDS = 30;

/** A view that serves only what is fresh: older than this, or with its clock this far off, requests are denied. */
export function viewPart({ view, blocked }: ViewPartOptions): Part {
  return {
    checks: [
      {
        name: "view",
        look() {
          const age = view.ageSeconds();
          if (age <= BOUND_SECONDS)
            return { ok: true, found: `${seconds(age)} old, at change ${view.number}` };
          return {
            ok: false,
            why:
              blocked() ??
              (age === Number.POSITIVE_INFINITY
                ? "there is no state from control yet"
                : `the state from control is ${seconds(age)} old`),
            remedy: "see that control runs and can be reached: postern doctor",
          };
        },
      },
      {
        name: "clock",
        look() {
          const skew = view.skewSeconds();
          if (Math.abs(skew) <= MOST_SKEW_SECONDS)
            return { ok: true, found: `${seconds(Math.abs(skew))} from control's` };
          return {
            ok: false,
            why: `this clock is ${seconds(Math.abs(skew))} ${skew > 0 ? "ahead of" : "behind"} control's`,
            remedy: "set both clocks by NTP: timedatectl set-ntp true",
          };
        },
      },
    ],
    metrics(meter) {
      gauge(
        meter,
        "postern.view.age.seconds",
        { description: "Age of what this process knows of the state.", unit: "seconds" },
        () => view.ageSeconds(),
      );
      gauge(
        meter,
        "postern.view.clock.skew.seconds",
        { description: "By how much this clock is ahead of control's.", unit: "seconds" },
        () => view.skewSeconds(),
      );
      gauge(
        meter,
        "postern.view.change.number",
        { description: "Number of the last change that was applied." },
        () => view.number,
      );
      gauge(meter, "postern.view.blocked", { description: "1 while a change could not be applied." }, () =>
        blocked() === undefined ? 0 : 1,
      );
    },
    facts() {
      const why = blocked();
      const age = view.ageSeconds();
      return {
        ...(Number.isFinite(age) ? { viewAgeSeconds: age } : {}),
        viewNumber: view.number,
        skewSeconds: view.skewSeconds(),
        ...(why === undefined ? {} : { blocked: why }),
      };
    },
  };
}

function seconds(value: number): string {
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} s`;
}
