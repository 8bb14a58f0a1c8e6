import { type Clock, sha256Hex } from "#kernel";
import type { EntryState, SessionState, UserState } from "#link";
import type { View } from "#view";
import type { Cookie } from "./cookies.ts";
import type { EnteredSite } from "./sites.ts";

/** Somebody who is signed in, and the entry that let them in here. */
export interface Who {
  /** SHA-256 of the cookie's value. */
  readonly entry: string;
  readonly user: UserState;
  readonly session: SessionState;
}

/** What a cookie of ours was worth. */
export type Recognised =
  | { readonly who: Who }
  /** `stranger` is present when the cookie is good, but for another host. */
  | { readonly who?: never; readonly stranger?: { readonly entry: EntryState; readonly user?: UserState } };

/** Finds out who sends a request: exactly one cookie of ours, let in here, of a session that is alive. */
export function recognise(
  view: View,
  clock: Clock,
  site: EnteredSite,
  cookies: readonly Cookie[],
): Recognised {
  const ours = cookies.filter(({ name }) => name === site.cookie);
  const [cookie] = ours;
  // with two nobody can say which the person's own browser meant
  if (cookie === undefined || ours.length > 1) return {};
  if (!/^[A-Za-z0-9_-]{43}$/.test(cookie.value)) return {};
  const hash = sha256Hex(cookie.value);
  const entry = view.entry(hash);
  if (entry === undefined) return {};
  if (entry.host !== site.entryHost) {
    const user = view.user(view.session(entry.session)?.user ?? "");
    return { stranger: { entry, ...(user === undefined ? {} : { user }) } };
  }
  const who = whoEntered(view, clock, site, hash);
  return who === undefined ? {} : { who };
}

/** Who an entry stands for at this moment; undefined once it, its session or its person may not come in. */
export function whoEntered(view: View, clock: Clock, site: EnteredSite, entry: string): Who | undefined {
  const held = view.entry(entry);
  if (held === undefined || held.host !== site.entryHost) return undefined;
  const session = view.session(held.session);
  const now = clock.now();
  if (session === undefined || now >= session.absoluteExpiresAt || now >= session.idleExpiresAt)
    return undefined;
  const user = view.user(session.user);
  return user === undefined || user.disabled ? undefined : { entry, user, session };
}
