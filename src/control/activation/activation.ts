import type { AddApplication, Applied, Apply, PolicyActive, PolicyVersionItem } from "#api";
import { administrationEvent, type EventOrigin } from "#events";
import type { MyAccess } from "#identity";
import { type Clock, type IdSource, PosternError } from "#kernel";
import type { InstanceState } from "#link";
import type { EventLog } from "#log";
import { BUILTIN_FILE, type PolicySet, type SourceFile } from "#policy";
import type { Store, WriteTransaction } from "#store";
import { type Addresses, addressesOf } from "./addresses.ts";
import { applicationManifest, withoutApplication } from "./application-manifest.ts";
import { applicationsFor } from "./applications-for.ts";
import { type Actor, type Candidate, candidateOf, compileCandidate } from "./candidate.ts";
import { assignPorts, readPorts } from "./ports.ts";
import { type ActiveRow, compiledSets, readActive } from "./versions.ts";

export interface ActivationOptions {
  readonly store: Store;
  readonly log: Pick<EventLog, "append">;
  readonly clock: Clock;
  readonly ids: IdSource;
  /** Who records the events of this room. */
  readonly origin: EventOrigin;
  readonly instance: InstanceState;
}

/** The active set, compiled. */
export type Active = PolicyActive & { readonly set: PolicySet };

export interface Activation {
  /**
   * Activates the first set of an empty instance. On any other it brings what depends on how this instance was started in line:
   * the ports of applications, and a version that differs since Postern's own rules have changed.
   */
  ensureFirst(files: readonly SourceFile[]): Promise<void>;
  active(): Promise<Active>;
  /** The set of a version that was active once, for explaining what it decided. */
  version(version: string): Promise<PolicySet | undefined>;
  /** Activations, newest first, below `before`. */
  versions(page?: {
    readonly before?: number;
    readonly limit?: number;
  }): Promise<readonly PolicyVersionItem[]>;
  /** Puts files in force, at once and everywhere. @throws PolicyRefused, and then nothing has changed. */
  apply(files: readonly SourceFile[], mode: Apply["mode"], actor: Actor): Promise<Applied>;
  /** What `apply` would do. @throws PolicyRefused as it would. */
  preview(files: readonly SourceFile[], mode: Apply["mode"]): Promise<Applied>;
  /** Writes the manifest of an application and applies it. @throws PosternError `conflict`, PolicyRefused. */
  addApplication(application: AddApplication, actor: Actor): Promise<Applied>;
  /** Takes the manifest of an application away. @throws PosternError `not_found`, PolicyRefused. */
  removeApplication(name: string, actor: Actor): Promise<Applied>;
  /** Where browsers reach the applications of the active set. */
  readonly addresses: Addresses;
  /** The applications that a person may open in a session, as things stand. */
  applicationsFor(userId: string, sessionId: string): Promise<MyAccess["applications"]>;
}

