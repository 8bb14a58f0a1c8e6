import { growingPause, type Notify, sha256Hex } from "#kernel";
import { LINK_PATHS, parseMembership } from "#link";
import { newKeyAndRequest } from "./certificate-request.ts";
import type { HeldMember } from "./held-member.ts";
import { certificateOf, isOfNewest, type Member, newMemberOf } from "./member.ts";
import type { MembershipLinks, MembershipOptions } from "./types.ts";

/** How often it is looked whether something is due. */
const LOOK_MS = 5_000;
/** Between two tries to renew a certificate, the longer the more were in vain. */
const FIRST_PAUSE_MS = 10_000;
const LONGEST_PAUSE_MS = 5 * 60_000;
/** Of a certificate's life: when it is renewed, by how much that differs between members, and when it is late. */
const RENEW_AT = 0.5;
const SPREAD = 0.05;
const LATE_AT = 0.75;

export interface KeepUpOptions extends MembershipOptions, MembershipLinks {
  readonly held: HeldMember;
}

/**
 * Renews a membership's certificate at half of its life, or at once when another authority than the newest has signed it, and
 * takes over which authorities and control nodes there are. Returns what ends that.
 */
export function keepUp(options: KeepUpOptions): () => Promise<void> {
  const { held, link, view, boot, clock, schedule, notify } = options;
  let attempts = 0;
  let notBefore = clock.monotonic();
  let failing = false;
  let stopped = false;
  let looking: Promise<void> | undefined;
  let again = false;
  const warn = warnings(notify);

  async function look(): Promise<void> {
    await held.settle();
    await held.update((member) => followed(member, view));
    warn(held.member, clock.now());
    if (!isDue(held.member, clock.now())) {
      attempts = 0;
      return;
    }
    if (clock.monotonic() < notBefore) return;
    // also after success: the newest authority may not sign yet
    notBefore = clock.monotonic() + growingPause(attempts, FIRST_PAUSE_MS, LONGEST_PAUSE_MS);
    attempts += 1;
    await renew();
  }

  async function renew(): Promise<void> {
    const before = held.member;
    try {
      const { key, csr } = newKeyAndRequest();
      const given = parseMembership(await link.send(LINK_PATHS.renew, { csr, boot }));
      const { role, name, trustDomain } = before;
      const controls = given.controls.length === 0 ? before.controls : given.controls;
      // who this is does not change: what is for somebody else is refused
      const next = newMemberOf({ ...given, controls, role, name, trustDomain }, key);
      await held.update((member) => (member.certificate === before.certificate ? next : member));
      failing = false;
    } catch (error) {
      if (!failing)
        notify({
          event: "certificate-unrenewed",
          message: `the certificate was not renewed, and will be tried again: ${error instanceof Error ? error.message : String(error)}`,
        });
      failing = true;
    }
  }

  /** One look at a time, and one more for whoever asked meanwhile. */
  function lookSoon(): void {
    again = true;
    looking ??= (async () => {
      while (again && !stopped) {
        again = false;
        await look();
      }
    })()
      .catch((error: unknown) => notify({ event: "warning", message: `the membership: ${String(error)}` }))
      .finally(() => {
        looking = undefined;
      });
  }

  const stops = [
    schedule.every(LOOK_MS, lookSoon),
    view.onStanding(lookSoon),
    view.onChange((changed) => {
      if (changed.some(({ kind }) => kind === "authority" || kind === "control")) lookSoon();
    }),
  ];
  lookSoon();
  return async () => {
    stopped = true;
    for (const stop of stops) stop();
    await looking;
  };
}

function isDue(member: Member, now: number): boolean {
  return now >= renewalOf(member) || !isOfNewest(member);
}

/** At half of its life, give or take: members that joined together do not all renew together. */
function renewalOf({ certificate, notBefore, notAfter }: Member): number {
  const drawn = Number.parseInt(sha256Hex(certificate).slice(0, 8), 16) / 0xffff_ffff;
  return notBefore + (notAfter - notBefore) * (RENEW_AT + SPREAD * (2 * drawn - 1));
}

/** A membership with the authorities and control nodes that the view knows. What it knows nothing of stays. */
function followed(member: Member, view: KeepUpOptions["view"]): Member {
  // half a truth would lock this machine out
  if (view.blocked() !== undefined) return member;
  const authorities = [...view.authorities().values()]
    .map(({ certificate }) => certificate)
    .sort((a, b) => since(a) - since(b));
  const controls = [...view.controls().values()].map(({ url }) => url);
  const next = {
    ...member,
    authorities: authorities.length === 0 ? member.authorities : authorities,
    controls: controls.length === 0 ? member.controls : [...new Set(controls)],
  };
  const same = sameTexts(next.authorities, member.authorities) && sameTexts(next.controls, member.controls);
  return same ? member : next;
}

function since(certificate: string): number {
  return certificateOf(certificate).validFromDate.getTime();
}

function sameTexts(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((text) => b.includes(text));
}

/** Says once of each certificate that it ends soon, and that it has ended. */
function warnings(notify: Notify): (member: Member, now: number) => void {
  let late: string | undefined;
  let ended: string | undefined;
  return ({ role, name, certificate, notBefore, notAfter }, now) => {
    const end = new Date(notAfter).toISOString();
    if (now >= notAfter) {
      if (ended === certificate) return;
      ended = certificate;
      const message = `the certificate ended at ${end}: join again with a new token (postern ${role} token ${name}, at control)`;
      notify({ event: "certificate-ended", message });
    } else if (now >= notBefore + LATE_AT * (notAfter - notBefore) && late !== certificate) {
      late = certificate;
      const message = `the certificate ends at ${end}, and could not be renewed so far; see that control can be reached`;
      notify({ event: "certificate-ending", message });
    }
  };
}
