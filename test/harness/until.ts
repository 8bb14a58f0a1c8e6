/** Waits until `condition` gives something true, asking again and again; fails with `what` after `ms`. */
export async function until<T>(
  what: string,
  condition: () => Promise<T> | T,
  ms = 20_000,
): Promise<NonNullable<T>> {
  const end = performance.now() + ms;
  for (;;) {
    const value = await condition();
    if (value !== undefined && value !== null && value !== false) return value;
    if (performance.now() > end) throw new Error(`not within ${ms} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
