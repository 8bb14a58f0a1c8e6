/**
 * Posture: what an agent reports of the host it runs on. In this version its version, host name and the release of its
 * operating system, once a minute, as an event. The stream of state and the component's own reports are the view's.
 */
export * from "./agent.ts";
