import type { EntityChange, LinkClient, StateMessage, StreamRequest } from "#link";
import { FIRST, INSTANCE } from "./rig.test.ts";

/** Mulberry32: a small generator whose runs can be had again. */
export function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

export type Draw = (below: number) => number;
export type Fold = Map<string, EntityChange>;
export interface Epoch {
  readonly name: string;
  /** What had been folded when it began, at number `from`. */
  readonly from: number;
  readonly folds: Fold[];
  readonly changes: EntityChange[][];
}

export const KINDS = ["user", "session", "entry", "device", "grant"] as const;
const nameOf = ({ kind, key }: { readonly kind: string; readonly key: string }): string => `${kind} ${key}`;

export function someValue(draw: Draw, kind: (typeof KINDS)[number], key: string): EntityChange {
  const user = `user${draw(4)}`;
  const made = {
    user: {
      id: key,
      name: key,
      displayName: key,
      role: `r${draw(2)}`,
      groups: ["a", "b"].slice(draw(3)),
      disabled: draw(2) === 0,
    },
    session: {
      id: key,
      user,
      createdAt: 1,
      authenticatedAt: draw(9),
      amr: ["hwk"],
      idleExpiresAt: 5,
      absoluteExpiresAt: 9,
    },
    entry: { session: `session${draw(4)}`, host: `h${draw(3)}` },
    device: { id: key, user, facts: draw(2) === 0 ? {} : { managed: true }, reportedAt: draw(9) },
    grant: { id: key, user, expiresAt: draw(9), ...(draw(2) === 0 ? {} : { application: "wiki" }) },
  }[kind];
  return { kind, key, value: made } as EntityChange;
}

/** What no reader takes, whatever the types say. */
function brokenValue(kind: (typeof KINDS)[number], key: string): EntityChange {
  const broken: unknown = { kind, key, value: { id: key, oops: 1 } };
  return broken as EntityChange;
}

/** Control with a history made at random, and a link to it that fails at random. */
export class Model implements LinkClient {
  readonly draw: Draw;
  readonly epochs: Epoch[] = [];
  faults = true;
  #handlers: Parameters<LinkClient["openState"]>[1] | undefined;
  #sent: { epoch: string; number: number } | undefined;
  #parts: StateMessage[] = [];
  readonly clock: () => number;

  constructor(draw: Draw, clock: () => number) {
    this.draw = draw;
    this.clock = clock;
    const basis: EntityChange[] = [
      { kind: "instance", key: "instance", value: INSTANCE },
      { kind: "policy", key: "active", value: FIRST },
    ];
    this.epochs.push({
      name: "e0",
      from: 0,
      folds: [new Map(basis.map((change) => [nameOf(change), change]))],
      changes: [],
    });
  }

  get now(): Epoch {
    const epoch = this.epochs.at(-1);
    if (epoch === undefined) throw new Error("no epoch");
    return epoch;
  }
  get head(): number {
    return this.now.from + this.now.changes.length;
  }
  fold(epoch: string, number: number): Fold | undefined {
    const found = this.epochs.find(({ name }) => name === epoch);
    return found?.folds[number - found.from];
  }

  commit(changes: EntityChange[]): void {
    const fold = new Map(this.now.folds.at(-1));
    for (const change of changes) {
      if (change.value === null) fold.delete(nameOf(change));
      else fold.set(nameOf(change), change);
    }
    this.now.folds.push(fold);
    this.now.changes.push(changes);
  }

