import { growingPause } from "#kernel";
import type { View } from "#view";
import { AFTER_COOKIE, APPLICATION_COOKIE, type Cookie, dropCookie, setCookie } from "./cookies.ts";
import { ENTRY_MEMORY, ENTRY_WAIT, MOST_ENTRY_TRIES, MOST_WAITING } from "./limits.ts";
import type { EnteredSite } from "./sites.ts";

/**
 * After a login the browser carries the number of the change that its entry came with, in a short-lived cookie of the
 * host, so that whichever gateway it comes to next can wait for that change instead of sending it to sign in again. The
 * number opens nothing: who makes one up, or keeps an old one, waits.
 */
export interface AwaitedEntry {
  /** The change that carries the entry. */
  readonly number: number;
  /** How often the page has come again. */
  readonly tries: number;
  /** How many logins ended here shortly one after another. */
  readonly rounds: number;
}

/** So many logins in a row at most are begun without anybody asking for it. */
const MOST_ROUNDS = 4;
const FIRST_PAUSE_SECONDS = 1;
const MOST_PAUSE_SECONDS = 15;

/** The `Set-Cookie` value that remembers the change. */
export function rememberEntry(site: EnteredSite, { number, tries, rounds }: AwaitedEntry): string {
  return setCookie(nameAt(site), `${number}.${tries}.${Math.min(rounds, MOST_ROUNDS)}`, ENTRY_MEMORY / 1000);
}

/** What the browser remembers of its last login here, if that was lately. */
export function rememberedEntry(site: EnteredSite, held: readonly Cookie[]): AwaitedEntry | undefined {
  const own = held.filter(({ name }) => name === nameAt(site));
  const text = own.length === 1 ? (own[0]?.value ?? "") : "";
  const [, number, tries, rounds] = /^(\d{1,15})\.(\d{1,2})\.(\d{1,2})$/.exec(text) ?? [];
  return number === undefined
    ? undefined
    : { number: Number(number), tries: Number(tries), rounds: Number(rounds) };
}

/** Whether it is worth waiting for: the browser has a cookie that was let in, and has not tried too often. */
export function isWorthWaiting(site: EnteredSite, held: readonly Cookie[], { tries }: AwaitedEntry): boolean {
  return tries < MOST_ENTRY_TRIES && held.some(({ name, value }) => name === site.cookie && value !== "");
}

/** Whether logins follow one another here and none of them lets anybody in: another would not either. */
export function goesInCircles({ rounds }: AwaitedEntry): boolean {
  return rounds >= MOST_ROUNDS;
}

/** The `Set-Cookie` value that forgets it. */
export function forgetEntry(site: EnteredSite): string {
  return dropCookie(nameAt(site));
}

/** The pause before the page comes again, in seconds. */
export function pauseBefore({ tries }: AwaitedEntry): number {
  return growingPause(tries, FIRST_PAUSE_SECONDS, MOST_PAUSE_SECONDS);
}

/** Waits for the view to reach an entry's change; false when it did not in time, or too many wait already. */
export interface EntryWaits {
  reached(awaited: AwaitedEntry): Promise<boolean>;
}

export function makeEntryWaits(view: View): EntryWaits {
  let waiting = 0;
  return {
    async reached({ number }) {
      if (view.number >= number) return true;
      if (waiting >= MOST_WAITING) return false;
      waiting += 1;
      try {
        return await view.waitFor(number, ENTRY_WAIT);
      } finally {
        waiting -= 1;
      }
    },
  };
}

function nameAt(site: EnteredSite): string {
  return AFTER_COOKIE + site.cookie.slice(APPLICATION_COOKIE.length);
}
