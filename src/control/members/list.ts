import type { Selectable } from "kysely";
import type { Schema } from "#store";
import { readAddresses } from "./clones.ts";
import { keyOf } from "./knowledge.ts";
import type { Parts } from "./parts.ts";
import type { MemberItem } from "./types.ts";

type ComponentRow = Selectable<Schema["component"]>;
type MemberRow = Selectable<Schema["member"]>;
type CertificateRow = Pick<
  Selectable<Schema["member_certificate"]>,
  "serial" | "role" | "name" | "not_after"
>;

/** Everybody who joined and everybody who was ever connected, by role and name. */
export async function listMembers({ store }: Parts): Promise<readonly MemberItem[]> {
  const head = await store.head();
  const components = byMember(await store.db.selectFrom("component").selectAll().execute());
  const members = byMember(await store.db.selectFrom("member").selectAll().execute());
  // oldest first, so that the last one of each stays
  const certificates = byMember<CertificateRow>(
    await store.db
      .selectFrom("member_certificate")
      .select(["serial", "role", "name", "not_after"])
      .where("revoked", "=", 0)
      .orderBy("issued_at")
      .execute(),
  );
  const keys = [...new Set([...components.keys(), ...members.keys()])].sort();
  return keys.flatMap((key) => {
    const component = components.get(key);
    const member = members.get(key);
    const role = member?.role ?? component?.role;
    const name = member?.name ?? component?.name;
    if (name === undefined || (role !== "gateway" && role !== "agent")) return [];
    return [
      {
        role,
        name,
        ...(member === undefined ? { state: "local" as const } : joined(member, certificates.get(key))),
        ...(component === undefined ? {} : said(component, head)),
      },
    ];
  });
}

function byMember<T extends { readonly role: string; readonly name: string }>(
  rows: readonly T[],
): ReadonlyMap<string, T> {
  return new Map(rows.map((row) => [keyOf(row), row]));
}

function joined(
  member: MemberRow,
  certificate: CertificateRow | undefined,
): Pick<MemberItem, "state" | "joinedAt" | "revokedAt" | "certificate" | "clone"> {
  return {
    state: member.state,
    joinedAt: member.joined_at,
    ...(member.revoked_at === null ? {} : { revokedAt: member.revoked_at }),
    ...(certificate === undefined
      ? {}
      : { certificate: { serial: certificate.serial, notAfter: certificate.not_after } }),
    ...(member.clone_since === null
      ? {}
      : { clone: { since: member.clone_since, addresses: readAddresses(member.clone_addresses) } }),
  };
}

function said(row: ComponentRow, head: { epoch: string; number: number }): Partial<MemberItem> {
  return Object.fromEntries(
    Object.entries({
      version: row.version,
      hostname: row.hostname,
      osRelease: row.os_release,
      connectedSince: row.connected_since,
      lastSeenAt: row.last_seen_at,
      node: row.node,
      address: row.address,
      reportedAt: row.reported_at,
      viewAgeSeconds: seconds(row.view_age_ms),
      lag: row.number === null || row.epoch !== head.epoch ? null : Math.max(0, head.number - row.number),
      skewSeconds: seconds(row.skew_ms),
      blocked: row.blocked,
      liveConnections: row.live_connections,
      unshippedRecords: row.unshipped_records,
    }).filter(([, value]) => value !== null),
  );
}

function seconds(ms: number | null): number | null {
  return ms === null ? null : ms / 1_000;
}
