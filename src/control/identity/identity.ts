import type { IncomingMessage, ServerResponse } from "node:http";
import { PosternError, type Schedule } from "#kernel";
import type { ActivityReport, EntryAccepted, EntryRequest, KeyAnnouncement, LoginClient } from "#link";
import type { Leadership } from "#store";
import { acceptEntry } from "./entry.ts";
import { announceKey, loginClient } from "./gateway-clients.ts";
import { ENDED_LINK, SWEEP_AFTER, SWEEP_EVERY } from "./limits.ts";
import {
  type EnrolmentLink,
  endLinks,
  type Invitation,
  type InvitationLink,
  invite,
  setupLink,
} from "./links.ts";
import { loginHost, type ServePage } from "./login-host.ts";
import type { ApplicationsFor } from "./my-access.ts";
import type { Parts } from "./parts.ts";
import { ADMINISTRATOR, administratorCanSignIn, administratorExists, putUser } from "./people.ts";
import { makeProvider, signingKey } from "./provider.ts";
import { noteActivity } from "./session-activity.ts";
import { removeSession, removeSessionsOf, type SessionEnd, sweepSessions } from "./sessions.ts";

export interface IdentityOptions extends Parts {
  readonly schedule: Schedule;
  /** Serves the pages of the login host, and their files under `/assets/`. */
  readonly page: ServePage;
  readonly applicationsFor: ApplicationsFor;
}

export interface Identity {
  /** Handles every request to the login host. */
  readonly handle: (request: IncomingMessage, response: ServerResponse) => void;
  /** Whether there is no administrator with a passkey yet. */
  needsSetup(): Promise<boolean>;
  /** A fresh link that makes the first administrator; the former ends. @throws PosternError `conflict` when there is one. */
  setupLink(): Promise<EnrolmentLink>;
  /** Makes a person and a link for their first passkey. @throws PosternError `input.invalid` or `conflict`. */
  invite(invitation: Invitation): Promise<InvitationLink>;
  /** Lets a cookie into a host, proved by an ID token. @throws PosternError `input.invalid` or `unauthenticated`. */
  acceptEntry(request: EntryRequest): Promise<EntryAccepted>;
  /** Extends sessions that were used. @throws PosternError `input.invalid`. */
  activity(report: ActivityReport): Promise<void>;
  /** Takes a gateway's public key. @throws PosternError `input.invalid` or `conflict`. */
  announceKey(announcement: KeyAnnouncement): Promise<void>;
  /** How all gateways sign people in together. */
  loginClient(): Promise<LoginClient>;
  /** Ends a session and all that was got through it. @throws PosternError `not_found`. */
  endSession(id: string, why: SessionEnd): Promise<void>;
  /**
   * Disables a person, which ends their sessions and links, or enables them again.
   * @throws PosternError `not_found`; `conflict` for the last administrator who could enable anybody.
   */
  setDisabled(userId: string, disabled: boolean): Promise<void>;
  /** Stops what runs from time to time, once what is running has ended. */
  close(): Promise<void>;
}

/** Opens the login host of an instance. Keys and cookie secrets are made the first time. */
export async function openIdentity(options: IdentityOptions): Promise<Identity> {
  const { store, clock, schedule, notify } = options;
  const parts: Parts = options;
  const key = await signingKey(parts);
  const provider = await makeProvider(parts);
  const handle = loginHost(parts, { provider, page: options.page, applicationsFor: options.applicationsFor });

  let sweeping: Promise<void> = Promise.resolve();
  const resign = store.elect("identity-expiry", (leadership) =>
    schedule.every(SWEEP_EVERY, () => {
      sweeping = sweeping
        .then(async () => await sweep(parts, leadership))
        .catch((error: unknown) =>
          notify({ event: "warning", message: `what has expired could not be removed: ${String(error)}` }),
        );
    }),
  );

  return {
    handle,
    needsSetup: async () => !(await administratorExists(store.db)),
    setupLink: async () => await setupLink(parts),
    invite: async (invitation) => await invite(parts, invitation),
    acceptEntry: async (request) => await acceptEntry(parts, key, request),
    activity: async (report) => await noteActivity(parts, report),
    announceKey: async (announcement) => await announceKey(parts, announcement),
    loginClient: async () => await loginClient(parts),
    async endSession(id, why) {
      await store.write(async (tx) => {
        const row = await tx.db.selectFrom("session").selectAll().where("id", "=", id).executeTakeFirst();
        if (row === undefined) throw new PosternError("not_found", "there is no such session");
        await removeSession(parts, tx, row, why, {});
      });
    },
    async setDisabled(userId, disabled) {
      await store.write(async (tx) => {
        const row = await tx.db.selectFrom("user").selectAll().where("id", "=", userId).executeTakeFirst();
        if (row === undefined) throw new PosternError("not_found", "there is no such person");
        if ((row.disabled !== 0) === disabled) return;
        await putUser(tx, { ...row, disabled: disabled ? 1 : 0, updated_at: clock.now() });
        if (!disabled) return;
        if (row.role === ADMINISTRATOR && !(await administratorCanSignIn(tx.db))) {
          throw new PosternError("conflict", `${row.name} is the last administrator who can sign in`, {
            remedy: "invite another administrator first",
          });
        }
        await removeSessionsOf(parts, tx, userId, "user-disabled");
        await endLinks(parts, tx, userId);
      });
    },
    async close() {
      await resign();
      await sweeping;
    },
  };
}

/** Removes what has expired. Sessions that have are logged as ended and taken from every enforcement point. */
async function sweep(parts: Parts, leadership: Leadership): Promise<void> {
  await sweepSessions(parts, leadership);
  const now = parts.clock.now();
  // a row that somebody renews meanwhile is looked at again by the statement that waited for it
  await parts.store.write(
    async (tx) => {
      await leadership.confirm(tx);
      await tx.db
        .deleteFrom("oidc")
        .where("expires_at", "<=", now - SWEEP_AFTER)
        .execute();
      await tx.db
        .deleteFrom("enrolment")
        .where("expires_at", "<=", now - ENDED_LINK)
        .execute();
    },
    { concurrent: true },
  );
}
