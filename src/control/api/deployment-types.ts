import type { MemberItem, MemberRole, NodeItem, RotationPhase, TokenItem } from "./shapes.ts";

/** The shapes of what the instance consists of. Times are milliseconds since the Unix epoch. */

/** How a gateway or agent is: the first of these that is true of it. */
export type Condition =
  /** It may no longer take part. */
  | "revoked"
  /** Its certificate is in use from two places. */
  | "cloned"
  /** It has joined, and has never been connected. */
  | "expected"
  | "away"
  /** It takes no more changes, and denies once its bound has passed. */
  | "blocked"
  /** It is connected, and says nothing of itself. */
  | "silent"
  /** What it knows is old. */
  | "stale"
  /** Its clock is not control's. */
  | "skewed"
  | "well";

/** A gateway or an agent. */
export interface Component extends MemberItem {
  readonly condition: Condition;
}

/** Something that an operator should see to. */
export interface DeploymentFinding {
  /** `error`: requests are or will soon be denied, or somebody may be where they should not. */
  readonly severity: "error" | "warning";
  /** Whom it is about; absent when it is about the whole. */
  readonly about?: { readonly role: "control" | MemberRole; readonly name: string };
  /** A clause without a full stop. */
  readonly message: string;
  /** Since when, or when it happened; when it is yet to come, when it will. */
  readonly at?: number;
  /** What to do, as a command or an instruction in the imperative. */
  readonly remedy: string;
}

/** `GET /api/v1/components`: what the instance consists of, and what is wrong with it. */
export interface Deployment {
  readonly controls: readonly NodeItem[];
  readonly gateways: readonly Component[];
  readonly agents: readonly Component[];
  /** Errors first. Empty when all is well. */
  readonly findings: readonly DeploymentFinding[];
}

export interface CreateMemberToken {
  readonly role: MemberRole;
  /** One DNS label. */
  readonly name: string;
}

/** What another machine joins with. It is shown this once. */
export interface MemberToken {
  readonly role: MemberRole;
  readonly name: string;
  readonly token: string;
  /** The line to run on that machine. */
  readonly command: string;
  readonly expiresAt: number;
  /** `sha256:…` of control's authority. */
  readonly pin: string;
  /** Where control nodes take gateways and agents; the first is the one in `command`. */
  readonly urls: readonly string[];
  /** The name is joined now: whoever uses the token takes its place, and its certificates end. */
  readonly replaces: boolean;
}

/** A token that nobody can read any more: whom it is for, and what has become of it. */
export type MemberTokenItem = TokenItem;

export interface MemberRevoked {
  readonly role: MemberRole;
  readonly name: string;
  readonly revokedAt: number;
}

/** `GET /api/v1/authority`: what the parts of the instance know each other by. */
export interface AuthorityStatus {
  readonly trustDomain: string;
  /** `sha256:…`, as whoever joins now has to pin it. */
  readonly pin: string;
  readonly phase: RotationPhase;
  /** When this phase began. */
  readonly since: number;
  /** What must happen before the next phase, each a clause. */
  readonly waitingFor: readonly string[];
  /** SHA-256 of their certificates in hex, oldest first. */
  readonly authorities: readonly { readonly id: string; readonly notAfter: number }[];
}
