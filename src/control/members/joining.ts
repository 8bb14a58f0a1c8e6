import { readBundle, serialKey } from "#authority";
import { administrationEvent, componentEvent } from "#events";
import { rateLimit } from "#identity";
import { PosternError } from "#kernel";
import type { JoinRequest, LinkPeer, MemberRole, Membership, RenewRequest } from "#link";
import type { WriteTransaction } from "#store";
import type { Admission } from "./admission.ts";
import { heardBoot, reportClone } from "./clones.ts";
import { keyOf } from "./knowledge.ts";
import { FAILURES_PER_MINUTE, RENEWALS_PER_MINUTE } from "./limits.ts";
import type { Parts } from "./parts.ts";
import { checkJoinRequest, checkRenewRequest } from "./requests.ts";
import { endTokens, type Invited, readToken, redeemToken } from "./tokens.ts";
import type { Actor } from "./types.ts";

/** Coming in, going on and being shut out. */
export interface Joining {
  join(request: JoinRequest, from: string | undefined): Promise<Membership>;
  renew(peer: LinkPeer, request: RenewRequest): Promise<Membership>;
  revoke(role: MemberRole, name: string, by: Actor): Promise<number>;
}

export function openJoining(parts: Parts, admission: Admission): Joining {
  const { store, clock, log, origin, authority } = parts;
  const guesses = rateLimit(FAILURES_PER_MINUTE, clock);
  const renewals = rateLimit(RENEWALS_PER_MINUTE, clock);

  return {
    async join(said, from) {
      const source = from ?? "local";
      take(guesses.take(source), "too many tries to join from here");
      const request = checkJoinRequest(said);
      // a guess is found out before anything is signed, or even parsed
      await readToken(store.db, request.token, clock.now());
      const { value } = await store.write(async (tx) => {
        const now = clock.now();
        const invited = await redeemToken(tx, request.token, now);
        const replaced = await putMember(tx, invited, now);
        const { certificate } = await authority.issueMember({ ...invited, csr: request.csr });
        await heardBoot(parts, peerOf(invited, from), request.boot);
        await log.append(
          tx,
          componentEvent(origin, {
            time: now,
            component: { ...invited, version: request.version },
            state: "joined",
            message: `${invited.role} ${invited.name} joined${from === undefined ? "" : ` from ${from}`}${replaced ? ", in the place of an earlier one" : ""}`,
          }),
        );
        return await membership(tx, parts, { ...invited, certificate });
      });
      guesses.giveBack(source);
      // whoever has joined may come at once
      await admission.refresh();
      return value;
    },

    async renew(peer, said) {
      const request = checkRenewRequest(said);
      admission.admit(peer, request.boot, "renew");
      const { role, name } = peer;
      if (peer.serial === undefined) {
        throw new PosternError("input.invalid", `${role} ${name} comes over the Unix socket`, {
          remedy: "it needs no certificate",
        });
      }
      const serial = serialKey(peer.serial);
      take(renewals.take(keyOf(peer)), "too many new certificates in a minute");
      const { value } = await store.write(async (tx) => {
        const now = clock.now();
        await checkStillJoined(tx, peer, serial);
        const { certificate, notAfter } = await authority.issueMember({ role, name, csr: request.csr });
        await heardBoot(parts, peer, request.boot);
        await noteRenewal(tx, parts, peer, { serial, boot: request.boot });
        const component = { role, name, version: origin.version };
        const message = `${role} ${name} has a new certificate, until ${new Date(notAfter).toISOString()}`;
        await log.append(tx, componentEvent(origin, { time: now, component, state: "renewed", message }));
        return await membership(tx, parts, { role, name, certificate });
      });
      return value;
    },

    async revoke(role, name, by) {
      const { value } = await store.write(async (tx) => {
        const now = clock.now();
        const since = await shutOut(tx, { role, name }, now);
        const message = `${role} ${name} is revoked`;
        const component = { role, name, version: origin.version };
        await log.append(
          tx,
          administrationEvent(origin, {
            time: now,
            act: "member.revoke",
            outcome: "success",
            target: { type: role, id: `${role}:${name}`, name },
            ...by,
          }),
        );
        await log.append(tx, componentEvent(origin, { time: now, component, state: "revoked", message }));
        return since;
      });
      await admission.refresh();
      return value;
    },
  };
}

function take(seconds: number | undefined, message: string): void {
  if (seconds === undefined) return;
  throw new PosternError("rate_limited", message, { remedy: `try again in ${seconds} s` });
}

function peerOf({ role, name }: Invited, address: string | undefined): LinkPeer {
  return { role, name, ...(address === undefined ? {} : { address }) };
}

