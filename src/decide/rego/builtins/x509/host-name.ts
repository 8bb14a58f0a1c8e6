/**
 * Whether a certificate is for a host (RFC 6125 §6.4, as Go holds it): alternative names alone count, and a wildcard only as
 * the whole first label.
 */
import { addressText, parseAddress } from "./address.ts";
import type { Certificate } from "./certificate.ts";

export function isForHost(certificate: Certificate, host: string): boolean {
  const { names } = certificate.extended;
  const bare = host.length >= 3 && host.startsWith("[") && host.endsWith("]") ? host.slice(1, -1) : host;
  const address = parseAddress(bare);
  if (address !== undefined) return names.ips.some((ip) => addressText(ip) === addressText(address));
  const candidate = lowerAscii(host);
  const valid = isHostName(candidate, false);
  return names.dns.some((name) => {
    const pattern = lowerAscii(name);
    if (valid && isHostName(pattern, true)) return matchesPattern(pattern, candidate);
    return candidate !== "" && candidate !== "." && candidate === pattern;
  });
}

function matchesPattern(pattern: string, host: string): boolean {
  const labels = host.replace(/\.$/, "").split(".");
  const parts = pattern.split(".");
  return (
    parts.length === labels.length &&
    parts.every((part, at) => (at === 0 && part === "*") || part === labels[at])
  );
}

function isHostName(text: string, isPattern: boolean): boolean {
  const name = isPattern ? text : text.replace(/\.$/, "");
  if (name === "" || name === "*") return false;
  return name
    .split(".")
    .every((label, at) => (isPattern && at === 0 && label === "*") || /^[a-z0-9_][a-z0-9_-]*$/.test(label));
}

function lowerAscii(text: string): string {
  return text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
}