  commitSomething(): void {
    const { draw } = this;
    const changes: EntityChange[] = [];
    for (let left = draw(3); left >= 0; left--) {
      const kind = KINDS[draw(KINDS.length)] ?? "user";
      const key = `${kind}${draw(4)}`;
      const what = draw(10);
      if (what < 3) {
        changes.push({ kind, key, value: null });
        // as control does
        if (kind === "session")
          for (const held of this.now.folds.at(-1)?.values() ?? [])
            if (held.kind === "entry" && held.value?.session === key) changes.push({ ...held, value: null });
      } else if (what === 3 && this.faults && draw(8) === 0) changes.push(brokenValue(kind, key));
      else changes.push(someValue(draw, kind, key));
    }
    const ended = changes
      .filter(({ kind, value }) => kind === "session" && value === null)
      .map(({ key }) => key);
    const sound = changes.filter(
      ({ kind, value }) => kind !== "entry" || !ended.includes(value?.session ?? ""),
    );
    // one entity once: control's transactions say how it is afterwards
    this.commit([...new Map(sound.map((change) => [nameOf(change), change])).values()]);
  }

  /** Goes back in time by a few changes; `noticed`: under a new epoch, as it has to be. */
  restore(noticed: boolean): void {
    const { name, from, folds, changes } = this.now;
    const kept = changes.length - this.draw(Math.min(4, changes.length + 1));
    if (noticed) this.#begin(from + kept, folds.slice(kept, kept + 1));
    else
      this.epochs[this.epochs.length - 1] = {
        name,
        from,
        folds: folds.slice(0, kept + 1),
        changes: changes.slice(0, kept),
      };
  }

  #begin(from: number, folds: Fold[]): void {
    this.epochs.push({ name: `e${this.epochs.length}`, from, folds, changes: [] });
  }

  openState(wanted: StreamRequest, handlers: Parameters<LinkClient["openState"]>[1]): () => void {
    this.#handlers = handlers;
    this.#parts = [];
    this.#sent = wanted.epoch === undefined ? undefined : { epoch: wanted.epoch, number: wanted.after ?? 0 };
    if (this.#sent?.epoch === this.now.name && this.#sent.number > this.head)
      this.#begin(this.head, this.now.folds.slice(-1));
    return () => this.cut();
  }

  cut(): void {
    const handlers = this.#handlers;
    this.#handlers = undefined;
    handlers?.onEnd();
  }

  /** Hands over the next message; returns the heartbeat when it was one that tells the truth. */
  deliver(): (StateMessage & { readonly type: "heartbeat" }) | undefined {
    const message = this.#next();
    // parts bear no numbers of their own: TCP loses and repeats none
    const isPart = message.type === "snapshot";
    const fault = this.faults ? this.draw(40) : -1;
    if (fault === 0 && !isPart) return undefined;
    const lie = { type: "heartbeat", epoch: this.now.name, head: this.draw(4), now: this.clock() } as const;
    if (fault === 1) this.#say(lie);
    this.#say(message);
    if (fault === 2 && !isPart) this.#say(message);
    return message.type === "heartbeat" && fault < 1 ? message : undefined;
  }

  #say(message: StateMessage): void {
    try {
      this.#handlers?.onMessage(message);
    } catch {
      this.cut();
    }
  }

  #next(): StateMessage {
    const { draw, now, head } = this;
    const part = this.#parts.shift();
    if (part !== undefined) return part;
    const sent = this.#sent;
    if (sent === undefined || sent.epoch !== now.name || sent.number < now.from) {
      const entities = [...(now.folds.at(-1)?.values() ?? [])].sort(() => draw(3) - 1);
      const cuts = [draw(entities.length + 1), draw(entities.length + 1)].sort((a, b) => a - b);
      this.#parts = [0, ...cuts].map((start, i) => ({
        type: "snapshot",
        epoch: now.name,
        number: head,
        entities: entities.slice(start, cuts[i]),
        ...(i < cuts.length ? { more: true } : {}),
      }));
      this.#sent = { epoch: now.name, number: head };
      return this.#next();
    }
    const entities = now.changes[sent.number - now.from];
    if (entities === undefined) return { type: "heartbeat", epoch: now.name, head, now: this.clock() };
    sent.number += 1;
    return { type: "change", epoch: now.name, number: sent.number, entities };
  }

  async send(): Promise<unknown> {
    return await Promise.resolve({});
  }
  close(): void {
    this.cut();
  }
}
