/** Whether two values that were read from JSON by the same reader are the same. */
export function sameValue(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  const [mine, theirs] = [Object.entries(a), b as { readonly [member: string]: unknown }];
  return (
    mine.length === Object.keys(b).length &&
    mine.every(([name, value]) => Object.hasOwn(b, name) && sameValue(value, theirs[name]))
  );
}
