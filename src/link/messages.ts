import type { DeviceFacts, PolicyFile } from "#policy";

export const LINK_VERSION = 1;

/**
 * Grows with every addition to what the link carries, within one `LINK_VERSION`. Additions are made so that a reader of
 * the minor version before goes on working: it passes over message types, entity kinds and members that it does not
 * know, except for a kind marked `must`, which stops its freshness.
 */
export const LINK_MINOR = 1;

/** How often control says that it is alive and names its head, in milliseconds. */
export const HEARTBEAT_MS = 2_000;

/** One kind of state that enforcement points hold, with its shape. The key is unique within the kind. */
export interface EntityShapes {
  /** The one instance; key `instance`. */
  instance: InstanceState;
  /** The one active policy set; key `active`. */
  policy: PolicyState;
  /** A person; key is the user's id. */
  user: UserState;
  /** A login session; key is its id, which is no secret. */
  session: SessionState;
  /** The right of one cookie to one host; key is the SHA-256 of the cookie's value, in hex. */
  entry: EntryState;
  /** With `hostStyle: "port"`: the port of an application; key is its name. */
  port: PortState;
  /** A certificate authority that the parts of this instance trust; key is the SHA-256 of its certificate, in hex. */
  authority: AuthorityState;
  /** A control node that enforcement points can reach from other machines; key is its name. */
  control: ControlState;
  /** A device that somebody uses; key is its id. */
  device: DeviceState;
  /** What somebody was given for a time; key is its id. */
  grant: GrantState;
}
export type EntityKind = keyof EntityShapes;

/** A piece of state put in place (`value`) or taken away (`null`). */
export type EntityChange = {
  [K in EntityKind]: { readonly kind: K; readonly key: string; readonly value: EntityShapes[K] | null };
}[EntityKind];

/** Kinds without which nobody can decide. They travel marked `must`: who does not know such a kind is not to pass over it. */
export const MUST_KINDS: ReadonlySet<string> = new Set<EntityKind>(["instance", "policy"]);

/** Names an entity marked `must` of a kind that this version does not know. */
export interface UnknownEntity {
  readonly kind: string;
  readonly key: string;
}

export interface InstanceState {
  readonly id: string;
  /** Applications live at `NAME.domain`. */
  readonly domain: string;
  readonly hostStyle: "subdomain" | "port";
  /** Origins as browsers see them, such as `http://login.postern.localhost:7400`. */
  readonly origins: { readonly login: string; readonly console: string };
  /** `http` on loopback only. */
  readonly scheme: "http" | "https";
  readonly port: number;
}

export interface PolicyState {
  readonly version: string;
  /** Grows by one with every activation; an enforcement point refuses one not above its last. */
  readonly activation: number;
  readonly activatedAt: number;
  /** For a gateway, without the documents of applications that are not its own: `compileSet` names the set by `version` nevertheless. */
  readonly files: readonly PolicyFile[];
  /** The text of the built-in rules of the control that activated it, so that a gateway of another version decides by the same. */
  readonly builtin?: string;
}

export interface UserState {
  readonly id: string;
  readonly name: string;
  readonly displayName: string;
  readonly role: string;
  readonly groups: readonly string[];
  readonly disabled: boolean;
}

/** Times are milliseconds since the Unix epoch. */
export interface SessionState {
  readonly id: string;
  readonly user: string;
  readonly createdAt: number;
  readonly authenticatedAt: number;
  /** RFC 8176 values, such as `["hwk", "user", "mfa"]`. */
  readonly amr: readonly string[];
  /** When a factor that counts as multi-factor was last verified; absent when none was. */
  readonly mfaVerifiedAt?: number;
  /** When it was used last, as far as control had heard when it said this; it says so about once a minute. */
  readonly lastSeenAt?: number;
  readonly idleExpiresAt: number;
  readonly absoluteExpiresAt: number;
}

