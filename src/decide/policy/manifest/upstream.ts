/** What is wrong with an upstream, and what to write. */
export type Wrong = readonly [message: string, hint?: string];

const UNIX = /^unix:[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/;

/** Where control listens in the run folder: as an upstream, each would let people in around the gateway. */
const OWN_SOCKETS: ReadonlySet<string> = new Set(
  ["control", "link", "owner", "supervisor"].map((name) => `unix:${name}.sock`),
);

/** Checks an upstream's form: `http://host:port`, `https://host[:port]` or `unix:file.sock`. */
export function checkUpstream(value: string): Wrong | undefined {
  if (value.startsWith("unix:")) {
    if (OWN_SOCKETS.has(value.toLowerCase()))
      return ["is a socket of Postern's own", "give your socket another name"];
    return UNIX.test(value)
      ? undefined
      : ["names no socket of the run folder", "write unix:name.sock, without a folder"];
  }
  if (!/^https?:\/\//i.test(value))
    return ["is no address", `write http://${/^[\w.-]+:\d+$/.test(value) ? value : "host:port"}`];
  if (!URL.canParse(value)) return ["is no address", "write http://host:port"];
  const url = new URL(value);
  if (url.username !== "" || url.password !== "")
    return ["carries a name or password, which would be in plain sight here"];
  if (url.search !== "" || url.hash !== "" || !/^https?:\/\/[^/?#\\\s]+\/?$/i.test(value))
    return ["has a path or query", `write ${url.origin}; an application has its paths as it has them`];
  if (url.port === "0") return ["names port 0"];
  return undefined;
}

/** True for plain http to another machine, which anybody on the way can read. */
export function isInsecure(upstream: string): boolean {
  if (!URL.canParse(upstream)) return false;
  const { protocol, hostname } = new URL(upstream);
  return protocol === "http:" && !isLoopback(hostname);
}

/** Hostnames that `URL` has brought into their one form: `127.1` is `127.0.0.1` here. */
function isLoopback(hostname: string): boolean {
  return (
    hostname === "localhost" ||
    hostname.endsWith(".localhost") ||
    hostname === "[::1]" ||
    /^127\.\d+\.\d+\.\d+$/.test(hostname)
  );
}
