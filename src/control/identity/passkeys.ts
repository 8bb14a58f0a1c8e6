import {
  generateAuthenticationOptions,
  generateRegistrationOptions,
  type PublicKeyCredentialCreationOptionsJSON,
  type PublicKeyCredentialRequestOptionsJSON,
  type VerifiedAuthenticationResponse,
  type VerifiedRegistrationResponse,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from "@simplewebauthn/server";
import type { Selectable } from "kysely";
import { z } from "zod";
import { fromBase64Url, PosternError, toBase64Url } from "#kernel";
import type { InstanceState } from "#link";
import type { Schema } from "#store";
import { CHALLENGE } from "./limits.ts";
import type { Parts } from "./parts.ts";
import type { UserRow } from "./people.ts";

export type CredentialRow = Selectable<Schema["credential"]>;

/** COSE algorithms (RFC 9053): EdDSA, ES256, RS256. */
const ALGORITHMS = [-8, -7, -257];

const BASE64URL = z
  .string()
  .max(32_768)
  .regex(/^[A-Za-z0-9_-]*$/);
const TRANSPORT = z.enum(["ble", "cable", "hybrid", "internal", "nfc", "smart-card", "usb"]);

const REGISTRATION = z.object({
  id: BASE64URL,
  rawId: BASE64URL,
  type: z.literal("public-key"),
  response: z.object({
    clientDataJSON: BASE64URL,
    attestationObject: BASE64URL,
    transports: z.array(z.string().max(32)).max(16).optional(),
  }),
});

const ASSERTION = z.object({
  id: BASE64URL,
  rawId: BASE64URL,
  type: z.literal("public-key"),
  response: z.object({
    clientDataJSON: BASE64URL,
    authenticatorData: BASE64URL,
    signature: BASE64URL,
    userHandle: BASE64URL.nullish(),
  }),
});

/** Why a passkey was refused, for the log; the person is told one thing for all of them. */
export type RefusalReason =
  | "challenge.expired"
  | "passkey.malformed"
  | "passkey.unknown"
  | "passkey.invalid"
  | "passkey.cloned"
  | "user.disabled"
  | "user.mismatch";

export class PasskeyRefusal extends PosternError {
  readonly reason: RefusalReason;
  readonly user: { readonly id: string; readonly name: string } | undefined;
  constructor(reason: RefusalReason, user?: { id: string; name: string }, cause?: unknown) {
    super("passkey.refused", "this passkey was not accepted", { cause });
    this.reason = reason;
    this.user = user;
  }
}

/** WebAuthn Level 3 §5.1.3: the relying party is the login host by its full name. */
function relyingParty(instance: InstanceState): { readonly id: string; readonly origin: string } {
  return { id: new URL(instance.origins.login).hostname, origin: instance.origins.login };
}

/** A new challenge, 256 bits in base64url. */
export function newChallenge(parts: Parts): string {
  return toBase64Url(parts.ids.random(32));
}

/** What a browser needs to make a passkey for this person. */
export async function creationOptions(
  parts: Parts,
  challenge: string,
  user: { readonly id: string; readonly name: string; readonly displayName: string },
  existing: readonly string[],
): Promise<PublicKeyCredentialCreationOptionsJSON> {
  return await generateRegistrationOptions({
    rpName: "Postern",
    rpID: relyingParty(parts.instance).id,
    challenge: fromBase64Url(challenge),
    userID: userHandle(user.id),
    userName: user.name,
    userDisplayName: user.displayName,
    timeout: CHALLENGE,
    attestationType: "none",
    authenticatorSelection: { residentKey: "required", userVerification: "required" },
    excludeCredentials: existing.map((id) => ({ id })),
    supportedAlgorithmIDs: ALGORITHMS,
  });
}

/** What a browser needs to let a person choose one of their passkeys; it names nobody. */
export async function requestOptions(
  parts: Parts,
  challenge: string,
): Promise<PublicKeyCredentialRequestOptionsJSON> {
  return await generateAuthenticationOptions({
    rpID: relyingParty(parts.instance).id,
    challenge: fromBase64Url(challenge),
    timeout: CHALLENGE,
    userVerification: "required",
  });
}

/**
 * Checks a new passkey (WebAuthn Level 3 §7.1): challenge, origin to the port, relying party, user verification.
 * @throws PasskeyRefusal
 */
export async function checkRegistration(
  parts: Parts,
  candidate: unknown,
  challenge: string,
  user: { readonly id: string; readonly name: string },
): Promise<CredentialRow> {
  const parsed = REGISTRATION.safeParse(candidate);
  if (!parsed.success) throw new PasskeyRefusal("passkey.malformed", user, parsed.error);
  const { response, ...rest } = parsed.data;
  const transports = (response.transports ?? []).filter((name) => TRANSPORT.safeParse(name).success);
  const party = relyingParty(parts.instance);
  let result: VerifiedRegistrationResponse;
  try {
    result = await verifyRegistrationResponse({
      response: {
        ...rest,
        response: { clientDataJSON: response.clientDataJSON, attestationObject: response.attestationObject },
        clientExtensionResults: {},
      },
      expectedChallenge: challenge,
      expectedOrigin: party.origin,
      expectedRPID: party.id,
      requireUserVerification: true,
      supportedAlgorithmIDs: ALGORITHMS,
    });
  } catch (cause) {
    throw new PasskeyRefusal("passkey.invalid", user, cause);
  }
  if (!result.verified) throw new PasskeyRefusal("passkey.invalid", user);
  const { credential, aaguid, credentialBackedUp } = result.registrationInfo;
  return {
    id: credential.id,
    user_id: user.id,
    public_key: toBase64Url(credential.publicKey),
    sign_count: credential.counter,
    transports: JSON.stringify(transports),
    aaguid,
    backed_up: credentialBackedUp ? 1 : 0,
    name: "Passkey",
    created_at: parts.clock.now(),
    last_used_at: null,
  };
}

/** A person who has shown a passkey. */
export interface Shown {
  readonly user: UserRow;
  /** RFC 8176: a key in hardware or in software, verified together with the person. */
  readonly amr: readonly string[];
}

/**
 * Checks an assertion (WebAuthn Level 3 §7.2) and takes the passkey's new counter, all or nothing.
 * @throws PasskeyRefusal
 */
export async function checkAssertion(parts: Parts, candidate: unknown, challenge: string): Promise<Shown> {
  const parsed = ASSERTION.safeParse(candidate);
  if (!parsed.success) throw new PasskeyRefusal("passkey.malformed", undefined, parsed.error);
  const { db } = parts.store;
  const credential = await db
    .selectFrom("credential")
    .selectAll()
    .where("id", "=", parsed.data.id)
    .executeTakeFirst();
  if (credential === undefined) throw new PasskeyRefusal("passkey.unknown");
  const user = await db
    .selectFrom("user")
    .selectAll()
    .where("id", "=", credential.user_id)
    .executeTakeFirstOrThrow();
  const { userHandle: handle, ...response } = parsed.data.response;
  // a discoverable credential brings its user (§7.2 step 6)
  if (handle === undefined || handle === null || handle !== toBase64Url(userHandle(user.id)))
    throw new PasskeyRefusal("user.mismatch", user);

  const party = relyingParty(parts.instance);
  let result: VerifiedAuthenticationResponse;
  try {
    result = await verifyAuthenticationResponse({
      response: { ...parsed.data, response, clientExtensionResults: {} },
      expectedChallenge: challenge,
      expectedOrigin: party.origin,
      expectedRPID: party.id,
      requireUserVerification: true,
      // the counter is compared below, once the signature holds: a forged one must not look like a clone
      credential: { id: credential.id, publicKey: fromBase64Url(credential.public_key), counter: 0 },
    });
  } catch (cause) {
    throw new PasskeyRefusal("passkey.invalid", user, cause);
  }
  if (!result.verified) throw new PasskeyRefusal("passkey.invalid", user);
  if (user.disabled !== 0) throw new PasskeyRefusal("user.disabled", user);
  await takeCounter(parts, credential, user, result.authenticationInfo);
  const kept = result.authenticationInfo.credentialDeviceType === "singleDevice" ? "hwk" : "swk";
  return { user, amr: [kept, "user", "mfa"] };
}

/** §7.2 step 22: a counter that does not grow means that a second copy of the key is in use. */
async function takeCounter(
  parts: Parts,
  credential: CredentialRow,
  user: UserRow,
  info: VerifiedAuthenticationResponse["authenticationInfo"],
): Promise<void> {
  const { newCounter, credentialBackedUp } = info;
  const { value: updated } = await parts.store.write(
    async ({ db }) =>
      await db
        .updateTable("credential")
        .set({
          sign_count: newCounter,
          backed_up: credentialBackedUp ? 1 : 0,
          last_used_at: parts.clock.now(),
        })
        .where("id", "=", credential.id)
        // as it is by now: two logins of one person at once, at two nodes, are no clone
        .where((e) => (newCounter === 0 ? e("sign_count", "=", 0) : e("sign_count", "<", newCounter)))
        .executeTakeFirst(),
    { concurrent: true },
  );
  if (updated.numUpdatedRows === 0n) throw new PasskeyRefusal("passkey.cloned", user);
}

function userHandle(userId: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(userId, "utf8"));
}
