import type { AuthorityStatus } from "#api";
import { columns } from "../terminal/columns.ts";
import { duration, moment } from "../terminal/moments.ts";

/** The phases of a rotation as steps, in their order. */
const STEPS: { readonly [phase in AuthorityStatus["phase"]]: readonly [step: number, words: string] } = {
  steady: [0, "no rotation is under way"],
  published: [1, "the next authority is made known"],
  members: [2, "gateways and agents get certificates of it"],
  control: [3, "control nodes present it"],
};

/** Where a rotation stands, such as `step 2 of 3: …`. */
export function rotationText({ phase }: Pick<AuthorityStatus, "phase">): string {
  const [step, words] = STEPS[phase];
  return step === 0 ? words : `step ${step} of 3: ${words}`;
}

/** The authority, its pin and what a rotation waits for, a line each. */
export function authorityLines(status: AuthorityStatus, now: number): string {
  const { pin, since, phase, waitingFor, authorities } = status;
  const rows = [
    ["Pin", pin],
    ...authorities.map(({ id, notAfter }, i) => [
      ["Authority", "Next authority"][i] ?? "",
      `${id.slice(0, 12)}, until ${moment(notAfter)} (${notAfter > now ? `in ${duration(notAfter - now)}` : "ended"})`,
    ]),
    [
      "Rotation",
      phase === "steady"
        ? "by itself at half of its life"
        : `${rotationText(status)}, since ${moment(since)}`,
    ],
    ...waitingFor.map((what, i) => [i === 0 ? "Waits for" : "", what]),
  ];
  return columns(rows, "  ");
}
