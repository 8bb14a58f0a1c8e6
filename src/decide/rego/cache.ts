import type { Cache } from "./builtins/builtin.ts";

/** A cache of so many entries a kind; of more, those go first that were made first. */
export function boundedCache(entries: number): Cache {
  const kinds = new Map<string, Map<string, unknown>>();
  return {
    get<T>(kind: string, key: string, make: () => T): T {
      let kept = kinds.get(kind);
      if (kept === undefined) {
        kept = new Map();
        kinds.set(kind, kept);
      }
      const known = kept.get(key);
      if (known !== undefined) return known as T;
      const made = make();
      if (kept.size >= entries) for (const oldest of kept.keys()) if (kept.delete(oldest)) break;
      kept.set(key, made);
      return made;
    },
  };
}
