import type { Page } from "#api";
import type { Answer, Owner } from "./client.ts";
import type { Check } from "./server-events.ts";

/** All pages of a list, one after the other; the raw form is one page that holds everything. */
export async function allPages<T>(
  owner: Owner,
  path: string,
  check: Check<Page<T>>,
): Promise<Answer<readonly T[]>> {
  const values: T[] = [];
  const raws: unknown[] = [];
  for (let next: string | undefined = ""; next !== undefined; ) {
    const query: string =
      next === "" ? "" : `${path.includes("?") ? "&" : "?"}before=${encodeURIComponent(next)}`;
    const { value, raw } = await owner.get(path + query, check);
    values.push(...value.items);
    raws.push(...itemsOf(raw));
    next = value.next;
  }
  return { value: values, raw: { items: raws } };
}

function itemsOf(raw: unknown): readonly unknown[] {
  const items = typeof raw === "object" && raw !== null && "items" in raw ? raw.items : [];
  return Array.isArray(items) ? items : [];
}
