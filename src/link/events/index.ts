/**
 * Events: everything worth proving, in the words of OCSF 1.8.0. One function a kind of record, used by
 * control and by every enforcement point, so that the log speaks one language.
 */
export * from "./administration.ts";
export * from "./component.ts";
export * from "./decision.ts";
export * from "./login.ts";
export * from "./types.ts";
