import type { Deployment } from "./deployment-types.ts";
import type { Classification, Decision, Diagnostic, Explanation, SourceFile } from "./shapes.ts";

/** The shapes of the control API, for the console, the command line and whoever builds on it. Times are milliseconds since the Unix epoch. */

/** Every error answer: `application/problem+json` (RFC 9457). */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail?: string;
  /** Stable error code. */
  readonly code: string;
  readonly decision?: string;
  readonly remedy?: string;
  /** Where it is: a path, `file:line:column`. */
  readonly where?: string;
  readonly diagnostics?: readonly RenderedDiagnostic[];
}

/** A finding, with its line and a caret under it where the text is known. */
export interface RenderedDiagnostic extends Diagnostic {
  readonly rendered?: string;
}

/** One page of a list; `next` goes into `?before=` for the following one. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly next?: string;
}

export interface Me {
  readonly id: string;
  readonly name: string;
  readonly displayName: string;
  readonly role: string;
  readonly session?: string;
  /** Sent back as `X-CSRF-Token` with every request that changes something. */
  readonly csrf: string;
  readonly loginOrigin: string;
  readonly version: string;
}

export interface Overview {
  readonly applications: number;
  readonly people: number;
  readonly sessions: number;
  readonly policy: { readonly version: string; readonly activation: number; readonly activatedAt: number };
  /** Decisions of the last 24 hours, an hour each, oldest first. */
  readonly decisions: readonly { readonly from: number; readonly allowed: number; readonly denied: number }[];
  readonly components: Deployment;
}

export interface ApplicationItem {
  readonly name: string;
  readonly title: string;
  readonly description?: string;
  readonly url: string;
  readonly upstream: string;
  readonly classification: Classification;
  readonly env?: string;
  readonly source: string;
}

export interface AddApplication {
  readonly name: string;
  readonly upstream: string;
  readonly classification: Classification;
  readonly title?: string;
  readonly env?: string;
  readonly pathPrefix?: string;
}

export interface DecisionItem {
  readonly id: string;
  readonly time: number;
  readonly effect: "allow" | "deny" | "step_up";
  readonly subject?: string;
  readonly resource: string;
  readonly action: string;
  readonly method?: string;
  readonly path?: string;
  readonly sourceIp?: string;
  /** The first reason, in one sentence. */
  readonly reason: string;
  readonly status?: number;
  readonly durationMs?: number;
}

/** Filters of `GET /api/v1/decisions`, as query parameters; each may be absent. */
export interface DecisionFilter {
  readonly effect?: "allow" | "deny" | "step_up";
  readonly subject?: string;
  readonly resource?: string;
  /** Free text over subject, resource, path and id. */
  readonly search?: string;
  readonly since?: number;
  readonly before?: string;
  readonly limit?: number;
}

/** `GET /api/v1/decisions/:id` and `…/explanation`. */
export interface DecisionDetail {
  readonly item: DecisionItem;
  readonly decision: Decision;
  /** The input, with exact integers as decimal text where JSON numbers would lose digits. */
  readonly input: unknown;
  /** The policy version's file text around each rule that fired or failed. */
  readonly explanation?: Explanation;
  readonly event: unknown;
}

export interface EventItem {
  readonly id: number;
  readonly time: number;
  readonly kind: string;
  readonly source: string;
  readonly event: unknown;
}

export interface Person {
  readonly id: string;
  readonly name: string;
  readonly displayName: string;
  readonly role: string;
  readonly groups: readonly string[];
  readonly disabled: boolean;
  readonly passkeys: number;
  /** An invitation that nobody has used yet. */
  readonly invitedUntil?: number;
  readonly createdAt: number;
}

export interface Invite {
  readonly name: string;
  readonly displayName?: string;
  readonly role?: string;
  readonly groups?: readonly string[];
}
export interface Invited {
  readonly person: Person;
  readonly url: string;
  readonly expiresAt: number;
}

export interface SessionItem {
  readonly id: string;
  readonly user: { readonly id: string; readonly name: string; readonly displayName: string };
  readonly createdAt: number;
  readonly authenticatedAt: number;
  readonly lastSeenAt: number;
  readonly idleExpiresAt: number;
  readonly absoluteExpiresAt: number;
  readonly sourceIp?: string;
  readonly userAgent?: string;
  /** Application hosts that this session has entered. */
  readonly hosts: readonly string[];
  readonly current: boolean;
}

export interface PolicyActive {
  readonly version: string;
  readonly activation: number;
  readonly activatedAt: number;
  readonly actor: string;
  readonly timeZone?: string;
  readonly files: readonly SourceFile[];
  readonly rules: readonly {
    readonly rule: string;
    readonly source: string;
    readonly effect: "allow" | "deny";
    readonly text: string;
  }[];
  readonly warnings: readonly Diagnostic[];
}

export interface PolicyVersionItem {
  readonly version: string;
  readonly activation: number;
  readonly at: number;
  readonly actor: string;
}

export interface Apply {
  readonly files: readonly SourceFile[];
  /** `merge` adds to the active set and replaces what has the same path or the same kind and name; `replace` makes these files the whole set. */
  readonly mode: "merge" | "replace";
}
export interface Applied {
  readonly version: string;
  readonly activation: number;
  readonly changed: boolean;
  readonly files: readonly {
    readonly path: string;
    readonly change: "added" | "changed" | "removed" | "same";
  }[];
  readonly warnings: readonly Diagnostic[];
}

export interface SetupLink {
  readonly url: string;
  readonly expiresAt: number;
}
