/**
 * Secrets: what must rest in the database and be read by nobody else. Values are sealed with AES-256-GCM
 * (NIST SP 800-38D) under keys derived from one master key, which comes from a file, from systemd or from
 * a program such as the client of a key management service. Whoever has only the database has nothing; whoever has only
 * the key has nothing.
 */
export type { MasterKeySource } from "./master-key.ts";
export * from "./secrets.ts";
