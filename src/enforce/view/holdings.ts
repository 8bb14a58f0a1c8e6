import type { EntityChange, EntryState, InstanceState, PortState, SessionState, UserState } from "#link";

/** The entities that a view holds, but for the policy set, with an index from sessions to their entries. */
export class Holdings {
  instance: InstanceState | undefined;
  readonly users: Map<string, UserState> = new Map();
  readonly sessions: Map<string, SessionState> = new Map();
  readonly entries: Map<string, EntryState> = new Map();
  readonly ports: Map<string, PortState> = new Map();
  readonly #entriesOf = new Map<string, Set<string>>();

  /** Puts one entity in place or takes it away. Policy is not held here. */
  apply(change: EntityChange): void {
    switch (change.kind) {
      case "instance":
        this.instance = change.value ?? undefined;
        return;
      case "policy":
        return;
      case "user":
        put(this.users, change.key, change.value);
        return;
      case "session":
        put(this.sessions, change.key, change.value);
        if (change.value === null) this.#dropEntriesOf(change.key);
        return;
      case "entry":
        this.#applyEntry(change.key, change.value);
        return;
      case "port":
        put(this.ports, change.key, change.value);
        return;
      default:
        change satisfies never;
    }
  }

  /** A change that takes each held entity away, as its listeners would have to hear it. */
  removals(): EntityChange[] {
    return [
      ...[...this.users.keys()].map((key) => ({ kind: "user", key, value: null }) as const),
      ...[...this.sessions.keys()].map((key) => ({ kind: "session", key, value: null }) as const),
      ...[...this.entries.keys()].map((key) => ({ kind: "entry", key, value: null }) as const),
      ...[...this.ports.keys()].map((key) => ({ kind: "port", key, value: null }) as const),
    ];
  }

  #applyEntry(key: string, value: EntryState | null): void {
    const before = this.entries.get(key);
    if (before !== undefined) {
      const others = this.#entriesOf.get(before.session);
      others?.delete(key);
      if (others?.size === 0) this.#entriesOf.delete(before.session);
    }
    put(this.entries, key, value);
    if (value === null) return;
    const own = this.#entriesOf.get(value.session);
    if (own === undefined) this.#entriesOf.set(value.session, new Set([key]));
    else own.add(key);
  }

  #dropEntriesOf(session: string): void {
    for (const key of this.#entriesOf.get(session) ?? []) this.entries.delete(key);
    this.#entriesOf.delete(session);
  }
}

function put<T>(map: Map<string, T>, key: string, value: T | null): void {
  if (value === null) map.delete(key);
  else map.set(key, value);
}
