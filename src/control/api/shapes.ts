/** The shapes of other rooms that the API passes on as they are. */

export type { RotationPhase } from "#authority";
export type { Diagnostic } from "#kernel";
export type { MemberRole } from "#link";
export type { MemberItem, NodeItem, TokenItem } from "#members";
export type { Classification, Decision, Explanation, SourceFile } from "#policy";
