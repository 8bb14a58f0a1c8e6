import type { Activation, Actor } from "#activation";
import { type AdministrationRecord, administrationEvent, decisionEvent, type EventOrigin } from "#events";
import { type Clock, type IdSource, newId, PosternError } from "#kernel";
import type { EventLog } from "#log";
import { checkInput, type Decision, decide, type Input } from "#policy";
import type { Store, WriteTransaction } from "#store";
import type { Caller } from "./caller.ts";
import { Denied } from "./problem.ts";

export interface AuthorityOptions {
  readonly store: Store;
  readonly log: Pick<EventLog, "append">;
  readonly activation: Pick<Activation, "active">;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly origin: EventOrigin;
}

/** An act to be authorised, done and recorded. */
export interface Act<T> {
  /** Such as `user.invite`. */
  readonly action: string;
  readonly target: AdministrationRecord["target"];
  /** Does it, within the transaction that holds its records. */
  readonly work: (actor: Actor) => Promise<T>;
  /** What the log is told when it is done; absent when the work logs it by itself. */
  readonly done?: (
    value: T,
  ) => Pick<AdministrationRecord, "details"> & Partial<Pick<AdministrationRecord, "target">>;
}

/** Lets callers do what the policy allows them, and nothing else. */
export interface Authority {
  /**
   * Decides a reading of records. An allowed one leaves no trace: the gateway has logged its request already, and a log that is full
   * of its own readers is of little use. A denied one is logged.
   * @throws PosternError `denied` with the decision's id
   */
  read(caller: Caller, action: string): Promise<void>;
  /**
   * Decides an act and does it. Decision, act and record are one transaction; of an act that is refused or fails, decision
   * and record alone remain.
   * @throws PosternError `denied` with the decision's id, or whatever the work throws
   */
  act<T>(caller: Caller, act: Act<T>): Promise<T>;
}

export function authority(options: AuthorityOptions): Authority {
  const { store, log, activation, clock, ids, origin } = options;

  async function judge(caller: Caller, action: string): Promise<{ input: Input; decision: Decision }> {
    const input = checkInput(await caller.input(action));
    const { set } = await activation.active();
    return { input, decision: decide(input, set, newId("dec", clock.now(), ids)) };
  }

  async function logDecision(
    tx: WriteTransaction,
    caller: Caller,
    input: Input,
    decision: Decision,
  ): Promise<void> {
    const record = { time: clock.now(), decision, input, source: caller.source };
    await log.append(tx, decisionEvent(origin, record));
  }

  return {
    async read(caller, action) {
      const { input, decision } = await judge(caller, action);
      if (decision.effect === "allow") return;
      await store.write(async (tx) => await logDecision(tx, caller, input, decision));
      throw denial(action, decision);
    },
    async act<T>(caller: Caller, { action, target, work, done }: Act<T>) {
      const { value: outcome } = await store.write<Outcome<T>>(async (tx) => {
        // inside the transaction: nothing that the decision rests on changes until the act is done
        const { input, decision } = await judge(caller, action);
        await logDecision(tx, caller, input, decision);
        const { actor, source } = caller;
        const by: Actor = { actor, source, decision: decision.id };
        async function record(
          rest: Pick<AdministrationRecord, "outcome" | "target"> & Partial<AdministrationRecord>,
        ): Promise<void> {
          await log.append(
            tx,
            administrationEvent(origin, { time: clock.now(), act: action, ...by, ...rest }),
          );
        }
        if (decision.effect !== "allow") {
          await record({ outcome: "failure", target, message: `${action}: denied by the policy` });
          return { error: denial(action, decision) };
        }
        try {
          const { value } = await store.write(async () => await work(by));
          if (done !== undefined) await record({ outcome: "success", target, ...done(value) });
          return { value };
        } catch (error) {
          const code = error instanceof PosternError ? error.code : "internal";
          await record({ outcome: "failure", target, message: `${action}: ${code}`, details: { code } });
          return { error };
        }
      });
      if ("error" in outcome) throw outcome.error;
      return outcome.value;
    },
  };
}

type Outcome<T> = { readonly value: T } | { readonly error: unknown };

function denial(action: string, decision: Decision): Denied {
  return new Denied(action, decision.id, decision.reasons[0]?.message ?? "No rule allows this");
}
