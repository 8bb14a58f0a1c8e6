import { canonicalJson, newId, PosternError, systemClock, systemIds } from "#kernel";
import type { InstanceState } from "#link";
import type { Store } from "#store";
import { type ControlSettings, type InstanceSettings, origins } from "../settings.ts";

type Reached = Pick<InstanceSettings, "domain" | "hostStyle" | "scheme" | "port">;

/** Of a control node that starts on a database where nobody has said otherwise. */
const DEFAULTS: Omit<Reached, "domain"> = { hostStyle: "subdomain", scheme: "https", port: 443 };

/**
 * Settles how browsers reach this instance: what this start asks for, else what the database remembers. It is recorded,
 * as a change when it is not what it was. While other control nodes live it cannot change: they serve by it.
 * @throws PosternError `usage.invalid` when nobody ever named the domain, `conflict` when others serve by something else
 */
export async function settleInstance(
  store: Store,
  asked: ControlSettings["instance"],
  othersLive: boolean,
): Promise<InstanceState> {
  const { value } = await store.write(async (tx) => {
    const row = await tx.db
      .selectFrom("instance")
      .select("value")
      .where("name", "=", "id")
      .executeTakeFirst();
    const id = row?.value ?? newId("ins", systemClock.now(), systemIds);
    if (row === undefined) await tx.db.insertInto("instance").values({ name: "id", value: id }).execute();
    const held = await tx.db
      .selectFrom("entity")
      .select("value")
      .where("kind", "=", "instance")
      .executeTakeFirst();
    const before = held === undefined ? undefined : (JSON.parse(held.value) as InstanceState);
    const domain = asked.domain ?? before?.domain;
    if (domain === undefined) {
      throw new PosternError("usage.invalid", "nobody has said yet under which domain applications are", {
        where: "postern control run",
        remedy: "--domain apps.example.com, once",
      });
    }
    const reached: Reached = {
      domain,
      hostStyle: asked.hostStyle ?? before?.hostStyle ?? DEFAULTS.hostStyle,
      scheme: asked.scheme ?? before?.scheme ?? DEFAULTS.scheme,
      port: asked.port ?? before?.port ?? DEFAULTS.port,
    };
    const state: InstanceState = { id, ...reached, origins: origins(reached) };
    if (before !== undefined && canonicalJson({ ...before }) === canonicalJson({ ...state })) return state;
    if (before !== undefined && othersLive) {
      throw new PosternError(
        "conflict",
        "other control nodes of this database serve browsers in another way",
        {
          where: `${before.origins.login}, and here ${state.origins.login}`,
          remedy: "leave --domain, --port and --scheme away, or stop the other nodes first",
        },
      );
    }
    tx.record({ kind: "instance", key: "instance", value: state });
    return state;
  });
  return value;
}
