import { join } from "node:path";
import { type Notify, newId, systemClock, systemIds, systemSchedule } from "#kernel";
import {
  type ControlDialer,
  LINK_PATHS,
  type LinkClient,
  linkClient,
  type MemberRole,
  parseRecordsAccepted,
} from "#link";
import { openSpool, type Spool } from "#spool";
import type { Part } from "../operations/part.ts";
import { spoolPart } from "../operations/spool-part.ts";

/** What every enforcement point has towards control: the link, and the spool of what is on its way up. */
export interface Upward {
  readonly link: LinkClient;
  readonly spool: Spool;
  /** Health and metrics of the spool. */
  readonly part: Part;
}

export interface UpwardOptions {
  readonly role: MemberRole;
  readonly name: string;
  readonly boot: string;
  readonly data: string;
  readonly dialer: ControlDialer;
  readonly notify: Notify;
}

export async function openUpward(options: UpwardOptions): Promise<Upward> {
  const { role, name, boot, dialer, notify } = options;
  const link = linkClient({ dialer, boot, role, name });
  const folder = join(options.data, "spool");
  const spool = await openSpool({
    folder,
    source: `${role}:${name}`,
    boot,
    schedule: systemSchedule,
    ship: async (records) => parseRecordsAccepted(await link.send(LINK_PATHS.records, records)),
    notify,
  });
  return { link, spool, part: spoolPart({ spool, folder, unshipped: () => spool.unshipped }) };
}

/** Identifies this start of the process. */
export function newBoot(): string {
  return newId("boot", systemClock.now(), systemIds);
}
