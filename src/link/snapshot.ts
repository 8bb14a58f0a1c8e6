import type { StateSource } from "./handlers.ts";
import { type EntityChange, MUST_KINDS, type Position } from "./messages.ts";
import type { LinkPeer } from "./peer.ts";
import { BASIS_KINDS, EMPTY_BASIS, foldBasis, type Placements, type Slice, sliceOf } from "./slice.ts";

/** Entities of one part of a snapshot, at most. */
const MOST_ENTITIES = 1_000;
/** A part is sent once it is as long as this, in UTF-16 units of its JSON. */
const PART_LENGTH = 256 * 1024;
/** Entities read from the database at a time. */
const PAGE = 500;
/** Changes read from the log at a time. */
export const BATCH = 500;
/** All of them at once: they decide how everything else is cut. */
const WHOLE_BASIS = 1_000_000;

/** A line of a snapshot, as it is sent. */
export interface SnapshotLine {
  readonly text: string;
  /** With the last one: what the peer holds then. */
  readonly held?: { readonly position: Position; readonly slice: Slice };
}

export interface SnapshotOptions {
  readonly source: Pick<StateSource, "head" | "page" | "changesAfter">;
  readonly peer: LinkPeer;
  readonly placements: Placements;
  /** A reader from before there were parts gets one line. */
  readonly parts: boolean;
}

/** The state moved in a way that a snapshot under way cannot follow; it has to be taken anew. */
export class SnapshotOvertaken extends Error {}

/**
 * Takes the state of one moment, line by line, holding no more than a page of it and no transaction open: the entities are
 * read while others write, and what was written since the first was read comes after them, in order. Together they are
 * the state as of the last of those changes.
 */
export async function* takeSnapshot(options: SnapshotOptions): AsyncGenerator<SnapshotLine, void, void> {
  const { source, peer } = options;
  const start = await readSlice(options);
  let { position, slice } = start;
  const { epoch } = position;
  let gathered: string[] = [];
  let length = 0;

  function line(last: boolean): string {
    const text = `{"type":"snapshot","epoch":${JSON.stringify(epoch)},"number":${position.number},"entities":[${gathered.join(",")}]${last ? "" : ',"more":true'}}`;
    gathered = [];
    length = 0;
    return text;
  }

  function* gather(changes: readonly EntityChange[]): Generator<SnapshotLine, void, void> {
    for (const change of changes) {
      if (options.parts && (gathered.length === MOST_ENTITIES || length >= PART_LENGTH))
        yield { text: line(false) };
      const text = entityText(change);
      gathered.push(text);
      length += text.length;
    }
  }

  let after: EntityChange | undefined;
  do {
    const page = await source.page({ limit: PAGE, ...(after === undefined ? {} : { after }) });
    if (page.epoch !== epoch) throw new SnapshotOvertaken("a new epoch began");
    yield* gather(slice.others(page.entities));
    after = page.entities.length < PAGE ? undefined : page.entities.at(-1);
  } while (after !== undefined);

  for (let more = true; more; ) {
    const changes = await source.changesAfter(position, BATCH);
    if (changes === undefined)
      throw new SnapshotOvertaken("the log no longer reaches back to where it began");
    for (const { number, entities } of changes) {
      const next = slice.next(entities);
      if (next === undefined) throw new SnapshotOvertaken(`what is for ${peer.role} ${peer.name} changed`);
      slice = next.slice;
      position = { epoch, number };
      yield* gather(slice.others(entities));
    }
    more = changes.length === BATCH;
  }
  yield* gather(slice.basis());
  yield { text: line(true), held: { position, slice } };
}

/** An entity as it travels. */
export function entityText(change: EntityChange): string {
  return JSON.stringify(MUST_KINDS.has(change.kind) ? { ...change, must: true } : change);
}

/** What a peer's slice of the current state depends on, and as of when. */
export async function readSlice(
  options: Pick<SnapshotOptions, "source" | "peer" | "placements">,
): Promise<{ readonly position: Position; readonly slice: Slice }> {
  const { source, peer, placements } = options;
  if (peer.role === "agent")
    return { position: await source.head(), slice: sliceOf(peer, EMPTY_BASIS, placements) };
  const { epoch, number, entities } = await source.page({ kinds: BASIS_KINDS, limit: WHOLE_BASIS });
  return { position: { epoch, number }, slice: sliceOf(peer, foldBasis(EMPTY_BASIS, entities), placements) };
}
