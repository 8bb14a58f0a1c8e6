import type { Application } from "./types.ts";

const READS: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Names what a request does: the first of the application's actions that its method and path fit, else `connect` for `CONNECT`
 * (which is also a WebSocket's method, RFC 8441 §4), `read` for methods that change nothing, `write` for all others.
 * @param path as it will be forwarded, without the query
 */
export function matchAction(application: Application, method: string, path: string): string {
  for (const action of application.actions) {
    if (action.methods.includes(method) && isUnder(path, action.pathPrefix)) return action.name;
  }
  if (method === "CONNECT") return "connect";
  return READS.has(method) ? "read" : "write";
}

/** `/admin` holds `/admin` and `/admin/users`, not `/administrators`. */
function isUnder(path: string, prefix: string): boolean {
  if (!path.startsWith(prefix)) return false;
  return prefix.endsWith("/") || path.length === prefix.length || path[prefix.length] === "/";
}
