/**
 * Our cookies at the hosts of applications (RFC 6265bis). All are `__Host-`: of this host alone, for every path, and
 * only from a secure context, which `*.localhost` is for browsers.
 */

/** Lets people in; by port, `-NAME` is appended. */
export const APPLICATION_COOKIE = "__Host-postern";
/** A login under way; what follows is made from its state. No application's name holds a dot. */
export const TRANSACTION_COOKIE = "__Host-postern.";
/** The change that the last login here came with; by port, `-NAME` is appended. */
export const AFTER_COOKIE = "__Host-postern.after";

/** Beginnings of the names that are Postern's own, in lower case: browsers take `__host-` for the prefix too. */
const OURS: readonly string[] = [
  "__host-postern",
  "__secure-postern",
  "postern-interaction",
  "postern-resume",
];

export interface Cookie {
  readonly name: string;
  readonly value: string;
}

/** All cookies of a request in their order, duplicates and all. */
export function readCookies(rawHeaders: readonly string[]): Cookie[] {
  return cookiePairs(rawHeaders).map((pair) => {
    const at = pair.indexOf("=");
    // a cookie without `=` has a value and no name (RFC 6265bis §5.6)
    return at < 0
      ? { name: "", value: pair }
      : { name: pair.slice(0, at).trim(), value: pair.slice(at + 1).trim() };
  });
}

/** The Cookie header without ours, or undefined when nothing is left. */
export function cookiesForUpstream(rawHeaders: readonly string[]): string | undefined {
  const others = cookiePairs(rawHeaders).filter((pair) => !isOurs(pair));
  return others.length === 0 ? undefined : others.join("; ");
}

function cookiePairs(rawHeaders: readonly string[]): string[] {
  return rawHeaders
    .filter((_, i) => i % 2 === 1 && rawHeaders[i - 1]?.toLowerCase() === "cookie")
    .flatMap((value) => value.split(";"))
    .map((pair) => pair.trim())
    .filter((pair) => pair !== "");
}

/** Also for a nameless cookie whose value would be read as a name. */
function isOurs(pair: string): boolean {
  const text = pair.replace(/^[\s=]+/, "").toLowerCase();
  return OURS.some((prefix) => text.startsWith(prefix));
}

/** Sets a cookie of ours; without `maxAgeSeconds` until the browser ends. */
export function setCookie(name: string, value: string, maxAgeSeconds?: number): string {
  const age = maxAgeSeconds === undefined ? "" : `; Max-Age=${maxAgeSeconds}`;
  return `${name}=${value}; Path=/${age}; HttpOnly; Secure; SameSite=Lax`;
}

export function dropCookie(name: string): string {
  return setCookie(name, "", 0);
}

/**
 * Whether an application's `Set-Cookie` may pass: not of our names, and not for more than its own host, since a
 * parent domain's cookie would reach its siblings and the login host.
 */
export function mayPassSetCookie(value: string, hostname: string): boolean {
  const [pair = "", ...attributes] = value.split(";");
  if (isOurs(pair)) return false;
  return attributes.every((attribute) => {
    const [name = "", domain = ""] = attribute.split("=", 2).map((part) => part.trim().toLowerCase());
    return name !== "domain" || domain === "" || domain.replace(/^\./, "") === hostname;
  });
}
