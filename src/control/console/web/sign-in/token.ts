/** Takes the fragment out of the address bar and the browser's history, and gives it; empty when there is none. */
export function takeToken(
  location: Pick<Location, "hash" | "pathname" | "search">,
  history: Pick<History, "replaceState">,
): string {
  const token = location.hash.replace(/^#/, "");
  if (location.hash !== "") history.replaceState(null, "", location.pathname + location.search);
  return token;
}
