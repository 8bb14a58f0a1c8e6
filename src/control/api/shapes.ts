/** The shapes of other rooms that the API passes on as they are. */
export type { Diagnostic } from "#kernel";
export type { Classification, Decision, Explanation, SourceFile } from "#policy";
