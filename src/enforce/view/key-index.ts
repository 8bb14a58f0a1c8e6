/** From this many on, keys of one value are held in a set, where taking one out does not look at the others. */
const MANY = 32;

type Keys = string[] | Set<string>;

const NONE: readonly string[] = Object.freeze([]);

/** Keys of entities by a value that they have in common. Most values have one key or a few, so those cost least. */
export class KeyIndex<V extends string | number> {
  readonly #keys = new Map<V, string | Keys>();

  add(value: V, key: string): void {
    const found = this.#keys.get(value);
    if (found === undefined) this.#keys.set(value, key);
    else if (typeof found === "string") this.#keys.set(value, [found, key]);
    else if (found instanceof Set) found.add(key);
    else if (found.length < MANY) found.push(key);
    else this.#keys.set(value, new Set([...found, key]));
  }

  delete(value: V, key: string): void {
    const found = this.#keys.get(value);
    if (found === undefined) return;
    if (typeof found === "string") {
      if (found === key) this.#keys.delete(value);
    } else if (found instanceof Set) {
      found.delete(key);
      if (found.size === 0) this.#keys.delete(value);
    } else {
      const at = found.indexOf(key);
      if (at !== -1) found.splice(at, 1);
      if (found.length === 0) this.#keys.delete(value);
    }
  }

  /** As it is now: a list that does not change with the index. */
  of(value: V): readonly string[] {
    const found = this.#keys.get(value);
    if (found === undefined) return NONE;
    return typeof found === "string" ? [found] : [...found];
  }

  /** One of the keys. */
  first(value: V): string | undefined {
    const found = this.#keys.get(value);
    if (found === undefined || typeof found === "string") return found;
    const [first] = found;
    return first;
  }
}