/** Puts a member in place as one that just joined; whatever an earlier one of that name had is worth nothing from now on. */
async function putMember(tx: WriteTransaction, { role, name }: Invited, now: number): Promise<boolean> {
  const before = await tx.db
    .selectFrom("member")
    .select("state")
    .where("role", "=", role)
    .where("name", "=", name)
    .executeTakeFirst();
  await tx.db
    .insertInto("member")
    .values({ role, name, state: "joined", joined_at: now })
    .onConflict((conflict) =>
      conflict.columns(["role", "name"]).doUpdateSet({
        state: "joined",
        joined_at: now,
        revoked_at: null,
        clone_since: null,
        clone_addresses: null,
      }),
    )
    .execute();
  await endCertificates(tx, { role, name });
  await tx.db.deleteFrom("member_boot").where("role", "=", role).where("name", "=", name).execute();
  // a local process had this name once, and no longer runs
  await tx.db
    .updateTable("component")
    .set({ local: 0 })
    .where("role", "=", role)
    .where("name", "=", name)
    .execute();
  return before?.state === "joined";
}

/** Ends what a member proves itself with: its certificates, and the keys that its gateway signs with. */
async function endCertificates(tx: WriteTransaction, { role, name }: Invited): Promise<void> {
  await tx.db
    .updateTable("member_certificate")
    .set({ revoked: 1 })
    .where("role", "=", role)
    .where("name", "=", name)
    .execute();
  if (role === "gateway") await tx.db.deleteFrom("gateway_key").where("gateway", "=", name).execute();
}

/** Returns since when it is shut out: once revoked, it stays so since then. */
async function shutOut(tx: WriteTransaction, member: Invited, now: number): Promise<number> {
  const { role, name } = member;
  const revoked = await tx.db
    .updateTable("member")
    .set((e) => ({ state: "revoked", revoked_at: e.fn.coalesce("revoked_at", e.val(now)) }))
    .where("role", "=", role)
    .where("name", "=", name)
    .returning("revoked_at")
    .executeTakeFirst();
  if (revoked === undefined) {
    const local = await tx.db
      .selectFrom("component")
      .select("name")
      .where("role", "=", role)
      .where("name", "=", name)
      .executeTakeFirst();
    throw local === undefined
      ? new PosternError("not_found", `there is no ${role} ${name}`)
      : new PosternError("conflict", `${role} ${name} runs beside control and has no certificate`, {
          remedy: "stop that process",
        });
  }
  await endCertificates(tx, member);
  await endTokens(tx, member);
  return revoked.revoked_at ?? now;
}

/** Memory may be half a second old; what is signed is not signed on that. */
async function checkStillJoined(
  tx: WriteTransaction,
  { role, name }: LinkPeer,
  serial: string,
): Promise<void> {
  const member = await tx.db
    .selectFrom("member")
    .select("state")
    .where("role", "=", role)
    .where("name", "=", name)
    .executeTakeFirst();
  const certificate = await tx.db
    .selectFrom("member_certificate")
    .select("revoked")
    .where("serial", "=", serial)
    .executeTakeFirst();
  if (member?.state !== "joined" || certificate?.revoked === 1) {
    throw new PosternError("member.revoked", `${role} ${name} is revoked`, {
      remedy: `join again with a new token: postern ${role} token ${name}`,
    });
  }
}

/** A process asks again when an answer is lost; another process with the same certificate is a clone. */
async function noteRenewal(
  tx: WriteTransaction,
  parts: Parts,
  peer: LinkPeer,
  { serial, boot }: { readonly serial: string; readonly boot: string },
): Promise<void> {
  const before = await tx.db
    .selectFrom("member_certificate")
    .select("renewed_boot")
    .where("serial", "=", serial)
    .executeTakeFirst();
  const renewedBy = before?.renewed_boot ?? undefined;
  if (renewedBy === undefined) {
    await tx.db
      .updateTable("member_certificate")
      .set({ renewed_boot: boot })
      .where("serial", "=", serial)
      .execute();
  } else if (renewedBy !== boot) {
    const message = `the certificate of ${peer.role} ${peer.name} was renewed by two processes`;
    await reportClone(tx, parts, peer, { boot, message });
  }
}

async function membership(
  tx: WriteTransaction,
  { authority, node }: Parts,
  issued: Invited & { readonly certificate: string },
): Promise<Membership> {
  const rows = await tx.db
    .selectFrom("control_node")
    .select("url")
    .where("url", "is not", null)
    .orderBy("name")
    .execute();
  const urls = rows.map(({ url }) => url).filter((url) => url !== null);
  return {
    role: issued.role,
    name: issued.name,
    trustDomain: authority.trustDomain,
    certificate: issued.certificate,
    authorities: await readBundle(tx.db),
    controls: [...new Set([...urls, ...(node.url === undefined ? [] : [node.url])])],
  };
}