export interface EntryState {
  readonly session: string;
  /** The host (or, by port, the application) that the cookie is good for. */
  readonly host: string;
}

export interface PortState {
  readonly port: number;
}

export interface AuthorityState {
  /** PEM. */
  readonly certificate: string;
}

export interface ControlState {
  /** Where its link listens, such as `https://control-a.example.net:7443`. */
  readonly url: string;
}

export interface DeviceState {
  readonly id: string;
  /** The id of the person whose it is. */
  readonly user: string;
  /** As it was reported last; what is not known is absent. */
  readonly facts: DeviceFacts;
  /** Milliseconds since the Unix epoch. */
  readonly reportedAt: number;
}

export interface GrantState {
  readonly id: string;
  /** The id of the person who has it. */
  readonly user: string;
  /** The application that it is for; absent: for all. */
  readonly application?: string;
  /** Milliseconds since the Unix epoch. */
  readonly expiresAt: number;
}

/** What the stream carries, one JSON object a line. */
export type StateMessage =
  | {
      /**
       * A large one comes in several of these, with nothing between them; all but the last say `more`. Their entities are
       * applied in order, also those that take something away, to nothing at first; the state holds once the last is there,
       * and is that of the last one's number: those before it may name a lower one, of the same epoch.
       */
      readonly type: "snapshot";
      readonly epoch: string;
      readonly number: number;
      readonly entities: readonly EntityChange[];
      readonly more?: true;
      /** Made by the reader, never sent. */
      readonly unknown?: readonly UnknownEntity[];
    }
  | {
      readonly type: "change";
      readonly epoch: string;
      readonly number: number;
      readonly entities: readonly EntityChange[];
      /** Made by the reader, never sent. */
      readonly unknown?: readonly UnknownEntity[];
    }
  | { readonly type: "heartbeat"; readonly epoch: string; readonly head: number; readonly now: number };

/** The last line of a stream that control ends, with why. */
export interface StreamEnd {
  readonly type: "ended";
  readonly code: string;
  readonly message: string;
  readonly remedy?: string;
}

/** The part of the log that a state belongs to: numbers of one epoch cannot be compared with those of another. */
export interface Position {
  readonly epoch: string;
  readonly number: number;
}

export type MemberRole = "gateway" | "agent";

/** What an enforcement point says of itself when it opens the stream (as query parameters). */
export interface StreamRequest {
  readonly role: MemberRole;
  readonly name: string;
  /** Identifies this start of the process. */
  readonly boot: string;
  readonly version: string;
  /** An agent names its host and the release of its operating system. */
  readonly hostname?: string;
  readonly osRelease?: string;
  /** Where it wants to go on from; absent asks for a snapshot. */
  readonly epoch?: string;
  readonly after?: number;
}

/** One record on its way up. `previous` is the SHA-256 of the record before it in this boot, so that a gap or an alteration shows. */
export interface SpoolRecord {
  readonly source: string;
  readonly boot: string;
  /** From 1, without gaps within a boot. */
  readonly sequence: number;
  readonly previous: string;
  /** An OCSF event, as JSON text exactly as it was written to disk. */
  readonly event: string;
}

/** Control's answer to a batch: everything up to these sequences rests in its log. */
export interface RecordsAccepted {
  readonly accepted: { readonly [boot: string]: number };
}

/** Asks control to let a cookie in: the gateway proves the login with the ID token it received. */
export interface EntryRequest {
  readonly idToken: string;
  readonly nonce: string;
  readonly host: string;
  /** SHA-256 of the cookie value that the gateway is about to set, in hex. */
  readonly cookieHash: string;
}
export interface EntryAccepted {
  /** The change that carries it; the gateway's view must have reached it before it redirects. */
  readonly number: number;
}

/** Last activity by session id, milliseconds since the Unix epoch; sent at most once a minute a session. */
export interface ActivityReport {
  readonly sessions: { readonly [session: string]: number };
}

