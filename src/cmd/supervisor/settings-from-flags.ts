import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import { resolve } from "node:path";
import { PosternError } from "#kernel";
import { dataFolder, runFolder } from "../places.ts";
import type { InstanceSettings } from "../settings.ts";
import { usage, wholeNumber } from "../terminal/parse.ts";
import { packageVersion } from "../version.ts";
import type { World } from "../world.ts";

const DEFAULT_PORT = 7400;
const DEFAULT_DOMAIN = "postern.localhost";
const LABEL = /^(?!-)[a-z0-9-]{1,63}(?<!-)$/;

export interface UpFlags {
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
  const listen = addressOf(flags.listen ?? "127.0.0.1");
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
  };
}

/** Whether only this machine can reach the address. */
export function isLoopback(address: string): boolean {
  return address === "::1" || /^127\./.test(address);
}

function addressOf(text: string): string {
  const address = text === "localhost" ? "127.0.0.1" : text.replace(/^\[(.*)\]$/, "$1");
  if (isIP(address) !== 0) return address;
  throw usage(`--listen is an IP address, not "${text}"`, "postern up", "--listen 127.0.0.1");
}

function domainOf(text: string): string {
  const domain = text.toLowerCase();
  const labels = domain.split(".");
  if (domain.length <= 200 && labels.every((label) => LABEL.test(label)) && isIP(domain) === 0) return domain;
  throw usage(`--domain is a domain name, not "${text}"`, "postern up", "--domain apps.example.com");
}

function tlsOf(flags: UpFlags, folder: string): InstanceSettings["tls"] {
  const { "tls-cert": cert, "tls-key": key, tls } = flags;
  if (cert === undefined && key === undefined) return tls === undefined ? undefined : "development";
  if (tls !== undefined) {
    throw usage("--tls development and --tls-cert exclude each other", "postern up", "only one of them");
  }
  if (cert === undefined || key === undefined) {
    const missing = cert === undefined ? "--tls-cert" : "--tls-key";
    throw usage(
      `${missing} is missing: a certificate and its key go together`,
      "postern up",
      `${missing} FILE`,
    );
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
