import { X509Certificate } from "node:crypto";
import type { Selectable } from "kysely";
import { type Clock, type IdSource, PosternError } from "#kernel";
import type { Secrets } from "#secrets";
import type { Schema, Store, WriteTransaction } from "#store";
import type { RotationPhase } from "./types.ts";
import {
  authorityId,
  makeAuthority,
  pemOf,
  pinOf,
  readAuthority,
  type SigningAuthority,
} from "./x509-svid.ts";

export type AuthorityRow = Selectable<Schema["authority"]>;

/** The authorities that count, oldest first. */
export async function readRows(db: Store["db"]): Promise<AuthorityRow[]> {
  return await db.selectFrom("authority").selectAll().orderBy("created_at").orderBy("id").execute();
}

/** The authorities that count, PEM, oldest first: as a transaction sees them. */
export async function readBundle(db: Store["db"]): Promise<readonly string[]> {
  return (await readRows(db)).map(({ certificate }) => certificate);
}

/** The authority behind the certificates of control nodes, and the pin to know it by: as a transaction sees them. */
export async function readControlSigner(
  db: Store["db"],
): Promise<{ readonly id: string; readonly pin: string }> {
  const { id, certificate } = signerOf(await readRows(db), "signs_control");
  return { id, pin: pinOf(new X509Certificate(certificate)) };
}

/** Where a rotation stands: who signs for whom says it. */
export function phaseOf(rows: readonly AuthorityRow[]): { phase: RotationPhase; since: number } {
  const [old, next] = rows;
  if (old === undefined) throw noAuthority();
  if (next === undefined) return { phase: "steady", since: old.phase_since };
  const phase = next.signs_members === 0 ? "published" : next.signs_control === 0 ? "members" : "control";
  return { phase, since: next.phase_since };
}

/** The authority that signs for members, or for control nodes. @throws PosternError `state.damaged` */
export function signerOf(
  rows: readonly AuthorityRow[],
  whom: "signs_members" | "signs_control",
): AuthorityRow {
  const row = rows.find((each) => each[whom] === 1);
  if (row === undefined) throw noAuthority();
  return row;
}

function noAuthority(): PosternError {
  return new PosternError("state.damaged", "the database has no authority that signs", {
    remedy: "restore a backup of it",
  });
}

export interface AuthorityMaker {
  readonly secrets: Secrets;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly trustDomain: string;
}

/** Makes an authority and publishes it. It signs for everybody at once when it is the only one. */
export async function addAuthority(
  tx: WriteTransaction,
  maker: AuthorityMaker,
  signs: "everybody" | "nobody",
): Promise<string> {
  const { secrets, clock, ids, trustDomain } = maker;
  const now = clock.now();
  const { certificate, pkcs8 } = await makeAuthority(trustDomain, now, ids);
  const id = authorityId(certificate);
  const sign = signs === "everybody" ? 1 : 0;
  await tx.db
    .insertInto("authority")
    .values({
      id,
      certificate: pemOf(certificate),
      key_sealed: secrets.seal(pkcs8, contextOf(id)),
      not_after: certificate.notAfter.getTime(),
      created_at: now,
      signs_members: sign,
      signs_control: sign,
      phase_since: now,
    })
    .execute();
  tx.record({ kind: "authority", key: id, value: { certificate: pemOf(certificate) } });
  return id;
}

/** Takes an authority, its key with it, from everybody. */
export async function dropAuthority(tx: WriteTransaction, id: string): Promise<void> {
  await tx.db.deleteFrom("authority").where("id", "=", id).execute();
  tx.record({ kind: "authority", key: id, value: null });
}

/** Opens rows to sign with; each is opened once. */
export function authorityKeys(secrets: Secrets): (row: AuthorityRow) => Promise<SigningAuthority> {
  const opened = new Map<string, SigningAuthority>();
  return async (row) => {
    const before = opened.get(row.id);
    if (before !== undefined) return before;
    const pkcs8 = Uint8Array.from(secrets.open(row.key_sealed, contextOf(row.id)));
    let authority: SigningAuthority;
    try {
      authority = await readAuthority(row.certificate, pkcs8);
    } catch (cause) {
      throw new PosternError("state.damaged", "control's authority is not whole", {
        remedy: "restore a backup of the database",
        cause,
      });
    }
    // one that was dropped is not kept: there are two at most
    if (opened.size >= 2) opened.clear();
    opened.set(row.id, authority);
    return authority;
  };
}

function contextOf(id: string): string {
  return `authority/${id}`;
}
