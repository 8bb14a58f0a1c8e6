import type { IncomingMessage, ServerResponse } from "node:http";
import type { PublicKeyCredentialRequestOptionsJSON } from "@simplewebauthn/server";
import { errors, type Provider } from "oidc-provider";
import { z } from "zod";
import type { RequestSource } from "#events";
import { PosternError, sha256Hex } from "#kernel";
import { CHALLENGE } from "./limits.ts";
import type { Parts } from "./parts.ts";
import { checkAssertion, newChallenge, PasskeyRefusal, requestOptions, type Shown } from "./passkeys.ts";
import { recordFailure } from "./record-login.ts";
import { removeSession } from "./sessions.ts";
import type { Verified } from "./types.ts";

/** What the ceremony of one interaction is given: its browser's request, and the id in the address. */
export interface SignInRequest {
  readonly uid: string;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly source: RequestSource;
}

type Interaction = Awaited<ReturnType<Provider["interactionDetails"]>>;

/** Begins the ceremony: a new challenge for this interaction, in place of any before it. */
export async function signInOptions(
  parts: Parts,
  provider: Provider,
  from: SignInRequest,
): Promise<PublicKeyCredentialRequestOptionsJSON> {
  await findInteraction(provider, from);
  const challenge = newChallenge(parts);
  const row = { payload: JSON.stringify({ challenge }), expires_at: parts.clock.now() + CHALLENGE };
  await parts.store.write(
    async ({ db }) => {
      await db
        .insertInto("oidc")
        .values({ ...row, ...challengeKey(from.uid), grant_id: null, uid: null, consumed_at: null })
        .onConflict((conflict) => conflict.columns(["model", "id"]).doUpdateSet(row))
        .execute();
    },
    { concurrent: true },
  );
  return await requestOptions(parts, challenge);
}

/**
 * Ends the ceremony: the passkey is checked against the one challenge, which is spent whatever comes of it, and
 * oidc-provider is told who it is. Every failure is logged and looks the same from outside.
 * @throws PosternError `passkey.refused`, or `not_found` when the interaction is over.
 */
export async function signInVerify(
  parts: Parts,
  provider: Provider,
  from: SignInRequest,
  candidate: unknown,
): Promise<Verified> {
  const interaction = await findInteraction(provider, from);
  let shown: Shown;
  try {
    const challenge = await takeChallenge(parts, from.uid);
    if (challenge === undefined) throw new PasskeyRefusal("challenge.expired");
    shown = await checkAssertion(parts, candidate, challenge);
  } catch (error) {
    if (error instanceof PasskeyRefusal) {
      await recordFailure(parts, {
        act: "sign-in",
        reason: error.reason,
        ...(error.user === undefined ? {} : { user: { id: error.user.id, name: error.user.name } }),
        source: from.source,
      });
    }
    throw error;
  }
  await leaveFormerPerson(parts, interaction, shown, from.source);
  const ts = Math.floor(parts.clock.now() / 1000);
  const login = { accountId: shown.user.id, ts, amr: [...shown.amr] };
  return { next: await provider.interactionResult(from.request, from.response, { login }) };
}

/** Somebody else signs in at this browser: the former person's session ends here, with all that it opened. */
async function leaveFormerPerson(
  parts: Parts,
  interaction: Interaction,
  shown: Shown,
  source: RequestSource,
): Promise<void> {
  const former = interaction.session;
  if (former === undefined || former.accountId === shown.user.id) return;
  await parts.store.write(async (tx) => {
    const row = await tx.db.selectFrom("session").selectAll().where("id", "=", former.uid).executeTakeFirst();
    if (row !== undefined) await removeSession(parts, tx, row, "sign-out", source);
  });
  delete interaction.session;
  await interaction.persist();
}

async function findInteraction(provider: Provider, from: SignInRequest): Promise<Interaction> {
  let interaction: Interaction | undefined;
  try {
    interaction = await provider.interactionDetails(from.request, from.response);
  } catch (error) {
    if (!(error instanceof errors.SessionNotFound)) throw error;
  }
  if (interaction !== undefined && interaction.uid === from.uid && interaction.prompt.name === "login")
    return interaction;
  throw new PosternError("not_found", "this sign-in is over", {
    remedy: "open the application again to sign in",
  });
}

const STORED = z.object({ challenge: z.string() });

function challengeKey(uid: string): { readonly model: "Challenge"; readonly id: string } {
  return { model: "Challenge", id: sha256Hex(`interaction ${uid}`) };
}

async function takeChallenge(parts: Parts, uid: string): Promise<string | undefined> {
  const { model, id } = challengeKey(uid);
  const { value: row } = await parts.store.write(
    async ({ db }) =>
      await db
        .deleteFrom("oidc")
        .where("model", "=", model)
        .where("id", "=", id)
        .returning(["payload", "expires_at"])
        .executeTakeFirst(),
    { concurrent: true },
  );
  if (row === undefined || row.expires_at === null || row.expires_at <= parts.clock.now()) return undefined;
  return STORED.parse(JSON.parse(row.payload)).challenge;
}
