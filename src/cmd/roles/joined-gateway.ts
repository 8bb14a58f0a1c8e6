import { type Notify, PosternError } from "#kernel";
import type { InstanceState, LinkClient } from "#link";
import type { GatewaySettings } from "../settings.ts";
import { isLoopback } from "../supervisor/settings-from-flags.ts";
import { developmentPair, filePair } from "./gateway.ts";
import { openJoined } from "./joined.ts";
import type { RunningRole } from "./role.ts";
import { serveGateway } from "./serve-gateway.ts";

/** A gateway that joined an instance elsewhere. */
export async function run(settings: GatewaySettings, notify: Notify): Promise<RunningRole> {
  const { data, version, listen, ops } = settings;
  const { dialer, ...member } = await openJoined("gateway", data, notify);
  const gateway = await serveGateway(
    {
      ...member,
      ...{ data, run: settings.run, version, listen },
      linkDialer: dialer,
      peopleDialer: dialer,
      ...(ops === undefined ? {} : { ops }),
      front: async (instance, link) => await front(settings, instance, link),
    },
    member.boot,
    notify,
  );
  return {
    async stop() {
      await gateway.stop();
      await member.close();
    },
  };
}

async function front(
  settings: GatewaySettings,
  instance: InstanceState | undefined,
  link: LinkClient,
): Promise<{ port: number; tls?: { cert: string; key: string } }> {
  if (instance === undefined) throw new PosternError("internal", "control said nothing of the instance");
  const port = settings.port ?? instance.port;
  if (instance.scheme === "http") {
    if (isLoopback(settings.listen)) return { port };
    throw new PosternError("tls.required", `Postern does not serve ${settings.listen} without TLS`, {
      where: `--listen ${settings.listen}`,
      remedy: "run control with --scheme https, and this gateway with --tls-cert FILE --tls-key FILE",
    });
  }
  if (settings.tls !== undefined) return { port, tls: filePair(settings.tls) };
  try {
    return { port, tls: await developmentPair(link) };
  } catch (cause) {
    throw new PosternError("tls.required", "this gateway has no certificate to serve browsers with", {
      where: "postern gateway run",
      remedy: "--tls-cert FILE --tls-key FILE; or control with --tls development, to try it out",
      cause,
    });
  }
}
