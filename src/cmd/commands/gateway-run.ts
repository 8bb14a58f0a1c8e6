import { type Command, defineCommand } from "../command.ts";
import { memberFolder, runFolder } from "../places.ts";
import { runRole } from "../role-process.ts";
import type { GatewaySettings } from "../settings.ts";
import { takeFolders } from "../supervisor/data-folder.ts";
import { addressOf, opsOf, tlsFiles, type UpFlags } from "../supervisor/settings-from-flags.ts";
import { announceRole } from "../terminal/announce-role.ts";
import { wholeNumber } from "../terminal/parse.ts";
import { packageVersion } from "../version.ts";
import type { World } from "../world.ts";
import { MEMBER_FLAGS } from "./member-flags.ts";

export const gatewayRun: Command = defineCommand({
  name: "gateway run",
  details: "Runs a gateway that has joined (postern gateway join) until it is asked to stop.",
  arguments: [],
  flags: {
    ...MEMBER_FLAGS.gateway,
    listen: {
      kind: "value",
      value: "ADDRESS",
      what: "127.0.0.1 unless told otherwise; any other than loopback needs TLS",
    },
    port: { kind: "value", value: "N", what: "the instance's port unless told otherwise" },
    "tls-cert": { kind: "value", value: "FILE", what: "a certificate in PEM, good for *.DOMAIN" },
    "tls-key": { kind: "value", value: "FILE", what: "its key" },
  },
  examples: [
    {
      command: "postern gateway run --listen 0.0.0.0 --port 443 --tls-cert apps.crt --tls-key apps.key",
      what: "for a network",
    },
  ],
  async run({ flags, json }, world) {
    const settings = settingsOf(flags, world);
    takeFolders(settings);
    return await runRole(
      async (notify) => await (await import("../roles/joined-gateway.ts")).run(settings, notify),
      world,
      announceRole("gateway", world, json),
    );
  },
});

function settingsOf(
  flags: Pick<UpFlags, "data" | "ops" | "listen" | "port" | "tls-cert" | "tls-key">,
  world: World,
): GatewaySettings {
  const data = memberFolder("gateway", flags.data, world);
  const tls = tlsFiles(flags, world.folder);
  const ops = opsOf(flags.ops);
  return {
    data,
    run: runFolder(data),
    version: packageVersion(),
    listen: addressOf("--listen", flags.listen ?? "127.0.0.1"),
    ...(flags.port === undefined ? {} : { port: wholeNumber("--port", flags.port, 1, 65_535) }),
    ...(tls === undefined ? {} : { tls }),
    ...(ops === undefined ? {} : { ops }),
  };
}
