/**
 * The API of control: one set of routes for the console, the command line and programs.
 */
export * from "./types.ts";
