import type { Notify, Schedule } from "#kernel";
import { type ComponentReport, LINK_PATHS, type LinkClient, REPORT_MS } from "#link";
import type { View } from "./types.ts";

/** The most that control takes of a reason. */
const MOST_REASON = 1_000;

export interface ReportOptions {
  readonly view: Pick<View, "position" | "ageSeconds" | "skewSeconds" | "blocked" | "onStanding">;
  readonly link: Pick<LinkClient, "send">;
  readonly boot: string;
  readonly version: string;
  readonly schedule: Schedule;
  readonly notify: Notify;
  /** What else this process says of itself; read anew for each report. */
  readonly extra?: () => Pick<
    ComponentReport,
    "liveConnections" | "unshippedRecords" | "certificateNotAfter"
  >;
}

/** Tells control how this enforcement point is doing, regularly and at once when its view is blocked or whole again. Returns what ends it. */
export function reportView(options: ReportOptions): () => void {
  const { view, link, schedule, notify } = options;
  let sending = false;
  let again = false;
  let stopped = false;
  let failing = false;

  /** One at a time, so that they arrive in order. */
  async function send(): Promise<void> {
    again = true;
    if (sending) return;
    sending = true;
    try {
      while (again && !stopped) {
        again = false;
        await link.send(LINK_PATHS.report, reportOf(options));
      }
      failing = false;
    } catch (error) {
      if (!failing && !stopped)
        notify({
          event: "report-unsent",
          message: `control was not told how this process is doing: ${error instanceof Error ? error.message : String(error)}`,
        });
      failing = true;
    } finally {
      sending = false;
    }
  }

  const stopTelling = view.onStanding(() => void send());
  const stopRepeating = schedule.every(REPORT_MS, () => void send());
  void send();
  return () => {
    stopped = true;
    stopTelling();
    stopRepeating();
  };
}

function reportOf({ view, boot, version, extra }: ReportOptions): ComponentReport {
  const position = view.position();
  const age = view.ageSeconds();
  const blocked = view.blocked();
  return {
    boot,
    version,
    ...(position === undefined ? {} : { position }),
    ...(Number.isFinite(age) ? { viewAgeSeconds: age } : {}),
    skewSeconds: view.skewSeconds(),
    ...(blocked === undefined ? {} : { blocked: blocked.slice(0, MOST_REASON) }),
    ...extra?.(),
  };
}
