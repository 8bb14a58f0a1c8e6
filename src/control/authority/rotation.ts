/**
 * The rotation of control's authority, in steps that each commit whole, so that whoever leads next goes on where the
 * last one was ended.
 *
 * That no handshake fails on the way rests on the order. Control nodes go on presenting certificates of the old
 * authority until every certificate that a member holds is of the new one, since whoever got it got the new authority
 * with it: also who slept through all of it. Only once every control node presents the new one is the old one gone.
 */
import { componentEvent, type EventOrigin } from "#events";
import type { EventLog } from "#log";
import type { Store, WriteTransaction } from "#store";
import {
  type AuthorityMaker,
  type AuthorityRow,
  addAuthority,
  dropAuthority,
  phaseOf,
  readRows,
} from "./authorities.ts";
import type { RotationPhase } from "./types.ts";
import { waitingFor } from "./waiting.ts";
import { AUTHORITY_LIFE } from "./x509-svid.ts";

export interface RotationParts extends AuthorityMaker {
  readonly log: Pick<EventLog, "append">;
  readonly origin: EventOrigin;
}

/** A step that is due, and what it says in the log. */
interface Step {
  take(tx: WriteTransaction): Promise<string>;
}

/** From each phase to the next. */
const STEPS: {
  readonly [phase in RotationPhase]: (
    rows: readonly AuthorityRow[],
    parts: RotationParts,
  ) => Step | undefined;
} = {
  steady: ([only], parts) => {
    if (only === undefined || parts.clock.now() < only.not_after - AUTHORITY_LIFE / 2) return undefined;
    return { take: async (tx) => await publish(tx, parts) };
  },
  published: ([old, next], parts) =>
    old === undefined || next === undefined
      ? undefined
      : {
          take: async (tx) => {
            await sign(tx, next, old, "signs_members", parts.clock.now());
            return `authority ${short(next)} signs for gateways and agents`;
          },
        },
  members: ([old, next], parts) =>
    old === undefined || next === undefined
      ? undefined
      : {
          take: async (tx) => {
            await sign(tx, next, old, "signs_control", parts.clock.now());
            return `authority ${short(next)} signs for control nodes`;
          },
        },
  control: ([old]) =>
    old === undefined
      ? undefined
      : {
          take: async (tx) => {
            await dropAuthority(tx, old.id);
            return `authority ${short(old)} is gone`;
          },
        },
};

/** Makes the first authority, and another for one that has ended while nobody was there to rotate it. */
export async function settleAuthorities(tx: WriteTransaction, parts: RotationParts): Promise<void> {
  const now = parts.clock.now();
  for (const row of await readRows(tx.db)) {
    if (row.not_after <= now) {
      await dropAuthority(tx, row.id);
      await say(tx, parts, `authority ${short(row)} has ended`);
    }
  }
  const [only, ...more] = await readRows(tx.db);
  if (only === undefined) {
    const id = await addAuthority(tx, parts, "everybody");
    await say(tx, parts, `authority ${short({ id })} signs`);
  } else if (more.length === 0 && only.signs_members + only.signs_control < 2) {
    await tx.db
      .updateTable("authority")
      .set({ signs_members: 1, signs_control: 1, phase_since: now })
      .execute();
    await say(tx, parts, `authority ${short(only)} signs`);
  }
}

/** Publishes the next authority; it signs nothing yet. Returns what to say of it. */
export async function publish(tx: WriteTransaction, parts: RotationParts): Promise<string> {
  return `authority ${short({ id: await addAuthority(tx, parts, "nobody") })} is published`;
}

/** Says in the log what has become of an authority. */
export async function say(tx: WriteTransaction, parts: RotationParts, message: string): Promise<void> {
  const { log, origin, clock } = parts;
  await log.append(
    tx,
    componentEvent(origin, { time: clock.now(), component: origin, state: "authority-rotated", message }),
  );
}

/** Whether the leader has something to do. */
export async function isStepDue(db: Store["db"], parts: RotationParts): Promise<boolean> {
  const rows = await readRows(db);
  if (rows.length === 0 || rows.some(({ not_after }) => not_after <= parts.clock.now())) return true;
  return (await dueStep(db, rows, parts)) !== undefined;
}

/** Takes one step if it is due in the eyes of this transaction. */
export async function takeStep(tx: WriteTransaction, parts: RotationParts): Promise<void> {
  await settleAuthorities(tx, parts);
  const step = await dueStep(tx.db, await readRows(tx.db), parts);
  if (step !== undefined) await say(tx, parts, await step.take(tx));
}

async function dueStep(
  db: Store["db"],
  rows: readonly AuthorityRow[],
  parts: RotationParts,
): Promise<Step | undefined> {
  const step = STEPS[phaseOf(rows).phase](rows, parts);
  if (step === undefined) return undefined;
  return (await waitingFor(db, rows, parts.clock.now())).length === 0 ? step : undefined;
}

async function sign(
  tx: WriteTransaction,
  next: AuthorityRow,
  old: AuthorityRow,
  whom: "signs_members" | "signs_control",
  now: number,
): Promise<void> {
  await tx.db
    .updateTable("authority")
    .set({ [whom]: 0 })
    .where("id", "=", old.id)
    .execute();
  await tx.db
    .updateTable("authority")
    .set({ [whom]: 1, phase_since: now })
    .where("id", "=", next.id)
    .execute();
}

function short({ id }: { readonly id: string }): string {
  return id.slice(0, 16);
}
