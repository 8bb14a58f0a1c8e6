import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openActivation } from "#activation";
import { createApi } from "#api";
import { developmentCertificate } from "#authority";
import { consoleAssets } from "#console";
import { componentEvent, type EventOrigin } from "#events";
import { openIdentity } from "#identity";
import {
  canonicalJson,
  type Notify,
  newId,
  PosternError,
  systemClock,
  systemIds,
  systemSchedule,
} from "#kernel";
import { type InstanceState, linkServer, localLink, type StreamRequest } from "#link";
import { openLog } from "#log";
import { demoFiles } from "#policy";
import { openSecrets } from "#secrets";
import { openStore, type Store } from "#store";
import { databaseOf } from "../database.ts";
import { type InstanceSettings, origins, sockets } from "../settings.ts";
import { forgetConnections, noteSeen, trackComponents } from "./components.ts";
import type { RunningRole } from "./role.ts";
import { closeServer, listenOnSocket } from "./sockets.ts";

/** The built pages, beside the built program. */
const PAGES = fileURLToPath(new URL("../../../dist/console", import.meta.url));

/** Control: state, sign-in, console, log. Opens the data folder's database and serves on three Unix sockets. */
export async function run(settings: InstanceSettings, notify: Notify): Promise<RunningRole> {
  const clock = systemClock;
  const schedule = systemSchedule;
  const ids = systemIds;
  const boot = newId("boot", clock.now(), ids);
  const origin: EventOrigin = { role: "control", name: "local", version: settings.version };

  notify({ event: "progress", message: "opening the database" });
  const store = await openStore({ ...databaseOf(settings.data), clock, ids, schedule, notify });
  const secrets = await openSecrets({
    store,
    masterKey: { kind: "own-file", path: join(settings.data, "master.key") },
    clock,
    ids,
  });
  const log = await openLog({ store, origin, boot, clock });
  const instance = await settleInstance(store, settings);

  const activation = await openActivation({ store, log, clock, ids, origin, instance });
  const timeZone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  await activation.ensureFirst(demoFiles(timeZone, { applications: settings.demo }));

  const assets = consoleAssets({ folder: PAGES });
  const identity = await openIdentity({
    store,
    log,
    secrets,
    clock,
    ids,
    schedule,
    notify,
    origin,
    instance,
    page: assets.login,
    applicationsFor: (user, session) => activation.applicationsFor(user, session),
  });
  const api = await createApi({
    store,
    log,
    identity,
    activation,
    secrets,
    clock,
    ids,
    schedule,
    notify,
    origin,
    version: settings.version,
    instance,
    assets,
  });
  const certificate =
    settings.scheme === "https" && settings.tls === "development"
      ? await developmentCertificate({ secrets, clock, hosts: hostsOf(settings) })
      : undefined;
  // for people to trust; the key goes to the gateway over the link and rests nowhere
  if (certificate !== undefined)
    writeFileSync(join(settings.data, "authority.crt"), certificate.authority, { mode: 0o644 });

  // before anybody can connect, so that who does is not forgotten
  await store.write(async (tx) => {
    await forgetConnections(tx);
    await log.append(tx, componentEvent(origin, { time: clock.now(), component: origin, state: "started" }));
  });
  const components = trackComponents(clock);
  const paths = sockets(settings);
  const loginHost = new URL(instance.origins.login).host;
  const handle = linkServer({
    source: store,
    clock,
    schedule,
    notify,
    handlers: {
      // the folder of the socket lets nobody in but this instance's own
      admit: () => undefined,
      onRevoked: () => () => undefined,
      join: refuse,
      renew: refuse,
      report: async () => await Promise.resolve(),
      records: async (records) => {
        const accepted = await log.ingest(records);
        await store.write(async (tx) => await noteSeen(tx, Object.keys(accepted.accepted), clock.now()));
        return accepted;
      },
      entry: async (request) => await identity.acceptEntry(request),
      activity: async (report) => await identity.activity(report),
      key: async (announcement) => await identity.announceKey(announcement),
      loginClient: async () => await identity.loginClient(),
      ...(certificate === undefined
        ? {}
        : { certificate: () => ({ certificate: certificate.certificate, key: certificate.key }) }),
      connected: (who) => note(who, "connected"),
      disconnected: (who) => note(who, "disconnected"),
    },
  });

  function note(who: StreamRequest, state: "connected" | "disconnected"): void {
    const component = { role: who.role, name: who.name, version: who.version };
    void store
      .write(async (tx) => {
        await components(tx, who, state);
        await log.append(tx, componentEvent(origin, { time: clock.now(), component, state }));
      })
      .catch((error: unknown) =>
        notify({
          event: "warning",
          message: `the log did not take that ${who.name} is ${state}: ${String(error)}`,
        }),
      );
  }

  const servers = [
    await listenOnSocket(paths.link, localLink(handle)),
    await listenOnSocket(paths.owner, api.owner),
    await listenOnSocket(paths.control, (request, response) => {
      if (request.headers.host === loginHost) identity.handle(request, response);
      else api.console(request, response);
    }),
  ];
  const setup = (await identity.needsSetup()) ? (await identity.setupLink()).url : undefined;
  const active = await activation.active();
  const apps = activation.addresses(active.set).map(({ name, url }) => ({ name, url }));
  notify({
    event: "ready",
    console: instance.origins.console,
    login: instance.origins.login,
    apps,
    ...(setup === undefined ? {} : { setup }),
  });

  return {
    async stop() {
      await Promise.all(servers.map(async (server) => await closeServer(server, 1_000)));
      await identity.close();
      await store.close();
    },
  };
}

async function refuse(): Promise<never> {
  return await Promise.reject(new PosternError("not_found", "nobody joins over the socket of this machine"));
}

/** Records how this instance is reached, as a change when it is not what it was. */
async function settleInstance(store: Store, settings: InstanceSettings): Promise<InstanceState> {
  const { domain, hostStyle, scheme, port } = settings;
  const { value } = await store.write(async (tx) => {
    const row = await tx.db
      .selectFrom("instance")
      .select("value")
      .where("name", "=", "id")
      .executeTakeFirst();
    const id = row?.value ?? newId("ins", systemClock.now(), systemIds);
    if (row === undefined) await tx.db.insertInto("instance").values({ name: "id", value: id }).execute();
    const state: InstanceState = { id, domain, hostStyle, scheme, port, origins: origins(settings) };
    const held = await tx.db
      .selectFrom("entity")
      .select("value")
      .where("kind", "=", "instance")
      .executeTakeFirst();
    const text = canonicalJson({ ...state });
    if (held === undefined || canonicalJson(JSON.parse(held.value)) !== text) {
      tx.record({ kind: "instance", key: "instance", value: state });
    }
    return state;
  });
  return value;
}

function hostsOf(settings: InstanceSettings): string[] {
  const names = settings.hostStyle === "port" ? ["localhost"] : [settings.domain, `*.${settings.domain}`];
  return [
    ...names,
    "127.0.0.1",
    "::1",
    ...(/^[\d.:]+$/.test(settings.listen) && settings.listen !== "0.0.0.0" && settings.listen !== "::"
      ? [settings.listen]
      : []),
  ];
}
