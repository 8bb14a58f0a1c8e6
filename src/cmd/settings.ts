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
  /** Name of this control node, unique among those of one database; a DNS label. */
  readonly node: string;
  readonly masterKey: MasterKeySettings;
  /** Where control takes gateways and agents of other machines; absent: none. */
  readonly link?: LinkSettings;
  /** Where health and metrics are served beside the run folder's sockets. */
  readonly ops?: Address;
}

/** Where the master key comes from. `make`: on the first start of an empty database it is made there. */
export type MasterKeySettings =
  | { readonly kind: "file"; readonly path: string; readonly make: boolean }
  | { readonly kind: "command"; readonly program: string };

export interface Address {
  readonly address: string;
  readonly port: number;
}

export interface LinkSettings extends Address {
  /** As gateways and agents reach it, such as `https://control-a.example.net:7443`. */
  readonly url: string;
}

/** What a control node is started with. */
export interface ControlSettings
  extends Pick<
    InstanceSettings,
    "data" | "run" | "version" | "demo" | "node" | "masterKey" | "link" | "ops"
  > {
  /** How browsers reach the instance, as far as this start says it; the database remembers the rest. */
  readonly instance: Partial<Pick<InstanceSettings, "domain" | "hostStyle" | "scheme" | "port">>;
  /** Serve with a certificate of the authority for development, good for these addresses beside the domain. */
  readonly developmentTls?: readonly string[];
}

/** What a gateway or an agent that joined from another machine was started with. */
export interface MemberSettings {
  readonly data: string;
  readonly run: string;
  readonly version: string;
  readonly ops?: Address;
}

/** A gateway that joined; what it serves follows from the instance, which control tells it. */
export interface GatewaySettings extends MemberSettings {
  readonly listen: string;
  /** The instance's when absent. */
  readonly port?: number;
  readonly tls?: { readonly certificate: string; readonly key: string };
}

/** The sockets in the run folder. */
export function sockets(settings: { readonly run: string }): {
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
