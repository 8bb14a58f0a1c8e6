import type { Meter } from "@opentelemetry/api";
import type { Clock, IdSource, Notify, Schedule } from "#kernel";
import type { ControlDialer, LinkClient } from "#link";
import type { Spool } from "#spool";
import type { View } from "#view";
import { reportActivity } from "./activity.ts";
import { makeAssertions } from "./assertion.ts";
import { makeEntryWaits } from "./entry-wait.ts";
import { requestHandler } from "./handle.ts";
import { makeKeys } from "./keys.ts";
import { STOP_GRACE } from "./limits.ts";
import { type Listener, openListener } from "./listener.ts";
import { makeLive } from "./live.ts";
import { makeLogin } from "./login.ts";
import { followPorts } from "./ports.ts";
import { makeRecords } from "./records.ts";
import { makeTallies } from "./tallies.ts";
import { makeUpstreams } from "./upstreams.ts";

export interface GatewayOptions {
  /** Holds a snapshot already. */
  readonly view: View;
  readonly spool: Spool;
  readonly link: LinkClient;
  /** Of this gateway. */
  readonly name: string;
  /** Identifies this start of the process. */
  readonly boot: string;
  readonly version: string;
  /** Address; `127.0.0.1` also takes `::1` where there is one. */
  readonly listen: string;
  readonly port: number;
  /** PEM. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** The folder of the sockets that `unix:` upstreams name. */
  readonly run: string;
  /** Reaches the control nodes, where login and console are. */
  readonly control: ControlDialer;
  readonly clock: Clock;
  readonly schedule: Schedule;
  readonly ids: IdSource;
  readonly notify: Notify;
}

export interface Gateway {
  readonly port: number;
  /** Connections that were let through and are still open. */
  readonly liveConnections: number;
  /** Makes the gateway's instruments; what was counted before is not lost. */
  measure(meter: Meter): void;
  /** Takes no more connections, lets requests under way end for a moment, and ends the rest. */
  stop(): Promise<void>;
}

/** Opens the gateway. @throws PosternError `port.busy` or `tls.invalid` */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { view, spool, link, name, version, clock, schedule, ids, notify } = options;
  const keys = await makeKeys(link, name);
  // the login host should know the key before the first person comes; a failure is tried again when one does
  keys.announced().catch((error: unknown) =>
    notify({
      event: "key-unannounced",
      message: `control did not take this gateway's key: ${String(error)}`,
    }),
  );
  const activity = reportActivity({ view, link, clock, schedule, notify });
  const tallies = makeTallies();
  const records = makeRecords({ spool, origin: { role: "gateway", name, version }, clock, notify });
  const upstreams = makeUpstreams(options.run, options.control);
  const live = makeLive({ view, clock, schedule, ids, notify, activity, records, tallies });
  const login = makeLogin({
    view,
    link,
    keys,
    control: options.control,
    clock,
    ids,
    notify,
  });
  const handle = requestHandler({
    view,
    clock,
    schedule,
    ids,
    notify,
    keys,
    login,
    records,
    activity,
    assertions: makeAssertions(keys, clock, ids),
    upstreams,
    live,
    entryWaits: makeEntryWaits(view),
    tallies,
  });
  const open = async (port: number): Promise<Listener> =>
    await openListener({
      listen: options.listen,
      port,
      clock,
      handle,
      ...(options.tls === undefined ? {} : { tls: options.tls }),
    });
  const release = async (): Promise<void> => {
    live.stop();
    upstreams.close();
    await activity.stop();
  };
  const main = await open(options.port).catch(async (error: unknown) => {
    await release();
    throw error;
  });
  const ports = await followPorts({ view, schedule, notify, open });

  return {
    port: main.port,
    get liveConnections() {
      return live.size;
    },
    measure: (meter) => tallies.measure(meter),
    async stop() {
      await ports.stop();
      const listeners = [main, ...ports.listeners()];
      const closed = Promise.all(listeners.map(async (listener) => await listener.close()));
      const stopClosingIdle = schedule.every(50, () => {
        for (const listener of listeners) listener.closeIdle();
      });
      const cancel = schedule.after(STOP_GRACE, () => {
        live.endAll("gateway-stopped");
        for (const listener of listeners) listener.destroy();
      });
      live.endAll("gateway-stopped", "tunnels");
      await closed;
      stopClosingIdle();
      cancel();
      await release();
    },
  };
}
