import { decideFacts } from "./decide.ts";
import type { Facts } from "./facts/definition.ts";
import type { PolicySet } from "./types.ts";

const POSTERN = { name: "postern", kind: "postern", classification: "restricted" } as const;
const CONSOLE = { ...POSTERN, name: "console" } as const;

/** An administrator who has just verified, about whose device and whereabouts nothing special is known. */
const ADMINISTRATOR: Facts = {
  type: "user",
  user: {
    id: "usr_administrator",
    name: "administrator",
    role: "administrator",
    groups: [],
    mfa_verified: true,
    mfa_age_hours: 0,
  },
  subject: {
    type: "user",
    id: "usr_administrator",
    name: "administrator",
    role: "administrator",
    groups: [],
  },
  session: { id: "ses_administrator", age_hours: 0, idle_minutes: 0 },
  action: "policy.apply",
  resource: POSTERN,
  request: { method: "POST", path: "/", host: "console", source_ip: "127.0.0.1", user_agent: "browser" },
  context: { view_age_seconds: 0 },
  time: {},
};

/** Whoever speaks through the owner's socket: no session, no browser. */
const OWNER: Facts = {
  type: "user",
  user: { id: "owner", name: "owner", role: "owner" },
  subject: { type: "user", id: "owner", name: "owner", role: "owner" },
  action: "policy.apply",
  resource: POSTERN,
  time: {},
};

const TRIALS: readonly (readonly [string, Facts])[] = [
  ["an administrator with a fresh passkey could no longer change the policy", ADMINISTRATOR],
  ...(["connect", "read", "write"] as const).map((action): readonly [string, Facts] => [
    "an administrator with a fresh passkey could no longer open the console",
    { ...ADMINISTRATOR, action, resource: CONSOLE },
  ]),
  ["the owner of the data folder could no longer change the policy", OWNER],
];

/**
 * Says how a set would lock out those who must be able to mend it, or undefined when it does not. The moment is left unknown,
 * so that a rule which denies at some hours is found at every hour.
 */
export function locksOut(set: PolicySet): string | undefined {
  for (const [what, facts] of TRIALS) {
    const decision = decideFacts(facts, set, "lock-out trial");
    if (decision.effect === "allow") continue;
    const [reason] = decision.reasons;
    const why = reason === undefined ? "" : `: ${reason.message} (${reason.source})`;
    return `${what}${why}; to speak of applications alone, add AND resource.kind == "application" to the rule`;
  }
  return undefined;
}
