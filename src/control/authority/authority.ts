import { administrationEvent } from "#events";
import { type Notify, PosternError, type Schedule } from "#kernel";
import type { LinkCredentials } from "#link";
import type { Store } from "#store";
import { authorityKeys, phaseOf, readBundle, readControlSigner, readRows, signerOf } from "./authorities.ts";
import { requestedKey } from "./certificate-request.ts";
import { ownCertificate } from "./own-certificate.ts";
import { isStepDue, publish, type RotationParts, say, settleAuthorities, takeStep } from "./rotation.ts";
import type { Authority, Rotation } from "./types.ts";
import { waitingFor } from "./waiting.ts";
import { checkMemberName, checkTrustDomain, pemOf, signLeaf } from "./x509-svid.ts";

export interface AuthorityOptions extends RotationParts {
  readonly store: Store;
  readonly schedule: Schedule;
  readonly notify: Notify;
}

/** How often this node looks whether another has changed the authorities. */
const LOOK_EVERY = 1_000;
/** How often the leader looks whether a rotation can go on. */
const STEP_EVERY = 5_000;

/**
 * Opens the authority of this instance, and makes it the first time. This node has its own certificate once it resolves.
 * @throws PosternError `input.invalid` for a trust domain or a node's name that cannot stand in a SPIFFE ID,
 * `state.damaged` when the authority's key does not open
 */
export async function openAuthority(options: AuthorityOptions): Promise<Authority> {
  const { store, secrets, clock, ids, schedule, notify, log, origin } = options;
  const trustDomain = checkTrustDomain(options.trustDomain);
  const node = checkMemberName(origin.name, "control");
  const keyOf = authorityKeys(secrets);

  await store.write(async (tx) => await settleAuthorities(tx, options));
  const own = await ownCertificate({ store, clock, ids, trustDomain, node, keyOf });

  let failing = false;
  let looking: Promise<void> | undefined;
  let again = false;
  async function refresh(): Promise<void> {
    try {
      while (again) {
        again = false;
        await own.refresh();
      }
      failing = false;
    } catch (error) {
      if (!failing)
        notify({ event: "warning", message: `control's certificate is as it was: ${messageOf(error)}` });
      failing = true;
    }
  }
  function look(): void {
    again = true;
    looking ??= refresh().finally(() => {
      looking = undefined;
    });
  }
  const stopLooking = schedule.every(LOOK_EVERY, look);
  const stopListening = store.onCommit(look);

  let stepping: Promise<void> | undefined;
  const resign = store.elect("authority-rotation", (leadership) => {
    async function step(): Promise<void> {
      try {
        if (await isStepDue(store.db, options)) {
          await store.write(async (tx) => {
            await leadership.confirm(tx);
            await takeStep(tx, options);
          });
        }
      } catch (error) {
        notify({ event: "warning", message: `the authority's rotation waits: ${messageOf(error)}` });
      }
    }
    function stepInBackground(): void {
      stepping ??= step().finally(() => {
        stepping = undefined;
      });
    }
    stepInBackground();
    return schedule.every(STEP_EVERY, stepInBackground);
  });

  async function rotation(): Promise<Rotation> {
    const rows = await readRows(store.db);
    return {
      ...phaseOf(rows),
      waitingFor: await waitingFor(store.db, rows, clock.now()),
      authorities: rows.map(({ id, not_after }) => ({ id, notAfter: not_after })),
    };
  }

  return {
    trustDomain,
    pin: async () => (await readControlSigner(store.db)).pin,
    bundle: async () => await readBundle(store.db),
    async issueMember({ role, name, csr }) {
      checkMemberName(name, role);
      const publicKey = await requestedKey(csr);
      const { value } = await store.write(async (tx) => {
        const authority = await keyOf(signerOf(await readRows(tx.db), "signs_members"));
        const now = clock.now();
        const leaf = await signLeaf(authority, { trustDomain, role, name, publicKey }, now, ids);
        const { serial, notBefore, notAfter } = leaf;
        await tx.db
          .insertInto("member_certificate")
          .values({
            serial,
            role,
            name,
            authority: authority.id,
            issued_at: now,
            not_after: notAfter,
            revoked: 0,
          })
          .execute();
        const certificate = pemOf(leaf.certificate) + pemOf(authority.certificate);
        return { certificate, serial, notBefore, notAfter };
      });
      return value;
    },
    controlCredentials: (): LinkCredentials => own.credentials(),
    standing: () => own.standing(),
    onChange: (listener) => own.onChange(listener),
    async rotate(by) {
      await store.write(async (tx) => {
        const { phase } = phaseOf(await readRows(tx.db));
        if (phase !== "steady") {
          throw new PosternError("conflict", "a rotation is under way", {
            remedy: "see where it stands: postern authority show",
          });
        }
        const message = await publish(tx, options);
        await say(tx, options, message);
        await log.append(
          tx,
          administrationEvent(origin, {
            time: clock.now(),
            act: "authority.rotate",
            outcome: "success",
            target: { type: "authority", id: trustDomain },
            message,
            ...by,
          }),
        );
      });
      return await rotation();
    },
    rotation,
    async close() {
      stopLooking();
      stopListening();
      await resign();
      await Promise.all([looking, stepping]);
    },
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
