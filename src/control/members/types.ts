import type { AdministrationRecord } from "#events";
import type {
  ComponentReport,
  JoinRequest,
  LinkPeer,
  MemberRole,
  Membership,
  RenewRequest,
  StreamRequest,
} from "#link";

/** Who had something done, and how that was authorised. */
export type Actor = Pick<AdministrationRecord, "actor" | "decision" | "source">;

/** This control node. */
export interface NodeIdentity {
  readonly name: string;
  /** Identifies this start of the process. */
  readonly boot: string;
  readonly version: string;
  /** Where its link listens for other machines; absent when it serves only its own. */
  readonly url?: string;
}

export interface NewToken {
  /** Shown once; only its SHA-256 rests. */
  readonly token: string;
  readonly expiresAt: number;
  /** `sha256:…` of control's authority, for the joining end to check. */
  readonly pin: string;
  /** The name is joined now: whoever joins with this token takes its place, and its certificates end. */
  readonly replaces: boolean;
}

/** A token that has not ended, or ended of late. */
export interface TokenItem {
  readonly role: MemberRole;
  readonly name: string;
  readonly createdAt: number;
  readonly createdBy: string;
  readonly expiresAt: number;
  readonly usedAt?: number;
}

/** A gateway or agent. Times are milliseconds since the Unix epoch; what is not known is absent. */
export interface MemberItem {
  readonly role: MemberRole;
  readonly name: string;
  /** `local` ones need no certificate: they come over the Unix socket of their control. */
  readonly state: "joined" | "revoked" | "local";
  readonly joinedAt?: number;
  readonly revokedAt?: number;
  readonly version?: string;
  readonly hostname?: string;
  readonly osRelease?: string;
  /** Absent while it has no stream open. */
  readonly connectedSince?: number;
  readonly lastSeenAt?: number;
  /** The control node that it is or was last connected to. */
  readonly node?: string;
  readonly address?: string;
  /** When it said what follows. */
  readonly reportedAt?: number;
  readonly viewAgeSeconds?: number;
  /** How many changes it was behind the head; absent also when it holds another epoch. */
  readonly lag?: number;
  readonly skewSeconds?: number;
  readonly blocked?: string;
  readonly liveConnections?: number;
  readonly unshippedRecords?: number;
  readonly certificate?: { readonly serial: string; readonly notAfter: number };
  /** Its certificate is in use from two places. Ends when the name joins anew. */
  readonly clone?: { readonly since: number; readonly addresses: readonly string[] };
}

/** A control node. */
export interface NodeItem {
  readonly name: string;
  readonly version: string;
  readonly boot: string;
  readonly url?: string;
  readonly startedAt: number;
  readonly lastSeenAt: number;
  /** It has said so within the last minute. */
  readonly live: boolean;
  /** The head of the change log as it last read it. */
  readonly number: number;
  /** This is the node that answers. */
  readonly self: boolean;
}

export interface Members {
  /**
   * Makes the token for one gateway or agent to join with. An earlier one of the same name that nobody used ends.
   * @throws PosternError `input.invalid` for a name that is no DNS label; `conflict` for one of a connected local process
   */
  createToken(wanted: { readonly role: MemberRole; readonly name: string }, by: Actor): Promise<NewToken>;
  /** Ends the token of a name before anybody used it. @throws PosternError `not_found` */
  withdrawToken(role: MemberRole, name: string, by: Actor): Promise<void>;
  /**
   * Exchanges a token for a certificate.
   * @throws PosternError `token.unknown`, `token.used`, `token.expired`, `rate_limited`, or why the request is not taken
   */
  join(request: JoinRequest, from: string | undefined): Promise<Membership>;
  /** Exchanges a certificate for a new one. @throws PosternError as `admit` does, or why the request is not taken */
  renew(peer: LinkPeer, request: RenewRequest): Promise<Membership>;
  /**
   * Whether a peer may go on, from memory. `what` says what it wants; `"stream.held"` is a stream that was let in before
   * and proves no life of its own.
   * @throws PosternError `member.unknown`, `member.revoked`, `unauthenticated` past its certificate's end,
   * `state.unreachable` when the database has not been read for 30 s
   */
  admit(peer: LinkPeer, boot: string, what: string): void;
  /** Takes a peer's word on how it is doing. @throws PosternError `input.invalid` */
  report(peer: LinkPeer, report: ComponentReport): Promise<void>;
  /**
   * Shuts a gateway or agent out: within a second on every node. Ends its tokens too. Returns since when it is shut out.
   * @throws PosternError `not_found`; `conflict` for a local one
   */
  revoke(role: MemberRole, name: string, by: Actor): Promise<number>;
  /** Calls back when somebody who was let in may no longer be; streams are to be admitted again. Returns what ends that. */
  onRevoked(listener: () => void): () => void;
  /** A peer has opened a stream. */
  connected(peer: LinkPeer, who: StreamRequest): void;
  /** One of its streams has ended. */
  disconnected(peer: LinkPeer, who: StreamRequest): void;
  /** Records came from these starts: they are alive. */
  seen(boots: readonly string[]): void;
  list(): Promise<readonly MemberItem[]>;
  nodes(): Promise<readonly NodeItem[]>;
  tokens(): Promise<readonly TokenItem[]>;
  /** Says that this node is gone, and writes what was not yet written. */
  close(): Promise<void>;
}
