/** Leaves for where the server says, which is a page and nothing else. */
export function goOn(next: string): void {
  const target = new URL(next, location.href);
  if (target.protocol !== "https:" && target.protocol !== "http:")
    throw new TypeError("not the address of a page");
  location.assign(target);
}
