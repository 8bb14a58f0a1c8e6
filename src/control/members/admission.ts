import { LEAF_LIFE, serialKey } from "#authority";
import { PosternError } from "#kernel";
import type { LinkPeer } from "#link";
import { heardBoot, reportClone } from "./clones.ts";
import { type Known, keyOf, readKnowledge, takesAway } from "./knowledge.ts";
import { LOOK_AFTER_WRITE, LOOK_EVERY, MOST_BLIND, OVERLAP } from "./limits.ts";
import { messageOf, type Parts } from "./parts.ts";

/** Who may come in, from memory; what is noticed on the way is written in its own time. */
export interface Admission {
  admit(peer: LinkPeer, boot: string, what: string): void;
  /** Resolves when what has been committed is known here, or when it cannot be read now: then it is tried again soon. */
  refresh(): Promise<void>;
  onRevoked(listener: () => void): () => void;
  /** Resolves when what was noticed is written. */
  close(): Promise<void>;
}

/** @throws when the database cannot be read now */
export async function openAdmission(parts: Parts): Promise<Admission> {
  const { store, clock, schedule, notify } = parts;
  let known: ReadonlyMap<string, Known> = new Map();
  let knownAt = -Infinity;
  const listeners = new Set<() => void>();
  /** What is being written, so that each thing is written once; it resolves when that is known here. */
  const writing = new Map<string, Promise<void>>();
  let looking: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  let waiting: (() => void) | undefined;
  let closed = false;

  async function read(): Promise<void> {
    const at = clock.monotonic();
    const after = await readKnowledge(store.db, known, at);
    const told = takesAway(known, after);
    known = after;
    knownAt = at;
    if (told) for (const listener of listeners) listener();
  }

  /** One at a time; whoever comes during one waits for the one after it, which sees what was committed before. */
  function look(): Promise<void> {
    if (looking !== undefined) {
      next ??= looking
        .catch(() => undefined)
        .then(() => {
          next = undefined;
          return look();
        });
      return next;
    }
    looking = read().finally(() => {
      looking = undefined;
    });
    return looking;
  }

  let blind = false;
  async function refresh(): Promise<void> {
    try {
      await look();
      blind = false;
    } catch (error) {
      if (!blind && !closed)
        notify({ event: "warning", message: `who is a member cannot be read: ${messageOf(error)}` });
      blind = true;
    }
  }

  function lookSoon(): void {
    waiting ??= schedule.after(LOOK_AFTER_WRITE, () => {
      waiting = undefined;
      void refresh();
    });
  }

  /** Writes something that was noticed, once, and then knows it. */
  function note(what: string, work: () => Promise<unknown>): void {
    if (closed || writing.has(what)) return;
    const written = work()
      .then(async () => await look())
      .catch((error: unknown) =>
        notify({ event: "warning", message: `${what} is not written: ${messageOf(error)}` }),
      )
      .finally(() => writing.delete(what));
    writing.set(what, written);
  }

  await look();
  const stops = [schedule.every(LOOK_EVERY, () => void refresh()), store.onWrite(lookSoon)];

  return {
    admit(peer, boot, what) {
      // the folder of the Unix socket is the authentication
      if (peer.serial === undefined) return;
      if (clock.monotonic() - knownAt > MOST_BLIND) throw unreadable();
      const key = keyOf(peer);
      const member = known.get(key);
      const who = `${peer.role} ${peer.name}`;
      const serial = serialKey(peer.serial);
      const heardOf = member?.certificates.has(serial) === true;
      if (!heardOf && member?.state !== "joined" && isNews(peer, clock.now())) {
        lookSoon();
        throw new PosternError("state.busy", `this control node has not heard yet that ${who} has joined`, {
          remedy: "nothing: it asks again by itself",
        });
      }
      if (member === undefined) throw unknown(who);
      if (member.state === "revoked") throw revoked(`${who} is revoked`, peer);
      checkCertificate(member, { ...peer, serial }, clock.now(), who);
      // a stream that is held open says nothing about whether the other end lives
      if (what === "stream.held") return;
      if (member.certificates.get(serial)?.used !== true)
        note(`the first use of certificate ${serial}`, async () => await noteUse(parts, peer, serial));
      const start = member.boots.get(boot);
      if (start === undefined) {
        note(`a start of ${who}`, async () => await heardBoot(parts, peer, boot));
      } else if (
        !start.reported &&
        start.succeededAt !== undefined &&
        clock.monotonic() - start.succeededAt > OVERLAP
      ) {
        note(`the clone of ${who}`, async () => {
          await store.write(async (tx) => {
            const message = `the certificate of ${who} is in use by two processes at once`;
            await reportClone(tx, parts, peer, { boot, message });
          });
        });
      }
    },
    refresh,
    onRevoked(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async close() {
      closed = true;
      for (const stop of stops) stop();
      waiting?.();
      await Promise.all([...writing.values(), looking?.catch(() => undefined)]);
    },
  };
}

/** Whether a certificate was signed so lately that another control node may have done so and this one not know yet. */
function isNews({ notAfter }: LinkPeer, now: number): boolean {
  return notAfter !== undefined && now - (notAfter - LEAF_LIFE) < NEWS;
}

/**
 * One that this database does not know was signed after the backup that the database was restored from: it counts
 * when its member has not joined again since.
 */
function checkCertificate(
  member: Known,
  peer: LinkPeer & { readonly serial: string },
  now: number,
  who: string,
): void {
  const { serial, notAfter } = peer;
  if (notAfter === undefined || notAfter <= now) {
    throw new PosternError("unauthenticated", `the certificate of ${who} has ended`, {
      remedy: "connect anew with the renewed one; if there is none, join again with a new token",
    });
  }
  const certificate = member.certificates.get(serial);
  const issuedAt = certificate?.issuedAt ?? notAfter - LEAF_LIFE + WHOLE_SECOND;
  if (certificate?.revoked === true || issuedAt < member.joinedAt)
    throw revoked(`this certificate of ${who} was replaced when the name joined again`, peer);
}

/** Within this, every node has heard of a member, or says that it cannot. */
const NEWS = 5_000;
/** Times in certificates are cut to whole seconds. */
const WHOLE_SECOND = 999;

async function noteUse(parts: Parts, peer: LinkPeer, serial: string): Promise<void> {
  const { store, clock } = parts;
  const { role, name, notAfter } = peer;
  await store.write(
    async ({ db }) => {
      const now = clock.now();
      const { numUpdatedRows } = await db
        .updateTable("member_certificate")
        .set({ used_at: now })
        .where("serial", "=", serial)
        .executeTakeFirst();
      if (numUpdatedRows > 0n || notAfter === undefined) return;
      const oldest = await db.selectFrom("authority").select("id").orderBy("created_at").executeTakeFirst();
      await db
        .insertInto("member_certificate")
        .values({
          serial,
          role,
          name,
          // which one signed it is not known here: the one that is awaited before it is dropped
          authority: oldest?.id ?? "",
          issued_at: notAfter - LEAF_LIFE + WHOLE_SECOND,
          not_after: notAfter,
          used_at: now,
          revoked: 0,
        })
        .onConflict((conflict) => conflict.column("serial").doNothing())
        .execute();
    },
    { concurrent: true },
  );
}

function unknown(who: string): PosternError {
  return new PosternError("member.unknown", `${who} is no member of this instance`, {
    remedy: "join with a new token",
  });
}

function revoked(message: string, { role, name }: LinkPeer): PosternError {
  return new PosternError("member.revoked", message, {
    remedy: `join again with a new token: postern ${role} token ${name}`,
  });
}

function unreadable(): PosternError {
  return new PosternError(
    "state.unreachable",
    `control has not been able to read who is a member for ${MOST_BLIND / 1_000} s`,
    { remedy: "see to the database; whoever has a certificate is let in again once it answers" },
  );
}
