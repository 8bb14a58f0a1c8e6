import type { Clock, Notify, Schedule } from "#kernel";
import type {
  EntityChange,
  EntryState,
  InstanceState,
  LinkClient,
  SessionState,
  StateMessage,
  StreamRequest,
  UserState,
} from "#link";
import type { Application } from "#policy";
import { ActivePolicy, type ViewPolicy } from "./active-policy.ts";
import { Freshness } from "./freshness.ts";
import { Holdings } from "./holdings.ts";
import { keepStream } from "./stream.ts";

export type { ViewPolicy } from "./active-policy.ts";

/** Clocks further apart than this are warned of. */
const SKEW_WARNING_SECONDS = 5;

export interface ViewOptions {
  readonly link: LinkClient;
  readonly role: StreamRequest["role"];
  readonly name: string;
  readonly boot: string;
  readonly version: string;
  readonly clock: Clock;
  readonly schedule: Schedule;
  readonly notify: Notify;
}

/** What an enforcement point knows. Reading never waits; what is not held is undefined. */
export interface View {
  /** The change that it has applied last; 0 before the snapshot. */
  readonly number: number;
  /** Resolves once the first snapshot has been applied. */
  readonly ready: Promise<void>;
  instance(): InstanceState | undefined;
  /** The set in force; undefined until one has compiled. */
  policy(): ViewPolicy | undefined;
  user(id: string): UserState | undefined;
  session(id: string): SessionState | undefined;
  /** By the SHA-256 of a cookie's value, in hex. */
  entry(cookieHash: string): EntryState | undefined;
  /** With `hostStyle: "port"`: the ports of applications by name. */
  ports(): ReadonlyMap<string, { readonly port: number }>;
  /**
   * The application that answers there: the longest path prefix of the host's, or by port the port's.
   * @param host in lower case, with the port when it is in the address
   */
  application(host: string, path: string): Application | undefined;
  /** Age of this knowledge; Infinity before the first heartbeat whose head it has reached. */
  ageSeconds(): number;
  /** How far this machine's clock is ahead of control's (negative: behind). */
  skewSeconds(): number;
  /** True once the change of that number is applied; false when it was not in time. */
  waitFor(number: number, timeoutMs: number): Promise<boolean>;
  /** Calls back after changes have been applied, all those of one message together. Returns what stops it. */
  onChange(listener: (changed: readonly EntityChange[]) => void): () => void;
  close(): void;
}

/** Opens a view and keeps it current until it is closed. */
export function openView(options: ViewOptions): View {
  const { link, role, name, boot, version, clock, schedule, notify } = options;
  const policy = new ActivePolicy(notify);
  const freshness = new Freshness(clock);
  const listeners = new Set<(changed: readonly EntityChange[]) => void>();
  const waiters = new Set<() => void>();
  let held = new Holdings();
  let epoch: string | undefined;
  let number = 0;
  let lost = false;
  let skewed = false;
  let becomeReady: () => void;
  const ready = new Promise<void>((resolve) => {
    becomeReady = resolve;
  });

  function onMessage(message: StateMessage): boolean {
    switch (message.type) {
      case "snapshot":
        return onSnapshot(message);
      case "change":
        return onNext(message);
      case "heartbeat":
        return onHeartbeat(message);
      default:
        message satisfies never;
        return false;
    }
  }

  function onSnapshot(message: StateMessage & { type: "snapshot" }): boolean {
    if (message.epoch === epoch && message.number < number) {
      notify({ event: "warning", message: "control sent state that is older than what it sent before" });
      return false;
    }
    const before = held;
    if (message.epoch !== epoch) freshness.forget();
    const next = new Holdings();
    for (const change of message.entities) next.apply(change);
    held = next;
    const active = message.entities.find((change) => change.kind === "policy");
    policy.take(active?.kind === "policy" ? active.value : null, message.epoch);
    moveTo(message.epoch, message.number);
    tell([...before.removals(), ...message.entities]);
    becomeReady();
    return true;
  }

  function onNext(message: StateMessage & { type: "change" }): boolean {
    if (message.epoch !== epoch || message.number !== number + 1) return lose();
    for (const change of message.entities) {
      held.apply(change);
      if (change.kind === "policy") policy.take(change.value, message.epoch);
    }
    moveTo(message.epoch, message.number);
    tell(message.entities);
    return true;
  }

  function onHeartbeat(message: StateMessage & { type: "heartbeat" }): boolean {
    if (message.epoch !== epoch) return lose();
    freshness.heard(message, policy.blocked ? -1 : number);
    const far = Math.abs(freshness.skewSeconds()) > SKEW_WARNING_SECONDS;
    if (far && !skewed)
      notify({
        event: "warning",
        message: `this clock and control's are ${Math.abs(freshness.skewSeconds()).toFixed(1)} s apart`,
      });
    skewed = far;
    return true;
  }

  /** What came does not follow: the next stream has to begin with a snapshot. */
  function lose(): false {
    lost = true;
    return false;
  }

  function moveTo(toEpoch: string, to: number): void {
    epoch = toEpoch;
    number = to;
    lost = false;
    if (!policy.blocked) freshness.reached(number);
    for (const wake of [...waiters]) wake();
  }

  function tell(changed: readonly EntityChange[]): void {
    for (const listener of [...listeners]) listener(changed);
  }

  const closeStream = keepStream({
    link,
    clock,
    schedule,
    notify,
    onMessage,
    wanted: () => ({
      role,
      name,
      boot,
      version,
      ...(epoch === undefined || lost ? {} : { epoch, after: number }),
    }),
  });

  return {
    get number() {
      return number;
    },
    ready,
    instance: () => held.instance,
    policy: () => policy.current,
    user: (id) => held.users.get(id),
    session: (id) => held.sessions.get(id),
    entry: (cookieHash) => held.entries.get(cookieHash),
    ports: () => held.ports,
    application: (host, path) => findApplication(held, policy, host, path),
    ageSeconds: () => freshness.ageSeconds(),
    skewSeconds: () => freshness.skewSeconds(),
    async waitFor(wanted, timeoutMs) {
      if (number >= wanted) return true;
      return await new Promise((resolve) => {
        const finish = (reached: boolean): void => {
          waiters.delete(look);
          cancel();
          resolve(reached);
        };
        const look = (): void => {
          if (number >= wanted) finish(true);
        };
        const cancel = schedule.after(timeoutMs, () => finish(false));
        waiters.add(look);
      });
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: closeStream,
  };
}

function findApplication(
  held: Holdings,
  policy: ActivePolicy,
  host: string,
  path: string,
): Application | undefined {
  const { instance } = held;
  if (instance === undefined) return undefined;
  if (instance.hostStyle === "port") {
    const port = /^localhost:(\d{1,5})$/.exec(host)?.[1];
    for (const [name, state] of held.ports) if (String(state.port) === port) return policy.named(name, path);
    return undefined;
  }
  const hostname = host.split(":", 1)[0] ?? "";
  const under = `.${instance.domain}`;
  if (!hostname.endsWith(under)) return undefined;
  return policy.find(hostname.slice(0, -under.length), path);
}
