/**
 * Identity: who is there. The OpenID provider that people sign in with, their passkeys and their sessions.
 */
export * from "./types.ts";
