import { type LoginRecord, loginEvent } from "#events";
import type { WriteTransaction } from "#store";
import type { Parts } from "./parts.ts";

type Outcome = Omit<LoginRecord, "time">;

/** Adds a sign-in, a sign-out, an enrolment or a failed try to the log, in the transaction that it belongs to. */
export async function recordLogin(parts: Parts, tx: WriteTransaction, outcome: Outcome): Promise<void> {
  await parts.log.append(tx, loginEvent(parts.origin, { time: parts.clock.now(), ...outcome }));
}

/** Adds a failed try, which changes nothing else, and holds nothing else up. */
export async function recordFailure(parts: Parts, failure: Omit<Outcome, "outcome">): Promise<void> {
  await parts.store.write(async (tx) => await recordLogin(parts, tx, { ...failure, outcome: "failure" }), {
    concurrent: true,
  });
}
