import { X509Certificate } from "node:crypto";
import { writeFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openActivation } from "#activation";
import { createApi } from "#api";
import { type DevelopmentCertificate, developmentCertificate, openAuthority } from "#authority";
import { consoleAssets } from "#console";
import { componentEvent, type EventOrigin } from "#events";
import { openIdentity } from "#identity";
import { type Notify, newId, systemClock, systemIds, systemSchedule } from "#kernel";
import { type LinkTlsListener, linkServer, linkTlsListener, localLink } from "#link";
import { openLog } from "#log";
import { openMembers } from "#members";
import { demoFiles } from "#policy";
import { openSecrets } from "#secrets";
import { openStore } from "#store";
import { ownerMoves } from "../backup/database-mover.ts";
import { setAside } from "../backup/keep-aside.ts";
import { databaseOf, sqliteFile } from "../database.ts";
import { masterKeySource } from "../master-key.ts";
import { certificatePart } from "../operations/certificate-part.ts";
import { controlPart } from "../operations/control-part.ts";
import { controlTallies } from "../operations/control-tallies.ts";
import { openOperations } from "../operations/open-operations.ts";
import { type ControlSettings, type InstanceSettings, sockets } from "../settings.ts";
import { linkHandlers } from "./link-handlers.ts";
import type { RunningRole } from "./role.ts";
import { settleInstance } from "./settle-instance.ts";
import { closeServer, listenOnSocket } from "./sockets.ts";

/** The built pages, beside the built program. */
const PAGES = fileURLToPath(new URL("../../../dist/console", import.meta.url));
/** Requests under way may take this long when control stops: one that is cut may have signed somebody in who is not told. */
const STOP_GRACE_MS = 3_000;
/** On this machine's link there are streams, which go on for ever, and messages, which are sent again. */
const LINK_GRACE_MS = 500;

/** Control of an instance on one machine. */
export async function run(settings: InstanceSettings, notify: Notify): Promise<RunningRole> {
  const { domain, hostStyle, scheme, port, tls, listen } = settings;
  const own = /^[\d.:]+$/.test(listen) && listen !== "0.0.0.0" && listen !== "::" ? [listen] : [];
  return await runControl(
    {
      ...settings,
      instance: { domain, hostStyle, scheme, port },
      ...(scheme === "https" && tls === "development"
        ? { developmentTls: ["127.0.0.1", "::1", ...own] }
        : {}),
    },
    notify,
  );
}

