import type { EntityChange, Position, StateMessage, UnknownEntity } from "#link";
import { ActivePolicy, type ReadyPolicy } from "./active-policy.ts";
import { Holdings, type ReadEntity, readEntity } from "./holdings.ts";
import { Owed } from "./owed.ts";
import { SharedStrings } from "./shared-strings.ts";

type Snapshot = StateMessage & { readonly type: "snapshot" };
type Change = StateMessage & { readonly type: "change" };

/** What a message came to. `changed`: it was applied, as far as it could be. */
export type Taken =
  | {
      readonly is: "changed";
      readonly changed: readonly EntityChange[];
      readonly owners: ReadonlySet<string>;
    }
  /** A part of a snapshot whose last part is still to come. */
  | { readonly is: "part" }
  /** It does not follow from what came before. */
  | { readonly is: "gap" }
  /** It is older than what came before. */
  | { readonly is: "older" };

/** A snapshot of which not all parts are there. */
interface Assembly {
  readonly epoch: string;
  readonly holdings: Holdings;
  readonly owed: Owed;
  /** All that it names: a snapshot is read at once, and this goes with it. */
  readonly strings: SharedStrings;
  policy?: EntityChange & { readonly kind: "policy" };
}

/** A change that can be applied. */
interface ReadChange {
  readonly entities: readonly ReadEntity[];
  readonly policy: ReadyPolicy | undefined;
}

const NOBODY: ReadonlySet<string> = new Set<string>();

/**
 * The state as it follows from the messages of the link. A change is read whole before any of it is applied. One that cannot be
 * is left out whole and owed; those after it are applied nevertheless, so that what they take away is gone, but
 * `number` stays where everything was in force.
 */
export class AppliedState {
  readonly policy: ActivePolicy = new ActivePolicy();
  readonly #needsPolicy: boolean;
  readonly #strings = new SharedStrings();
  #holdings = new Holdings();
  #owed = new Owed();
  #assembly: Assembly | undefined;
  #epoch: string | undefined;
  #number = 0;
  #taken = 0;
  /** Somebody who was told of a change failed on it, and has to be told everything. */
  #tellEverything = false;

  /** @param needsPolicy whether a state without a policy set is not whole */
  constructor(needsPolicy: boolean) {
    this.#needsPolicy = needsPolicy;
  }

  get holdings(): Holdings {
    return this.#holdings;
  }
  get epoch(): string | undefined {
    return this.#epoch;
  }
  /** The last change that is in force with all before it. */
  get number(): number {
    return this.#number;
  }
  /** The last change that came. */
  get taken(): Position | undefined {
    return this.#epoch === undefined ? undefined : { epoch: this.#epoch, number: this.#taken };
  }
  /** Why not everything is in force that should be. */
  get blocked(): string | undefined {
    return this.#owed.reason();
  }

  /** Forgets parts of a snapshot: the stream that they came by is gone. */
  forgetParts(): void {
    this.#assembly = undefined;
  }

  /** Somebody who was told of the last change failed on it. */
  tellingFailed(why: string): void {
    this.#owed.owe({ kind: "listener", key: "", why });
    this.#tellEverything = true;
  }

  takeSnapshot(message: Snapshot): Taken {
    const { epoch, number, entities, unknown } = message;
    this.#assembly ??= {
      epoch,
      holdings: new Holdings(),
      owed: new Owed(),
      strings: new SharedStrings(Number.POSITIVE_INFINITY),
    };
    const assembly = this.#assembly;
    if (assembly.epoch !== epoch) return this.#gap();
    for (const change of entities) addTo(assembly, change);
    for (const entity of unknown ?? []) assembly.owed.owe({ ...entity, why: unknownWords(entity) });
    if (message.more === true) return { is: "part" };
    this.#assembly = undefined;
    if (epoch === this.#epoch && number < this.#taken) return { is: "older" };
    return this.#swapIn(assembly, number);
  }

