import { readFileSync } from "node:fs";
import { type Notify, PosternError } from "#kernel";
import { LINK_PATHS, type LinkClient, parseServerCertificate, unixDialer } from "#link";
import { type InstanceSettings, sockets } from "../settings.ts";
import type { RunningRole } from "./role.ts";
import { serveGateway } from "./serve-gateway.ts";
import { newBoot } from "./upward.ts";

/** The gateway of an instance on one machine. */
export async function run(settings: InstanceSettings, notify: Notify): Promise<RunningRole> {
  const { data, version, listen, port, ops } = settings;
  const { link, control } = sockets(settings);
  return await serveGateway(
    {
      name: "local",
      ...{ data, run: settings.run, version, listen },
      linkDialer: unixDialer(link),
      peopleDialer: unixDialer(control),
      // control has the port that was named, and each role after it the next
      ...(ops === undefined ? {} : { ops: { ...ops, port: ops.port + 1 } }),
      front: async (_instance, client) => ({ port, ...(await tls(settings, client)) }),
    },
    newBoot(),
    notify,
  );
}

/** The certificate and key that people name by TLS flags, or that control's authority for development made. */
async function tls(
  settings: InstanceSettings,
  link: LinkClient,
): Promise<{ tls?: { cert: string; key: string } }> {
  if (settings.scheme === "http") return {};
  if (settings.tls === undefined || settings.tls === "development")
    return { tls: await developmentPair(link) };
  return { tls: filePair(settings.tls) };
}

/** The certificate of control's authority for development; its key rests nowhere. */
export async function developmentPair(link: LinkClient): Promise<{ cert: string; key: string }> {
  const { certificate, key } = parseServerCertificate(await link.send(LINK_PATHS.certificate, {}));
  return { cert: certificate, key };
}

/** @throws PosternError `tls.invalid` */
export function filePair(files: { readonly certificate: string; readonly key: string }): {
  cert: string;
  key: string;
} {
  try {
    return { cert: readFileSync(files.certificate, "utf8"), key: readFileSync(files.key, "utf8") };
  } catch (cause) {
    throw new PosternError("tls.invalid", "the TLS certificate or its key cannot be read", {
      where: `${files.certificate}, ${files.key}`,
      remedy: "name readable PEM files with --tls-cert and --tls-key",
      cause,
    });
  }
}
