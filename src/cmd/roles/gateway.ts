import { readFileSync } from "node:fs";
import { join } from "node:path";
import { startGateway } from "#gateway";
import { type Notify, newId, PosternError, systemClock, systemIds, systemSchedule } from "#kernel";
import {
  LINK_PATHS,
  type LinkClient,
  linkClient,
  parseRecordsAccepted,
  parseServerCertificate,
  unixDialer,
} from "#link";
import { openSpool } from "#spool";
import { openView, reportView } from "#view";
import { type InstanceSettings, sockets } from "../settings.ts";
import type { RunningRole } from "./role.ts";

/** A control that starts with us may need a moment before its first snapshot. */
const FIRST_SNAPSHOT_MS = 20_000;

/** The gateway: the one public listener. It listens once its view holds a snapshot. */
export async function run(settings: InstanceSettings, notify: Notify): Promise<RunningRole> {
  const clock = systemClock;
  const schedule = systemSchedule;
  const name = "local";
  const version = settings.version;
  const boot = newId("boot", clock.now(), systemIds);
  const { link: linkSocket, control: controlSocket } = sockets(settings);
  const link = linkClient({ dialer: unixDialer(linkSocket), boot, role: "gateway", name });
  const control = unixDialer(controlSocket);
  const spool = await openSpool({
    folder: join(settings.data, "spool"),
    source: `gateway:${name}`,
    boot,
    clock,
    schedule,
    ship: async (records) => parseRecordsAccepted(await link.send(LINK_PATHS.records, records)),
    notify,
  });
  const view = openView({ link, role: "gateway", name, boot, version, clock, schedule, notify });
  await firstSnapshot(view.ready);
  const gateway = await startGateway({
    view,
    spool,
    link,
    name,
    boot,
    version,
    listen: settings.listen,
    port: settings.port,
    ...(await tls(settings, link)),
    run: settings.run,
    control,
    clock,
    schedule,
    ids: systemIds,
    notify,
  });
  const stopReporting = reportView({
    view,
    link,
    boot,
    version,
    schedule,
    notify,
    extra: () => ({ liveConnections: gateway.liveConnections, unshippedRecords: spool.unshipped }),
  });
  notify({ event: "ready", port: gateway.port });
  return {
    async stop() {
      await gateway.stop();
      stopReporting();
      control.close();
      view.close();
      await spool.close();
      link.close();
    },
  };
}

async function firstSnapshot(ready: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () =>
        reject(
          new PosternError("not_running", "control sent no state in time", {
            remedy: "see what control says",
          }),
        ),
      FIRST_SNAPSHOT_MS,
    );
  });
  try {
    await Promise.race([ready, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** The certificate and key that people name by TLS flags, or that control's authority for development made. */
async function tls(
  settings: InstanceSettings,
  link: LinkClient,
): Promise<{ tls?: { cert: string; key: string } }> {
  if (settings.scheme === "http") return {};
  if (settings.tls === undefined || settings.tls === "development") {
    const { certificate, key } = parseServerCertificate(await link.send(LINK_PATHS.certificate, {}));
    return { tls: { cert: certificate, key } };
  }
  const files = settings.tls;
  try {
    return { tls: { cert: readFileSync(files.certificate, "utf8"), key: readFileSync(files.key, "utf8") } };
  } catch (cause) {
    throw new PosternError("tls.invalid", "the TLS certificate or its key cannot be read", {
      where: `${files.certificate}, ${files.key}`,
      remedy: "name readable PEM files with --tls-cert and --tls-key",
      cause,
    });
  }
}
