import { type Clock, growingPause, type Notify, type Schedule } from "#kernel";
import { HEARTBEAT_MS, type LinkClient, type StateMessage, type StreamRequest } from "#link";
import type { Application } from "#policy";
import { Freshness } from "./freshness.ts";
import { AppliedState, type Taken } from "./state.ts";
import { keepStream } from "./stream.ts";
import type { View, ViewListener } from "./types.ts";

/** Clocks further apart than this are warned of. */
const SKEW_WARNING_SECONDS = 5;
/** A head that was named, and whose changes do not come for so long, is asked for by another stream. */
const MOST_BEHIND_MS: number = 4 * HEARTBEAT_MS;
/** Until a view in which not everything is in force asks for a fresh snapshot, and the longest between two. */
const FIRST_ASK_MS = 100;
const LONGEST_ASK_MS = 60_000;

export interface ViewOptions {
  readonly link: LinkClient;
  readonly role: StreamRequest["role"];
  readonly name: string;
  readonly boot: string;
  readonly version: string;
  /** An agent names its host and the release of its operating system. */
  readonly hostname?: string;
  readonly osRelease?: string;
  readonly clock: Clock;
  readonly schedule: Schedule;
  readonly notify: Notify;
}

/** Opens a view and keeps it current until it is closed. */
export function openView(options: ViewOptions): View {
  const { link, role, name, boot, version, hostname, osRelease, clock, schedule, notify } = options;
  const state = new AppliedState(role === "gateway");
  const freshness = new Freshness(clock);
  const listeners = new Set<ViewListener>();
  const standingListeners = new Set<() => void>();
  const waiters = new Set<() => void>();
  /** What the next stream is asked for. */
  let ask: "position" | "snapshot" = "position";
  let asks = 0;
  let cancelAsk: (() => void) | undefined;
  let blocked: string | undefined;
  let ended: string | undefined;
  let skewed = false;
  let behindSince: number | undefined;
  let becomeReady: () => void;
  const ready = new Promise<void>((resolve) => {
    becomeReady = resolve;
  });

  function onMessage(message: StateMessage): boolean {
    const good = message.type === "heartbeat" ? onHeartbeat(message) : onState(message);
    if (good) readmitted();
    return good;
  }

  function onState(message: StateMessage & { readonly type: "snapshot" | "change" }): boolean {
    const { epoch } = state;
    behindSince = undefined;
    const taken = message.type === "snapshot" ? state.takeSnapshot(message) : state.takeChange(message);
    switch (taken.is) {
      case "part":
        return true;
      case "gap":
        ask = "snapshot";
        return false;
      case "older":
        notify({ event: "warning", message: "control sent state that is older than what it sent before" });
        // it has to learn that somebody knows of a later one
        ask = "position";
        return false;
      case "changed":
        if (epoch !== state.epoch) freshness.forget();
        tell(taken);
        settle();
        if (message.type === "snapshot") becomeReady();
        return true;
      default:
        taken satisfies never;
        return false;
    }
  }

  function onHeartbeat(message: StateMessage & { readonly type: "heartbeat" }): boolean {
    const { taken } = state;
    if (taken === undefined || message.epoch !== taken.epoch) {
      ask = "snapshot";
      return false;
    }
    if (message.head < taken.number) {
      notify({
        event: "warning",
        message: `control is at change ${message.head}, and has sent ${taken.number} before`,
      });
      ask = "position";
      return false;
    }
    if (isStuck(message.head > taken.number)) return false;
    freshness.heard(message, blocked === undefined ? state.number : -1);
    const far = Math.abs(freshness.skewSeconds()) > SKEW_WARNING_SECONDS;
    if (far && !skewed)
      notify({
        event: "warning",
        message: `this clock and control's are ${Math.abs(freshness.skewSeconds()).toFixed(1)} s apart`,
      });
    skewed = far;
    return true;
  }

  /** Whether it has been behind for so long that what is missing will not come by this stream. */
  function isStuck(behind: boolean): boolean {
    const now = clock.monotonic();
    behindSince = behind ? (behindSince ?? now) : undefined;
    if (behindSince === undefined || now - behindSince <= MOST_BEHIND_MS) return false;
    behindSince = undefined;
    return true;
  }

  function tell({ changed, owners }: Taken & { readonly is: "changed" }): void {
    if (changed.length === 0) return;
    for (const listener of [...listeners]) {
      try {
        listener(changed, owners);
      } catch (error) {
        // who failed may have left open what this change ends: nothing here is fresh until they were told everything
        state.tellingFailed(
          `a change could not be acted on: ${error instanceof Error ? error.message : String(error)}`,
        );
      }
    }
  }

  /** After state has come: whether all of it is in force, and who waited for it. */
  function settle(): void {
    const before = blocked;
    blocked = state.blocked;
    ask = blocked === undefined ? "position" : "snapshot";
    if (blocked === undefined) freshness.reached(state.number);
    if (blocked !== before) sayStanding();
    if (blocked === undefined) {
      asks = 0;
      cancelAsk?.();
      cancelAsk = undefined;
    } else cancelAsk ??= schedule.after(growingPause(asks, FIRST_ASK_MS, LONGEST_ASK_MS), askAnew);
    for (const wake of [...waiters]) wake();
  }

  function askAnew(): void {
    cancelAsk = undefined;
    asks += 1;
    ask = "snapshot";
    stream.reopen();
    // also when that brings nothing
    cancelAsk ??= schedule.after(growingPause(asks, FIRST_ASK_MS, LONGEST_ASK_MS), askAnew);
  }

  function sayStanding(): void {
    if (blocked === undefined) notify({ event: "view-whole", message: "everything is in force again" });
    else notify({ event: "view-blocked", message: `what is known here grows stale: ${blocked}` });
    tellStanding();
  }

  function tellStanding(): void {
    for (const listener of [...standingListeners]) listener();
  }

  function onEnded(why: string): void {
    freshness.end();
    if (ended === why) return;
    ended = why;
    notify({ event: "membership-ended", message: `control has shut this ${role} out: ${why}` });
    tellStanding();
  }

  function readmitted(): void {
    if (ended === undefined) return;
    ended = undefined;
    notify({ event: "membership-restored", message: `control takes this ${role} in again` });
    tellStanding();
  }

  const stream = keepStream({
    link,
    clock,
    schedule,
    notify,
    onMessage,
    onEnded,
    begin() {
      state.forgetParts();
      const { taken } = state;
      return {
        role,
        name,
        boot,
        version,
        ...(hostname === undefined ? {} : { hostname }),
        ...(osRelease === undefined ? {} : { osRelease }),
        ...(taken === undefined || ask === "snapshot" ? {} : { epoch: taken.epoch, after: taken.number }),
      };
    },
  });

  return {
    get number() {
      return state.number;
    },
    position: () => (state.epoch === undefined ? undefined : { epoch: state.epoch, number: state.number }),
    ready,
    instance: () => state.holdings.get("instance", "instance"),
    policy: () => state.policy.current,
    user: (id) => state.holdings.get("user", id),
    session: (id) => state.holdings.get("session", id),
    entry: (cookieHash) => state.holdings.get("entry", cookieHash),
    device: (id) => state.holdings.get("device", id),
    grant: (id) => state.holdings.get("grant", id),
    sessionsOf: (user) => state.holdings.grouped("session", user),
    devicesOf: (user) => state.holdings.grouped("device", user),
    grantsOf: (user) => state.holdings.grouped("grant", user),
    ports: () => state.holdings.all("port"),
    applicationOnPort: (port) => state.holdings.oneGrouped("port", port),
    authorities: () => state.holdings.all("authority"),
    controls: () => state.holdings.all("control"),
    application: (host, path) => findApplication(state, host, path),
    ageSeconds: () => freshness.ageSeconds(),
    msUntilStale: (boundSeconds) => freshness.msUntilStale(boundSeconds),
    skewSeconds: () => freshness.skewSeconds(),
    blocked: () => blocked,
    ended: () => ended,
    sizes: () => state.holdings.sizes(),
    async waitFor(wanted, timeoutMs) {
      if (state.number >= wanted) return true;
      return await new Promise((resolve) => {
        const finish = (reached: boolean): void => {
          waiters.delete(look);
          cancel();
          resolve(reached);
        };
        const look = (): void => {
          if (state.number >= wanted) finish(true);
        };
        const cancel = schedule.after(timeoutMs, () => finish(false));
        waiters.add(look);
      });
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    onStanding(listener) {
      standingListeners.add(listener);
      return () => standingListeners.delete(listener);
    },
    close() {
      cancelAsk?.();
      stream.close();
    },
  };
}

function findApplication(
  { holdings, policy }: AppliedState,
  host: string,
  path: string,
): Application | undefined {
  const instance = holdings.get("instance", "instance");
  if (instance === undefined) return undefined;
  if (instance.hostStyle === "port") {
    const port = /^localhost:([1-9]\d{0,4})$/.exec(host)?.[1];
    const name = port === undefined ? undefined : holdings.oneGrouped("port", Number(port));
    return name === undefined ? undefined : policy.named(name, path);
  }
  const colon = host.indexOf(":");
  const hostname = colon === -1 ? host : host.slice(0, colon);
  const label = hostname.length - instance.domain.length - 1;
  if (label < 0 || hostname[label] !== "." || !hostname.endsWith(instance.domain)) return undefined;
  return policy.find(hostname.slice(0, label), path);
}
