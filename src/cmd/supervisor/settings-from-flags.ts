import { createPrivateKey, X509Certificate } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { isIP } from "node:net";
import { hostname } from "node:os";
import { join, resolve } from "node:path";
import { PosternError } from "#kernel";
import { lastStart } from "../last-start.ts";
import { dataFolder, runFolder } from "../places.ts";
import type { Address, InstanceSettings, LinkSettings, MasterKeySettings } from "../settings.ts";
import { usage, wholeNumber } from "../terminal/parse.ts";
import { packageVersion } from "../version.ts";
import type { World } from "../world.ts";

const DEFAULT_PORT = 7400;
const DEFAULT_DOMAIN = "postern.localhost";
const LABEL = /^(?!-)[a-z0-9-]{1,63}(?<!-)$/;

/** Systemd puts the master key there under this name (LoadCredential=, LoadCredentialEncrypted=). */
const CREDENTIAL = "postern-master-key";
const DEFAULT_LINK_PORT = 7443;

/** Of every command that runs control. */
export interface ControlFlags {
  readonly database?: string;
  readonly node?: string;
  readonly "master-key-file"?: string;
  readonly "master-key-command"?: string;
  readonly link?: string;
  readonly "link-url"?: string;
  readonly ops?: string;
}

export interface UpFlags extends ControlFlags {
  readonly data?: string;
  readonly port?: string;
  readonly listen?: string;
  readonly domain?: string;
  readonly "host-style"?: string;
  readonly "tls-cert"?: string;
  readonly "tls-key"?: string;
  readonly tls?: string;
  readonly "no-demo"?: true;
}

/**
 * What `postern up` was asked for, checked and complete. A port of 0 is still to be chosen.
 * @throws PosternError `usage.invalid`, `tls.required`, `tls.invalid`
 */
export function settingsFromFlags(flags: UpFlags, world: World): InstanceSettings {
  const data = dataFolder(flags.data, world);
  const listen = addressOf("--listen", flags.listen ?? "127.0.0.1");
  const tls = tlsOf(flags, world.folder);
  if (tls === undefined && !isLoopback(listen)) {
    throw new PosternError(
      "tls.required",
      `Postern does not serve ${listen} without TLS: anybody on the way could read along`,
      {
        where: `--listen ${listen}`,
        remedy: "--tls-cert FILE --tls-key FILE, or --tls development to try it out",
      },
    );
  }
  return {
    data,
    run: runFolder(data),
    domain: domainOf(flags.domain ?? DEFAULT_DOMAIN),
    hostStyle: flags["host-style"] === "port" ? "port" : "subdomain",
    listen,
    port: flags.port === undefined ? DEFAULT_PORT : wholeNumber("--port", flags.port, 0, 65_535),
    scheme: tls === undefined ? "http" : "https",
    ...(tls === undefined ? {} : { tls }),
    demo: flags["no-demo"] !== true,
    version: packageVersion(),
    ...controlSettings(flags, data, world),
  };
}

/** The part of the settings that only control needs. @throws PosternError `usage.invalid` */
export function controlSettings(
  flags: ControlFlags,
  data: string,
  world: World,
): Pick<InstanceSettings, "node" | "masterKey" | "link" | "ops"> {
  const node = flags.node ?? ownLabel();
  if (!LABEL.test(node))
    throw usage(`--node is a name in lower case, not "${node}"`, undefined, "--node control-a");
  const link = linkOf(flags, node);
  const ops = opsOf(flags.ops);
  return {
    node,
    masterKey: masterKeyOf(flags, data, world),
    ...(link === undefined ? {} : { link }),
    ...(ops === undefined ? {} : { ops }),
  };
}

/** Where health and metrics are served, from `--ops`. @throws PosternError `usage.invalid` */
export function opsOf(text: string | undefined): Address | undefined {
  return text === undefined ? undefined : addressAndPort("--ops", text, undefined);
}

/** This machine's name as one DNS label. */
export function ownLabel(): string {
  const label = (hostname().toLowerCase().split(".", 1)[0] ?? "")
    .replace(/[^a-z0-9-]/g, "-")
    .replace(/^-+|-+$/g, "");
  return label === "" ? "control" : label.slice(0, 63);
}

function masterKeyOf(flags: ControlFlags, data: string, world: World): MasterKeySettings {
  const { "master-key-file": file, "master-key-command": program } = flags;
  if (file !== undefined && program !== undefined)
    throw usage(
      "--master-key-file and --master-key-command exclude each other",
      undefined,
      "only one of them",
    );
  if (program !== undefined) return { kind: "command", program: resolve(world.folder, program) };
  if (file !== undefined) return { kind: "file", path: resolve(world.folder, file), make: false };
  const credentials = world.environment["CREDENTIALS_DIRECTORY"];
  if (credentials && existsSync(join(credentials, CREDENTIAL)))
    return { kind: "file", path: join(credentials, CREDENTIAL), make: false };
  return lastStart(data)?.masterKey ?? { kind: "file", path: join(data, "master.key"), make: true };
}

