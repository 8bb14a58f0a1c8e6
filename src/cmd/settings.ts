import { join } from "node:path";

/** What one instance was started with; made once by `postern up` and handed to every child. */
export interface InstanceSettings {
  /** The data folder: database, master key, spools. */
  readonly data: string;
  /** Private (0700) folder of the Unix sockets; inside the data folder when its path is short enough for a socket. */
  readonly run: string;
  /** Applications live at `NAME.domain`; `postern.localhost` unless told otherwise. */
  readonly domain: string;
  readonly hostStyle: "subdomain" | "port";
  /** Address that the gateway listens on. `127.0.0.1` also takes `::1` where there is one. */
  readonly listen: string;
  readonly port: number;
  readonly scheme: "http" | "https";
  /** With https: files, or the development authority. */
  readonly tls?: { readonly certificate: string; readonly key: string } | "development";
  readonly demo: boolean;
  readonly version: string;
}

/** The sockets in the run folder. */
export function sockets(settings: Pick<InstanceSettings, "run">): {
  /** Login and console, reached through the gateway. */
  readonly control: string;
  readonly link: string;
  /** The API for the owner of the data folder. */
  readonly owner: string;
} {
  return {
    control: join(settings.run, "control.sock"),
    link: join(settings.run, "link.sock"),
    owner: join(settings.run, "owner.sock"),
  };
}

/** Origins as browsers see them. By port, login has the first port and the console the next. */
export function origins(settings: Pick<InstanceSettings, "domain" | "hostStyle" | "scheme" | "port">): {
  readonly login: string;
  readonly console: string;
} {
  const { domain, hostStyle, scheme, port } = settings;
  const at = (host: string, number: number): string => new URL(`${scheme}://${host}:${number}`).origin;
  if (hostStyle === "port") return { login: at("localhost", port), console: at("localhost", port + 1) };
  return { login: at(`login.${domain}`, port), console: at(`console.${domain}`, port) };
}
