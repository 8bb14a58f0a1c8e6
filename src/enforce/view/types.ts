import type {
  AuthorityState,
  ControlState,
  DeviceState,
  EntityChange,
  EntityKind,
  EntryState,
  GrantState,
  InstanceState,
  PortState,
  Position,
  SessionState,
  UserState,
} from "#link";
import type { Application, PolicySet } from "#policy";

/** The set that decides, and the number of its activation. */
export interface ViewPolicy {
  readonly set: PolicySet;
  readonly activation: number;
}

/** What has changed in a view: all changes of one message together, or how a new snapshot differs from what was held. */
export type ViewListener = (
  changed: readonly EntityChange[],
  /** Ids of the people whose devices or grants are among the changes, as they were before and as they are now. */
  owners: ReadonlySet<string>,
) => void;

/** What an enforcement point knows. Reading never waits; what is not held is undefined. */
export interface View {
  /** The last change that is in force here with all before it; 0 before the snapshot. */
  readonly number: number;
  /** The same, with its epoch; undefined before the snapshot. */
  position(): Position | undefined;
  /** Resolves once the first snapshot has been applied. */
  readonly ready: Promise<void>;
  instance(): InstanceState | undefined;
  /** The set in force; undefined until one has compiled. */
  policy(): ViewPolicy | undefined;
  user(id: string): UserState | undefined;
  session(id: string): SessionState | undefined;
  /** By the SHA-256 of a cookie's value, in hex. */
  entry(cookieHash: string): EntryState | undefined;
  device(id: string): DeviceState | undefined;
  grant(id: string): GrantState | undefined;
  /** Ids of what belongs to a person. */
  sessionsOf(user: string): readonly string[];
  devicesOf(user: string): readonly string[];
  grantsOf(user: string): readonly string[];
  /** With `hostStyle: "port"`: the ports of applications by name. */
  ports(): ReadonlyMap<string, PortState>;
  /** The name of the application that has a port. */
  applicationOnPort(port: number): string | undefined;
  /** The certificate authorities that count, by the SHA-256 of their certificates. */
  authorities(): ReadonlyMap<string, AuthorityState>;
  /** The control nodes that can be reached from other machines, by name. */
  controls(): ReadonlyMap<string, ControlState>;
  /**
   * The application that answers there: the longest path prefix of the host's, or by port the port's.
   * @param host in lower case, with the port when it is in the address
   */
  application(host: string, path: string): Application | undefined;
  /** Age of this knowledge; Infinity before the first heartbeat whose head it has reached, and once control has ended it. */
  ageSeconds(): number;
  /** Milliseconds until it is older than `boundSeconds` if nothing more comes; 0 when it is. */
  msUntilStale(boundSeconds: number): number;
  /** How far this machine's clock is ahead of control's (negative: behind). */
  skewSeconds(): number;
  /** Why it is not fresh and grows no fresher: what could not be applied. Undefined while all is in force. */
  blocked(): string | undefined;
  /** Why control has shut this member out; undefined while it has not. */
  ended(): string | undefined;
  /** How many entities of each kind it holds. */
  sizes(): { readonly [K in Exclude<EntityKind, "policy">]: number };
  /** True once the change of that number is applied; false when it was not in time. */
  waitFor(number: number, timeoutMs: number): Promise<boolean>;
  /** Calls back after changes have been applied. Returns what stops it. */
  onChange(listener: ViewListener): () => void;
  /** Calls back when `blocked` or `ended` has changed. Returns what stops it. */
  onStanding(listener: () => void): () => void;
  close(): void;
}