function linkOf(flags: ControlFlags, node: string): LinkSettings | undefined {
  const { link, "link-url": url } = flags;
  if (link === undefined) {
    if (url === undefined) return undefined;
    throw usage(
      "--link-url says how others reach --link, which is missing",
      undefined,
      "--link 0.0.0.0:7443",
    );
  }
  const at = addressAndPort("--link", link, DEFAULT_LINK_PORT);
  const wildcard = at.address === "0.0.0.0" || at.address === "::";
  const host = wildcard ? hostname() : at.address;
  const own = `https://${isIP(host) === 6 ? `[${host}]` : host}:${at.port}`;
  const reached = URL.parse(url ?? own);
  if (reached === null || reached.protocol !== "https:" || reached.pathname !== "/" || reached.search !== "")
    throw usage(
      `--link-url is an address like https://HOST:PORT, not "${url}"`,
      undefined,
      `--link-url https://${node}.example.net:${at.port}`,
    );
  return { ...at, url: reached.origin };
}

/** Reads `ADDRESS:PORT`, `[ADDRESS]:PORT` or, with a default port, `ADDRESS`. */
export function addressAndPort(flag: string, text: string, defaultPort: number | undefined): Address {
  const [, bracketed, plain, port] =
    /^(?:\[([^\]]+)\]|([^:[\]]+|(?:[0-9a-f]*:){2,}[0-9a-f.]*))(?::(\d{1,5}))?$/i.exec(text) ?? [];
  const address = bracketed ?? plain;
  if (address === undefined || (port === undefined && defaultPort === undefined))
    throw usage(
      `${flag} is ADDRESS:PORT, not "${text}"`,
      undefined,
      `${flag} 127.0.0.1:${defaultPort ?? 9464}`,
    );
  return {
    address: addressOf(flag, address),
    port: port === undefined ? (defaultPort ?? 0) : wholeNumber(flag, port, 1, 65_535),
  };
}

/** Whether only this machine can reach the address. */
export function isLoopback(address: string): boolean {
  return address === "::1" || /^127\./.test(address);
}

export function addressOf(flag: string, text: string): string {
  const address = text === "localhost" ? "127.0.0.1" : text.replace(/^\[(.*)\]$/, "$1");
  if (isIP(address) !== 0) return address;
  throw usage(`${flag} is an IP address, not "${text}"`, undefined, `${flag} 127.0.0.1`);
}

export function domainOf(text: string): string {
  const domain = text.toLowerCase();
  const labels = domain.split(".");
  if (domain.length <= 200 && labels.every((label) => LABEL.test(label)) && isIP(domain) === 0) return domain;
  throw usage(`--domain is a domain name, not "${text}"`, undefined, "--domain apps.example.com");
}

function tlsOf(
  flags: Pick<UpFlags, "tls" | "tls-cert" | "tls-key">,
  folder: string,
): InstanceSettings["tls"] {
  const { "tls-cert": cert, "tls-key": key, tls } = flags;
  if (tls !== undefined && (cert !== undefined || key !== undefined))
    throw usage("--tls development and --tls-cert exclude each other", undefined, "only one of them");
  return tls === undefined ? tlsFiles(flags, folder) : "development";
}

/** The pair of files that `--tls-cert` and `--tls-key` name, checked. @throws PosternError `usage.invalid`, `tls.invalid` */
export function tlsFiles(
  flags: Pick<UpFlags, "tls-cert" | "tls-key">,
  folder: string,
): { readonly certificate: string; readonly key: string } | undefined {
  const { "tls-cert": cert, "tls-key": key } = flags;
  if (cert === undefined && key === undefined) return undefined;
  if (cert === undefined || key === undefined) {
    const missing = cert === undefined ? "--tls-cert" : "--tls-key";
    throw usage(`${missing} is missing: a certificate and its key go together`, undefined, `${missing} FILE`);
  }
  const files = { certificate: resolve(folder, cert), key: resolve(folder, key) };
  checkPair(files);
  return files;
}

function checkPair(files: { readonly certificate: string; readonly key: string }): void {
  const certificate = readPem(files.certificate, "certificate", (pem) => new X509Certificate(pem));
  const key = readPem(files.key, "key", (pem) => createPrivateKey(Buffer.from(pem)));
  if (!certificate.checkPrivateKey(key)) {
    throw invalidTls("the key is not this certificate's", `${files.certificate}, ${files.key}`);
  }
  if (Date.parse(certificate.validTo) <= Date.now()) {
    throw invalidTls(`the certificate expired on ${certificate.validTo}`, files.certificate);
  }
}

function readPem<T>(path: string, what: string, parse: (pem: Uint8Array<ArrayBuffer>) => T): T {
  let pem: Uint8Array<ArrayBuffer>;
  try {
    pem = readFileSync(path);
  } catch (cause) {
    throw invalidTls(`the TLS ${what} cannot be read`, path, cause);
  }
  try {
    return parse(pem);
  } catch (cause) {
    throw invalidTls(`this is no TLS ${what} in PEM`, path, cause);
  }
}

function invalidTls(what: string, where: string, cause?: unknown): PosternError {
  return new PosternError("tls.invalid", what, {
    where,
    remedy: "name a PEM certificate (with its chain) and its unencrypted key",
    cause,
  });
}