/** @throws PosternError `policy.invalid` or `manifest.invalid` when this version of Postern no longer takes the active set */
export async function openActivation(options: ActivationOptions): Promise<Activation> {
  const { store, log, clock, ids, origin, instance } = options;
  const sets = compiledSets();
  let ports = await readPorts(store.db);

  async function activeRow(db: Store["db"]): Promise<ActiveRow> {
    const row = await readActive(db);
    if (row === undefined) throw new PosternError("not_found", "no policy set is active yet");
    return row;
  }

  async function active(): Promise<Active> {
    const { activation, version, at, actor, files } = await activeRow(store.db);
    // another node may have assigned some
    if (instance.hostStyle === "port") ports = await readPorts(store.db);
    const set = sets.of(version, files);
    return {
      version,
      activation,
      activatedAt: at,
      actor,
      ...(set.timeZone === undefined ? {} : { timeZone: set.timeZone }),
      files: set.files,
      rules: set.rules,
      warnings: set.warnings,
      set,
    };
  }

  /** Reads the active set, makes another of it and activates that, as one write. */
  async function change(
    make: (before: ActiveRow) => Candidate,
    what: { readonly act: string; readonly target: Target; readonly actor: Actor },
  ): Promise<Applied> {
    const { value } = await store.write(async (tx) => {
      const before = await activeRow(tx.db);
      // while nodes are brought to another version one by one, what this one would add to is not what is in force
      if (sets.of(before.version, before.files).version !== before.version)
        throw new PosternError("conflict", "the active set was made by another version of Postern", {
          remedy: "do this at a control node of that version, or when all are of one",
        });
      const { set, files } = make(before);
      if (set.version === before.version) return summary(set, files, before.activation, false);
      return summary(set, files, await activate(tx, set, before.activation + 1, what), true);
    });
    return value;
  }

  async function settlePorts(tx: WriteTransaction, set: PolicySet): Promise<void> {
    const assigned = await assignPorts(tx, instance, set);
    tx.afterCommit(() => {
      ports = assigned;
    });
  }

  async function activate(
    tx: WriteTransaction,
    set: PolicySet,
    activation: number,
    what: { readonly act: string; readonly target: Target; readonly actor: Actor },
  ): Promise<number> {
    const at = clock.now();
    const { version, files } = set;
    const { actor } = what.actor;
    await tx.db
      .insertInto("policy_version")
      .values({ version, files: JSON.stringify(files), created_at: at })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    await tx.db
      .insertInto("policy_activation")
      .values({ activation, version, at, actor: actor.name })
      .execute();
    tx.record({
      kind: "policy",
      key: "active",
      value: { version, activation, activatedAt: at, files, builtin: BUILTIN_FILE.text },
    });
    await settlePorts(tx, set);
    const { act, target } = what;
    await log.append(
      tx,
      administrationEvent(origin, {
        time: at,
        act,
        outcome: "success",
        target,
        ...what.actor,
        details: { version, activation },
      }),
    );
    sets.keep(set);
    return activation;
  }

  return {
    async ensureFirst(files) {
      await store.write(async (tx) => {
        const before = await readActive(tx.db);
        const set = sets.of(before?.version ?? "", before?.files ?? files);
        if (set.version === before?.version) await settlePorts(tx, set);
        else
          await activate(tx, compileCandidate([], set.files).set, (before?.activation ?? 0) + 1, {
            act: "policy.apply",
            target: POLICY,
            actor: FIRST_START,
          });
      });
    },
    active,
    version: async (version) => await sets.find(store.db, version),
    async versions({ before, limit = 50 } = {}) {
      const rows = store.db.selectFrom("policy_activation").selectAll().orderBy("activation", "desc");
      return await (before === undefined ? rows : rows.where("activation", "<", before))
        .limit(limit)
        .execute();
    },
    async apply(files, mode, actor) {
      return await change((before) => candidateOf(before.files, files, mode), {
        act: "policy.apply",
        target: POLICY,
        actor,
      });
    },
    async preview(files, mode) {
      const before = await activeRow(store.db);
      const { set, files: differences } = candidateOf(before.files, files, mode);
      return summary(set, differences, before.activation, set.version !== before.version);
    },
    async addApplication(application, actor) {
      const { name } = application;
      return await change(
        (before) => {
          const there = sets.of(before.version, before.files).applications.get(name);
          if (there !== undefined) {
            throw new PosternError("conflict", `there is an application ${name} already`, {
              where: there.source,
              remedy: `choose another name, or remove it first: postern app remove ${name}`,
            });
          }
          return candidateOf(before.files, [applicationManifest(before.files, application)], "merge");
        },
        { act: "application.add", target: { type: "application", id: name }, actor },
      );
    },
    async removeApplication(name, actor) {
      return await change(
        (before) => {
          if (!sets.of(before.version, before.files).applications.has(name))
            throw new PosternError("not_found", `there is no application ${name}`, {
              remedy: "see which there are: postern app list",
            });
          return compileCandidate(before.files, withoutApplication(before.files, name));
        },
        { act: "application.remove", target: { type: "application", id: name }, actor },
      );
    },
    addresses: (set) => addressesOf(instance, ports, set),
    async applicationsFor(user, session) {
      const { set } = await active();
      const addresses = addressesOf(instance, ports, set);
      return await applicationsFor({ store, clock, ids }, set, addresses, { user, session });
    },
  };
}

type Target = { readonly type: string; readonly id: string };
const POLICY: Target = { type: "policy", id: "active" };
/** The program itself acts for whoever started it. */
const FIRST_START: Actor = { actor: { type: "owner", id: "owner", name: "owner" }, source: {} };

function summary(set: PolicySet, files: Applied["files"], activation: number, changed: boolean): Applied {
  return { version: set.version, activation, changed, files, warnings: set.warnings };
}
