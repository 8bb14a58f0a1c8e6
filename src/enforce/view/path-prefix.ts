/** Whether a path is under a prefix, by whole segments: `/docs` holds `/docs` and `/docs/a`, not `/docsmith`. */
export function isUnder(path: string, prefix: string): boolean {
  if (!path.startsWith(prefix)) return false;
  return prefix.endsWith("/") || path.length === prefix.length || path[prefix.length] === "/";
}