/** A control node: state, sign-in, console, log. Serves on Unix sockets, and to members of other machines over mTLS. */
export async function runControl(settings: ControlSettings, notify: Notify): Promise<RunningRole> {
  const clock = systemClock;
  const schedule = systemSchedule;
  const ids = systemIds;
  const { data, version, node } = settings;
  const boot = newId("boot", clock.now(), ids);
  const origin: EventOrigin = { role: "control", name: node, version };
  const tallies = controlTallies();
  let listening = false;

  notify({ event: "progress", message: "opening the database" });
  const database = databaseOf(data);
  // what a move left behind when it was cut off right after it was done
  if ("url" in database) setAside(sqliteFile(data), "moved", clock.now());
  const store = await openStore({ ...database, clock, ids, schedule, notify });
  const operations = await openOperations({
    role: "control",
    name: node,
    version,
    run: settings.run,
    ...(settings.ops === undefined ? {} : { at: settings.ops }),
    clock,
    schedule,
    parts: [
      controlPart({ store, tallies, listening: () => listening, clock }),
      certificatePart({
        name: "control",
        notAfter: () => endOf(certificates?.controlCredentials().certificate),
        clock,
        remedy: "postern doctor",
      }),
    ],
  });
  let certificates: Awaited<ReturnType<typeof openAuthority>> | undefined;
  const secrets = await openSecrets({ store, masterKey: masterKeySource(settings.masterKey), clock, ids });
  const log = await openLog({ store, origin, boot, clock });
  const liveBefore = await othersLive(store, node, clock.now());
  const instance = await settleInstance(store, settings.instance, liveBefore);

  const activation = await openActivation({ store, log, clock, ids, origin, instance });
  const timeZone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  await activation.ensureFirst(demoFiles(timeZone, { applications: settings.demo }));
  certificates = await openAuthority({
    store,
    secrets,
    clock,
    ids,
    schedule,
    notify,
    log,
    origin,
    trustDomain: instance.domain,
  });
  const members = await openMembers({
    store,
    log,
    authority: certificates,
    clock,
    ids,
    schedule,
    notify,
    origin,
    node: { name: node, boot, version, ...(settings.link === undefined ? {} : { url: settings.link.url }) },
  });

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
    members,
    certificates,
    clock,
    ids,
    schedule,
    notify,
    origin,
    version,
    instance,
    assets,
  });
  const development = await developmentTls(settings, instance.domain, instance.hostStyle, secrets);

  await store.write(
    async (tx) =>
      await log.append(
        tx,
        componentEvent(origin, { time: clock.now(), component: origin, state: "started" }),
      ),
  );
  const paths = sockets(settings);
  const loginHost = new URL(instance.origins.login).host;
  const people = (request: IncomingMessage, response: ServerResponse): void => {
    if (request.headers.host === loginHost) identity.handle(request, response);
    else api.console(request, response);
  };
  const handle = linkServer({
    source: store,
    clock,
    schedule,
    notify,
    handlers: linkHandlers({
      identity,
      log,
      members,
      tallies,
      ...(development === undefined ? {} : { development }),
    }),
  });
  const owner = ownerMoves(
    {
      store,
      log,
      origin,
      data,
      clock,
      ids,
      schedule,
      notify,
      // not a stop: nothing may be written to the database that was left
      restart: () => process.exit(RESTART_CODE),
    },
    api.owner,
  );
  const local = await listenOnSocket(paths.link, localLink(handle));
  const servers = [await listenOnSocket(paths.owner, owner), await listenOnSocket(paths.control, people)];
  let link: LinkTlsListener | undefined;
  if (settings.link !== undefined) {
    link = await linkTlsListener({
      address: settings.link.address,
      port: settings.link.port,
      credentials: certificates.controlCredentials(),
      handler: handle,
      people,
      admit: (peer, boot, what) => members.admit(peer, boot, what),
      clock,
    });
    const renewed = certificates;
    const listener = link;
    renewed.onChange(() => listener.replace(renewed.controlCredentials()));
  }
  listening = true;
  const setup = (await identity.needsSetup()) ? (await identity.setupLink()).url : undefined;
  const active = await activation.active();
  const apps = activation.addresses(active.set).map(({ name, url }) => ({ name, url }));
  notify({
    event: "ready",
    console: instance.origins.console,
    login: instance.origins.login,
    apps,
    node,
    ...(settings.link === undefined ? {} : { link: settings.link.url }),
    ...(setup === undefined ? {} : { setup }),
  });

  return {
    async stop() {
      operations.stopping();
      await Promise.all([
        closeServer(local, LINK_GRACE_MS),
        ...servers.map(async (server) => await closeServer(server, STOP_GRACE_MS)),
        link?.close(STOP_GRACE_MS),
      ]);
      await members.close();
      await identity.close();
      await certificates.close();
      await operations.close();
      await store.close();
    },
  };
}

/** Tells the supervisor, and systemd, that this end is to be followed by a start. */
const RESTART_CODE = 75;

/** A browser's certificate where no public authority can vouch; the authority is left for people to trust. */
async function developmentTls(
  settings: ControlSettings,
  domain: string,
  hostStyle: "subdomain" | "port",
  secrets: Parameters<typeof developmentCertificate>[0]["secrets"],
): Promise<DevelopmentCertificate | undefined> {
  if (settings.developmentTls === undefined) return undefined;
  const names = hostStyle === "port" ? ["localhost"] : [domain, `*.${domain}`];
  const made = await developmentCertificate({
    secrets,
    clock: systemClock,
    hosts: [...names, ...settings.developmentTls],
  });
  // the key goes to the gateway over the link and rests nowhere
  writeFileSync(join(settings.data, "authority.crt"), made.authority, { mode: 0o644 });
  return made;
}

/** When a certificate ends, milliseconds since the Unix epoch. */
function endOf(pem: string | undefined): number | undefined {
  return pem === undefined ? undefined : Date.parse(new X509Certificate(pem).validTo);
}

/** Whether another control node of this database has said within the last minute that it lives. */
async function othersLive(
  store: Awaited<ReturnType<typeof openStore>>,
  node: string,
  now: number,
): Promise<boolean> {
  const other = await store.db
    .selectFrom("control_node")
    .select("name")
    .where("name", "!=", node)
    .where("last_seen_at", ">", now - 60_000)
    .executeTakeFirst();
  return other !== undefined;
}
