import { z } from "zod";
import { componentEvent } from "#events";
import type { LinkPeer, MemberRole } from "#link";
import type { WriteTransaction } from "#store";
import { ADDRESSES_KEPT, BOOTS_KEPT } from "./limits.ts";
import type { Parts } from "./parts.ts";

/** Puts a start of a member's process after those that were heard before. */
export async function heardBoot(parts: Parts, peer: LinkPeer, boot: string): Promise<void> {
  const { store, clock } = parts;
  const { role, name, address } = peer;
  await store.write(async ({ db }) => {
    const last = await db
      .selectFrom("member_boot")
      .select((e) => e.fn.max("ordinal").as("ordinal"))
      .where("role", "=", role)
      .where("name", "=", name)
      .executeTakeFirst();
    const ordinal = Number(last?.ordinal ?? 0) + 1;
    await db
      .insertInto("member_boot")
      .values({
        role,
        name,
        boot,
        ordinal,
        first_seen_at: clock.now(),
        address: address ?? null,
        reported: 0,
      })
      .onConflict((conflict) => conflict.columns(["role", "name", "boot"]).doNothing())
      .execute();
    await db
      .deleteFrom("member_boot")
      .where("role", "=", role)
      .where("name", "=", name)
      .where("ordinal", "<=", ordinal - BOOTS_KEPT)
      .execute();
  });
}

const ADDRESSES = z.array(z.string());

/** The addresses that a member's report of a clone names. */
export function readAddresses(text: string | null): string[] {
  return text === null ? [] : ADDRESSES.parse(JSON.parse(text));
}

/** Puts on record that a member's certificate is in use from two places; for one start of a process once. */
export async function reportClone(
  tx: WriteTransaction,
  parts: Parts,
  peer: LinkPeer,
  found: { readonly boot: string; readonly message: string },
): Promise<void> {
  const { log, clock, origin } = parts;
  const { role, name } = peer;
  const now = clock.now();
  const { numUpdatedRows } = await tx.db
    .updateTable("member_boot")
    .set({ reported: 1 })
    .where("role", "=", role)
    .where("name", "=", name)
    .where("boot", "=", found.boot)
    .where("reported", "=", 0)
    .executeTakeFirst();
  if (numUpdatedRows === 0n) return;
  const addresses = await addressesOf(tx, role, name, peer.address);
  await tx.db
    .updateTable("member")
    .set((e) => ({
      clone_since: e.fn.coalesce("clone_since", e.val(now)),
      clone_addresses: JSON.stringify(addresses),
    }))
    .where("role", "=", role)
    .where("name", "=", name)
    .execute();
  const from = addresses.length === 0 ? "" : ` (${addresses.join(", ")})`;
  const component = { role, name, version: origin.version };
  await log.append(
    tx,
    componentEvent(origin, {
      time: now,
      component,
      state: "cloned",
      message: `${found.message}${from}; revoke it, and let it join again`,
    }),
  );
}

/** Where the last starts came from, and what the report says already. */
async function addressesOf(
  tx: WriteTransaction,
  role: MemberRole,
  name: string,
  address: string | undefined,
): Promise<string[]> {
  const member = await tx.db
    .selectFrom("member")
    .select("clone_addresses")
    .where("role", "=", role)
    .where("name", "=", name)
    .executeTakeFirst();
  const boots = await tx.db
    .selectFrom("member_boot")
    .select("address")
    .where("role", "=", role)
    .where("name", "=", name)
    .orderBy("ordinal", "desc")
    .limit(2)
    .execute();
  const seen = [address, ...boots.map((boot) => boot.address)].filter((each) => each != null);
  return [...new Set([...readAddresses(member?.clone_addresses ?? null), ...seen])].slice(0, ADDRESSES_KEPT);
}
