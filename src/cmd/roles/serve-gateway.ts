import { startGateway } from "#gateway";
import { type Notify, systemClock, systemIds, systemSchedule } from "#kernel";
import type { ControlDialer, InstanceState, LinkClient } from "#link";
import { openView, reportView, type View } from "#view";
import { gatewayPart } from "../operations/gateway-part.ts";
import { openOperations } from "../operations/open-operations.ts";
import type { Part } from "../operations/part.ts";
import { viewPart } from "../operations/view-part.ts";
import type { Address } from "../settings.ts";
import { firstSnapshot } from "./first-snapshot.ts";
import type { RunningRole } from "./role.ts";
import { openUpward } from "./upward.ts";

/** What a gateway of this machine's instance and one that joined from elsewhere have in common. */
export interface ServeGateway {
  readonly name: string;
  readonly data: string;
  readonly run: string;
  readonly version: string;
  readonly listen: string;
  /** To control's link. */
  readonly linkDialer: ControlDialer;
  /** To login and console. */
  readonly peopleDialer: ControlDialer;
  readonly ops?: Address;
  /** Of one that joined. */
  readonly certificate?: { readonly part: Part; notAfter(): number };
  /** Once the view and the link are there, before anything is served. */
  readonly joined?: (parts: { readonly link: LinkClient; readonly view: View }) => void;
  /** Where and how it serves, which may depend on the instance. */
  readonly front: (
    instance: InstanceState | undefined,
    link: LinkClient,
  ) => Promise<{ readonly port: number; readonly tls?: { readonly cert: string; readonly key: string } }>;
}

/** Runs a gateway. It listens once its view holds a snapshot. */
export async function serveGateway(
  options: ServeGateway,
  boot: string,
  notify: Notify,
): Promise<RunningRole> {
  const { name, run, version, listen } = options;
  const clock = systemClock;
  const schedule = systemSchedule;
  const up = await openUpward({
    role: "gateway",
    name,
    boot,
    data: options.data,
    dialer: options.linkDialer,
    notify,
  });
  const { link, spool } = up;
  const view = openView({ link, role: "gateway", name, boot, version, clock, schedule, notify });
  let gateway: Awaited<ReturnType<typeof startGateway>> | undefined;
  const operations = await openOperations({
    role: "gateway",
    name,
    version,
    run,
    ...(options.ops === undefined ? {} : { at: options.ops }),
    clock,
    schedule,
    parts: [
      viewPart({ view, blocked: () => view.blocked() }),
      up.part,
      gatewayPart({
        listen,
        port: () => gateway?.port,
        liveConnections: () => gateway?.liveConnections,
      }),
      { checks: [], metrics: (meter) => gateway?.measure(meter) },
      ...(options.certificate === undefined ? [] : [options.certificate.part]),
    ],
  });
  options.joined?.({ link, view });
  await firstSnapshot(view);
  const front = await options.front(view.instance(), link);
  gateway = await startGateway({
    view,
    spool,
    link,
    name,
    boot,
    version,
    listen,
    ...front,
    run,
    control: options.peopleDialer,
    clock,
    schedule,
    ids: systemIds,
    notify,
  });
  const serving = gateway;
  const stopReporting = reportView({
    view,
    link,
    boot,
    version,
    schedule,
    notify,
    extra: () => ({
      liveConnections: serving.liveConnections,
      unshippedRecords: spool.unshipped,
      ...(options.certificate === undefined ? {} : { certificateNotAfter: options.certificate.notAfter() }),
    }),
  });
  notify({ event: "ready", port: gateway.port, listening: `${listen}:${gateway.port}` });
  return {
    async stop() {
      operations.stopping();
      stopReporting();
      await serving.stop();
      view.close();
      await spool.close();
      link.close();
      await operations.close();
    },
  };
}
