/**
 * Posture: what an agent reports of the host it runs on. In this version its version, host name and the
 * release of its operating system, once a minute, as an event; and that it is connected.
 */
export * from "./agent.ts";
