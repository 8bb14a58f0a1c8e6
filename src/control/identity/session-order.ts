/** All that take the rows of several sessions take them in this order, so that no two wait for each other. */
export function inOrder<T>(items: readonly T[], id: (item: T) => string): T[] {
  return items.toSorted((a, b) => (id(a) < id(b) ? -1 : 1));
}

/** Sessions in one write: whoever comes for one of them meanwhile waits for all. */
const AT_ONCE = 100;

/** Cuts what is to be written into writes that are short. */
export function portions<T>(items: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(items.length / AT_ONCE) }, (_, i) =>
    items.slice(i * AT_ONCE, (i + 1) * AT_ONCE),
  );
}
