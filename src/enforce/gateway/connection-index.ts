/** What a connection is found by. */
export interface ConnectionKeys {
  readonly session: string;
  readonly user: string;
  /** SHA-256 of the cookie that let it in. */
  readonly entry: string;
  readonly application: string;
  /** The host, or by port the application, that it was let in to. */
  readonly host: string;
}

/** Finds open connections by each of their keys. */
export class ConnectionIndex<T> {
  readonly #by: { readonly [key in keyof ConnectionKeys]: Map<string, Set<T>> } = {
    session: new Map(),
    user: new Map(),
    entry: new Map(),
    application: new Map(),
    host: new Map(),
  };

  /** Returns what takes it off. */
  add(keys: ConnectionKeys, item: T): () => void {
    for (const [by, key] of pairs(keys)) {
      const set = this.#by[by].get(key);
      if (set === undefined) this.#by[by].set(key, new Set([item]));
      else set.add(item);
    }
    return () => {
      for (const [by, key] of pairs(keys)) {
        const set = this.#by[by].get(key);
        set?.delete(item);
        if (set?.size === 0) this.#by[by].delete(key);
      }
    };
  }

  of(by: keyof ConnectionKeys, key: string): ReadonlySet<T> {
    return this.#by[by].get(key) ?? NONE;
  }
}

const NONE: ReadonlySet<never> = new Set<never>();

function pairs({
  session,
  user,
  entry,
  application,
  host,
}: ConnectionKeys): readonly (readonly [keyof ConnectionKeys, string])[] {
  return [
    ["session", session],
    ["user", user],
    ["entry", entry],
    ["application", application],
    ["host", host],
  ];
}