  takeChange(message: Change): Taken {
    const { epoch, number, entities, unknown } = message;
    if (this.#assembly !== undefined || epoch !== this.#epoch || number !== this.#taken + 1)
      return this.#gap();
    this.#taken = number;
    const read = this.#read(message);
    if (typeof read === "string") {
      for (const { kind, key } of [...entities, ...(unknown ?? [])])
        this.#owed.owe({ kind, key, why: `change ${number}: ${read}` });
      return { is: "changed", changed: [], owners: NOBODY };
    }
    let owners: Set<string> | undefined;
    for (const entity of read.entities) {
      const before = this.#holdings.ownerOf(entity.kind, entity.key);
      this.#holdings.put(entity);
      const now = this.#holdings.ownerOf(entity.kind, entity.key);
      if (before === undefined && now === undefined) continue;
      owners ??= new Set();
      for (const owner of [before, now]) if (owner !== undefined) owners.add(owner);
    }
    if (read.policy !== undefined) this.policy.putInForce(read.policy);
    if (!this.#owed.none) for (const { kind, key } of entities) this.#owed.settle(kind, key);
    this.#moved();
    return { is: "changed", changed: entities, owners: owners ?? NOBODY };
  }

  /** A change that can be applied, or why it cannot. */
  #read({ epoch, entities, unknown }: Change): ReadChange | string {
    const [first] = unknown ?? [];
    if (first !== undefined) return unknownWords(first);
    const read: ReadEntity[] = [];
    let policy: ReadyPolicy | undefined;
    for (const change of entities) {
      try {
        if (change.kind === "policy") {
          policy = this.policy.prepare(change.value, epoch);
          continue;
        }
        const entity = readEntity(change, this.#strings);
        if (entity !== undefined) read.push(entity);
      } catch (error) {
        return failureWords(change, error);
      }
    }
    return { entities: read, policy };
  }

  #swapIn(assembly: Assembly, number: number): Taken {
    const { epoch, holdings, owed, policy: sent } = assembly;
    const before = this.#holdings;
    const changed = this.#tellEverything ? holdings.insteadOf(before) : holdings.since(before);
    if (sent !== undefined || this.#needsPolicy) {
      const change = sent ?? { kind: "policy", key: "active", value: null };
      try {
        const ready = this.policy.prepare(change.value, epoch);
        if (ready !== this.policy.current || this.#tellEverything) changed.push(change);
        this.policy.putInForce(ready);
      } catch (error) {
        owed.owe({ kind: change.kind, key: change.key, why: failureWords(change, error) });
      }
    }
    const owners = new Set<string>();
    for (const { kind, key } of changed) {
      if (kind === "policy") continue;
      for (const owner of [before.ownerOf(kind, key), holdings.ownerOf(kind, key)])
        if (owner !== undefined) owners.add(owner);
    }
    this.#holdings = holdings;
    this.#owed = owed;
    this.#tellEverything = false;
    this.#taken = number;
    if (epoch !== this.#epoch) this.#number = 0;
    this.#epoch = epoch;
    this.#moved();
    return { is: "changed", changed, owners };
  }

  #moved(): void {
    if (this.#owed.none) this.#number = this.#taken;
  }

  #gap(): Taken {
    this.#assembly = undefined;
    return { is: "gap" };
  }
}

function addTo(assembly: Assembly, change: EntityChange): void {
  const { kind, key } = change;
  if (change.kind === "policy") {
    assembly.policy = change;
    return;
  }
  try {
    const entity = readEntity(change, assembly.strings);
    if (entity !== undefined) assembly.holdings.put(entity);
    assembly.owed.settle(kind, key);
  } catch (error) {
    assembly.holdings.forget(change.kind, key);
    assembly.owed.owe({ kind, key, why: failureWords(change, error) });
  }
}

function failureWords({ kind, key }: EntityChange, error: unknown): string {
  const why = error instanceof Error ? error.message : String(error);
  return kind === "policy" ? why : `${kind} ${key.slice(0, 80)} cannot be taken: ${why}`;
}

function unknownWords({ kind, key }: UnknownEntity): string {
  return `${kind.slice(0, 80)} ${key.slice(0, 80)} may not be passed over, and this version does not know what it is: a later one is needed`;
}
