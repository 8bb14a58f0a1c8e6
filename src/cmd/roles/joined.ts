import { type Notify, PosternError, systemClock, systemSchedule } from "#kernel";
import { type ControlDialer, type LinkClient, type MemberRole, tlsDialer } from "#link";
import { openMembership } from "#membership";
import type { View } from "#view";
import { certificatePart } from "../operations/certificate-part.ts";
import type { Part } from "../operations/part.ts";
import { newBoot } from "./upward.ts";

/** What a gateway or an agent that joined from another machine has beside what both kinds of either have. */
export interface JoinedMember {
  readonly name: string;
  readonly boot: string;
  /** To whichever control node answers. */
  readonly dialer: ControlDialer;
  readonly certificate: { readonly part: Part; notAfter(): number };
  /** Keeps the membership up from now on. */
  readonly joined: (parts: { readonly link: LinkClient; readonly view: View }) => void;
  close(): Promise<void>;
}

/**
 * Opens the membership of a data folder.
 * @throws PosternError `not_found` when nobody joined with it, `member.unknown` when it is of the other role
 */
export async function openJoined(role: MemberRole, data: string, notify: Notify): Promise<JoinedMember> {
  const boot = newBoot();
  const clock = systemClock;
  const schedule = systemSchedule;
  const membership = await openMembership({ folder: data, clock, schedule, notify });
  const { name } = membership;
  if (membership.role !== role) {
    throw new PosternError("member.unknown", `this folder is of the ${membership.role} ${name}`, {
      where: data,
      remedy: `postern ${membership.role} run --data ${data}`,
    });
  }
  const notAfter = (): number => membership.certificateNotAfter();
  const remedy = `postern ${role} token ${name}, at control, if it does not renew by itself`;
  return {
    name,
    boot,
    dialer: tlsDialer({
      controls: () => membership.controls(),
      credentials: () => membership.credentials(),
      clock,
      schedule,
    }),
    certificate: { notAfter, part: certificatePart({ name: "member", notAfter, clock, remedy }) },
    joined: ({ link, view }) => membership.start({ link, view, boot }),
    close: async () => await membership.close(),
  };
}
