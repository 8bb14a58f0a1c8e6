import type { Json } from "#kernel";
import type { Decision, Input } from "#policy";

/** An event in the form of the Open Cybersecurity Schema Framework 1.8.0, ready to be written as JSON. */
export interface OcsfEvent {
  readonly [attribute: string]: Json;
}

/** Who records: the role and name of the process, and its version. */
export interface EventOrigin {
  readonly role: "control" | "gateway" | "agent";
  readonly name: string;
  readonly version: string;
}

/** Where a request came from and how it looked, for events about requests. */
export interface RequestSource {
  readonly ip?: string;
  readonly port?: number;
  readonly userAgent?: string;
}

/** A decision at an enforcement point or at control. The whole input it was made from is kept. */
export interface DecisionRecord {
  /** Milliseconds since the Unix epoch. */
  readonly time: number;
  readonly decision: Decision;
  readonly input: Input;
  readonly source: RequestSource;
  /** What was asked, as the client wrote the target: method, scheme, host, path with query. */
  readonly http?: { readonly method: string; readonly url: string; readonly status?: number };
}

/** How an allowed request ended. */
export interface CompletionRecord {
  readonly time: number;
  /** The decision that let it through. */
  readonly decision: string;
  readonly application: string;
  readonly user?: { readonly id: string; readonly name: string };
  readonly source: RequestSource;
  readonly http: { readonly method: string; readonly url: string; readonly status: number };
  readonly durationMs: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Why it ended early: `session-ended`, `policy-changed`, `client-closed`, `upstream-failed`. */
  readonly ended?: string;
}

/** A sign-in, a sign-out, an enrolment, or a failed try at one. */
export interface LoginRecord {
  readonly time: number;
  readonly act: "sign-in" | "sign-out" | "enrol-passkey" | "open-link" | "session-ended";
  readonly outcome: "success" | "failure";
  /** A code for a failure, such as `passkey.refused`. */
  readonly reason?: string;
  readonly user?: { readonly id: string; readonly name: string };
  readonly session?: string;
  readonly amr?: readonly string[];
  readonly source: RequestSource;
}

/** An administrative act, done or refused. */
export interface AdministrationRecord {
  readonly time: number;
  /** Such as `policy.apply`, `user.invite`, `session.end`, `application.add`. */
  readonly act: string;
  readonly outcome: "success" | "failure";
  readonly actor: { readonly type: "user" | "owner"; readonly id: string; readonly name: string };
  readonly target: { readonly type: string; readonly id: string; readonly name?: string };
  /** The decision that authorised it. */
  readonly decision?: string;
  readonly message?: string;
  readonly details?: { readonly [name: string]: Json };
  readonly source: RequestSource;
}

/** A gateway's or agent's word about itself, or control's about one. */
export interface ComponentRecord {
  readonly time: number;
  readonly component: {
    readonly role: "control" | "gateway" | "agent";
    readonly name: string;
    readonly version: string;
  };
  readonly state:
    | "started"
    | "report"
    | "connected"
    | "disconnected"
    | "records-missing"
    /** It exchanged a token for a certificate, or a certificate for a new one, or may no longer. */
    | "joined"
    | "renewed"
    | "revoked"
    /** Its certificate is in use from two places. */
    | "cloned"
    | "authority-rotated";
  readonly hostname?: string;
  /** The kernel's own name, as `uname -s` says it, such as `Linux`. */
  readonly osName?: string;
  readonly osRelease?: string;
  readonly message?: string;
}

/** Which kind of record of ours an event is; kept in `unmapped.postern.kind`. */
export type EventKind = "decision" | "completion" | "login" | "administration" | "component";
