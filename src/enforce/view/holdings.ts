import type { EntityChange, EntityShapes } from "#link";
import { membersOf } from "./fields.ts";
import { KeyIndex } from "./key-index.ts";
import { HELD_KINDS, type HeldKind, isHeldKind, KINDS, type KindDefinition } from "./kinds.ts";
import { sameValue } from "./same-value.ts";
import type { SharedStrings } from "./shared-strings.ts";

/** An entity as it was read: its value copied and checked, or `null` for one that is taken away. */
export type ReadEntity<K extends HeldKind = HeldKind> = {
  [P in K]: { readonly kind: P; readonly key: string; readonly value: EntityShapes[P] | null };
}[K];

/**
 * Reads what a change puts in place, without putting it. Undefined for a kind that is not held.
 * @throws PosternError `input.invalid` when it is malformed
 */
export function readEntity(change: EntityChange, strings: SharedStrings): ReadEntity | undefined {
  const { kind, key, value } = change;
  if (!isHeldKind(kind)) return undefined;
  const read = value === null ? null : KINDS[kind].read(membersOf(value, "its value"), key, strings);
  return { kind, key: strings.one(key), value: read } as ReadEntity;
}

/** All entities of one kind. */
class OfKind<T extends object> {
  readonly map: Map<string, T> = new Map();
  readonly groups: KeyIndex<string | number> = new KeyIndex();
  readonly #definition: KindDefinition<T>;

  constructor(definition: KindDefinition<T>) {
    this.#definition = definition;
  }

  ownerOf(key: string): string | undefined {
    const value = this.map.get(key);
    return value === undefined ? undefined : this.#definition.owner?.(value);
  }

  put(key: string, value: T | null): void {
    const before = this.map.get(key);
    const { groupedBy } = this.#definition;
    if (groupedBy !== undefined) {
      const from = before === undefined ? undefined : groupedBy(before);
      const to = value === null ? undefined : groupedBy(value);
      if (from !== to) {
        if (from !== undefined) this.groups.delete(from, key);
        if (to !== undefined) this.groups.add(to, key);
      }
    }
    if (value === null) this.map.delete(key);
    else this.map.set(key, value);
  }
}

type Held = { readonly [K in HeldKind]: OfKind<EntityShapes[K]> };

/** The entities that a view holds, but for the policy set. */
export class Holdings {
  readonly #held: Held = {
    instance: new OfKind(KINDS.instance),
    user: new OfKind(KINDS.user),
    session: new OfKind(KINDS.session),
    entry: new OfKind(KINDS.entry),
    port: new OfKind(KINDS.port),
    authority: new OfKind(KINDS.authority),
    control: new OfKind(KINDS.control),
    device: new OfKind(KINDS.device),
    grant: new OfKind(KINDS.grant),
  };

  get<K extends HeldKind>(kind: K, key: string): EntityShapes[K] | undefined {
    return this.#held[kind].map.get(key);
  }

  all<K extends HeldKind>(kind: K): ReadonlyMap<string, EntityShapes[K]> {
    return this.#held[kind].map;
  }

  /** Keys of the entities of a kind that have `value` in what they are grouped by. */
  grouped(kind: HeldKind, value: string | number): readonly string[] {
    return this.#held[kind].groups.of(value);
  }

  /** One of those. */
  oneGrouped(kind: HeldKind, value: string | number): string | undefined {
    return this.#held[kind].groups.first(value);
  }

  /** Puts an entity in place, or takes it away with what goes with it. */
  put<K extends HeldKind>(entity: ReadEntity<K>): void {
    const held: OfKind<EntityShapes[K]> = this.#held[entity.kind];
    held.put(entity.key, entity.value);
    const { takes } = KINDS[entity.kind];
    if (entity.value !== null || takes === undefined) return;
    for (const key of this.#held[takes].groups.of(entity.key)) this.#held[takes].put(key, null);
  }

  /** Takes an entity alone away: not since it is gone, but since it is not known how it is. */
  forget(kind: HeldKind, key: string): void {
    this.#held[kind].put(key, null);
  }

  /** Whose it is, for an entity that does not say so by its key. */
  ownerOf(kind: HeldKind, key: string): string | undefined {
    return this.#held[kind].ownerOf(key);
  }

  /** How many there are of each kind. */
  sizes(): { readonly [K in HeldKind]: number } {
    const sizes = HELD_KINDS.map((kind) => [kind, this.#held[kind].map.size] as const);
    return Object.fromEntries(sizes) as { [K in HeldKind]: number };
  }

  /** The changes that lead from `before` to these holdings. */
  since(before: Holdings): EntityChange[] {
    return HELD_KINDS.flatMap((kind) => this.#since(before, kind));
  }

  /** The changes that take all of `before` away and put all of these in place. */
  insteadOf(before: Holdings): EntityChange[] {
    return [...new Holdings().since(before), ...this.since(new Holdings())];
  }

  #since(before: Holdings, kind: HeldKind): EntityChange[] {
    const old: ReadonlyMap<string, object> = before.#held[kind].map;
    const now: ReadonlyMap<string, object> = this.#held[kind].map;
    const changes: EntityChange[] = [];
    for (const key of old.keys()) if (!now.has(key)) changes.push({ kind, key, value: null });
    for (const [key, value] of now)
      if (!sameValue(old.get(key), value)) changes.push({ kind, key, value } as EntityChange);
    return changes;
  }
}