/** A gateway's public key for `Postern-Assertion`, as a JWK with `kid` and `alg`. */
export interface KeyAnnouncement {
  readonly gateway: string;
  readonly jwk: { readonly [member: string]: unknown };
}

/** What a gateway serves TLS with when control's authority for development makes it; PEM. The key rests nowhere. */
export interface ServerCertificate {
  readonly certificate: string;
  readonly key: string;
}

/**
 * How all gateways of an instance sign people in, so that a login that one began may come back to another: one OpenID client,
 * whose keys are those that every gateway has announced, and one key that seals logins under way in browsers' cookies.
 */
export interface LoginClient {
  readonly clientId: string;
  /** 256 bits in base64url. */
  readonly sealKey: string;
}

/** How an enforcement point is doing; sent every `REPORT_MS` and when freshness stops. Times are milliseconds, ages seconds. */
export interface ComponentReport {
  readonly boot: string;
  readonly version: string;
  /** What its view has applied; absent before the first snapshot. */
  readonly position?: Position;
  /** Age of its view; absent when it has never been fresh. */
  readonly viewAgeSeconds?: number;
  readonly skewSeconds: number;
  /** Why it takes no more changes: the apply step that failed. */
  readonly blocked?: string;
  /** Connections let through and still open. */
  readonly liveConnections?: number;
  /** Records written and not yet acknowledged by control. */
  readonly unshippedRecords?: number;
  /** When its certificate ends; absent over the Unix socket. */
  readonly certificateNotAfter?: number;
}
export const REPORT_MS = 5_000;

/** Exchanges a one-use token for a certificate. Sent without one, over TLS to a control whose authority is pinned. */
export interface JoinRequest {
  readonly token: string;
  /** PKCS#10 (RFC 2986) in PEM. Of it only the public key is used; its signature proves possession. */
  readonly csr: string;
  readonly boot: string;
  readonly version: string;
}

/** Exchanges a certificate at its half-life, or one whose authority is on its way out, for a new one. */
export interface RenewRequest {
  readonly csr: string;
  readonly boot: string;
}

/** Who an enforcement point is from now on, and whom it trusts. PEM. */
export interface Membership {
  readonly role: MemberRole;
  readonly name: string;
  /** Trust domain of the instance (SPIFFE ID §2.1). */
  readonly trustDomain: string;
  /** The certificate, then the authority that signed it. */
  readonly certificate: string;
  /** All authorities that count. */
  readonly authorities: readonly string[];
  /** Link addresses of all control nodes, such as `https://control-a.example.net:7443`. */
  readonly controls: readonly string[];
}

/** Headers of every request, but that of a minor version from before they were. Answers carry the minor version too. */
export const LINK_HEADERS: {
  readonly boot: "postern-boot";
  readonly minor: "postern-link-minor";
  readonly role: "postern-role";
  readonly name: "postern-name";
} = { boot: "postern-boot", minor: "postern-link-minor", role: "postern-role", name: "postern-name" };

/** Paths of the link, relative to its socket. */
export const LINK_PATHS: {
  readonly state: "/link/v1/state";
  readonly records: "/link/v1/records";
  readonly entries: "/link/v1/entries";
  readonly activity: "/link/v1/activity";
  readonly keys: "/link/v1/keys";
  readonly certificate: "/link/v1/certificate";
  readonly loginClient: "/link/v1/login-client";
  readonly report: "/link/v1/report";
  readonly join: "/link/v1/join";
  readonly renew: "/link/v1/renew";
} = {
  state: "/link/v1/state",
  records: "/link/v1/records",
  entries: "/link/v1/entries",
  activity: "/link/v1/activity",
  keys: "/link/v1/keys",
  certificate: "/link/v1/certificate",
  loginClient: "/link/v1/login-client",
  report: "/link/v1/report",
  join: "/link/v1/join",
  renew: "/link/v1/renew",
};
