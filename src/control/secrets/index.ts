/**
 * Secrets: what must rest in the database and be read by nobody else. Values are sealed with AES-256-GCM
 * (NIST SP 800-38D) under keys derived from one master key, which is a 0600 file beside the database.
 * Whoever has only the database has nothing; whoever has only the file has nothing.
 */
export * from "./secrets.ts";
