import type { MyAccess } from "#identity";
import { type Clock, type IdSource, newId } from "#kernel";
import { decide, type Input, type PolicySet } from "#policy";
import type { Store } from "#store";
import type { Address } from "./addresses.ts";
import { personInput } from "./person-input.ts";

/**
 * The applications that a person may open in a session, as things stand: what the policy would say if they opened each
 * one's first page now. Where they are is not known here, so that a rule which asks for it does not open.
 */
export async function applicationsFor(
  { store, clock, ids }: { readonly store: Store; readonly clock: Clock; readonly ids: IdSource },
  set: PolicySet,
  addresses: readonly Address[],
  who: { readonly user: string; readonly session: string },
): Promise<MyAccess["applications"]> {
  const person = await store.db
    .selectFrom("user")
    .select(["id", "name", "role", "groups"])
    .where("id", "=", who.user)
    .executeTakeFirst();
  const session = await store.db
    .selectFrom("session")
    .selectAll()
    .where("id", "=", who.session)
    .where("user_id", "=", who.user)
    .executeTakeFirst();
  if (person === undefined || session === undefined) return [];
  const now = clock.now();
  return addresses.flatMap((address) => {
    const { url, application } = address;
    const request = { method: "GET", path: application.pathPrefix, host: new URL(url).host };
    const asked = { action: "read", resource: resourceOf(address), request };
    const { effect } = decide(personInput(person, session, asked, now), set, newId("dec", now, ids));
    if (effect !== "allow") return [];
    const { title, description } = application;
    return [{ title, url, ...(description === undefined ? {} : { description }) }];
  });
}

function resourceOf({ application }: Address): Input["resource"] {
  const { name, classification, env, sensitivityScore, labels } = application;
  return {
    name,
    kind: "application",
    classification,
    ...(env === undefined ? {} : { env }),
    ...(sensitivityScore === undefined ? {} : { sensitivity_score: sensitivityScore }),
    ...(Object.keys(labels).length === 0 ? {} : { labels }),
  };
}
