/** Name constraints (RFC 5280 §4.2.1.10) as Go holds them. */

import type { Url } from "../go-url.ts";
import { parseAddress } from "./address.ts";
import type { AlternativeNames, NameSpace, Subtree } from "./extensions.ts";
import { isDomain, isMailbox } from "./extensions.ts";

/** Whether every name is permitted and none is excluded. */
export function namesHold(
  names: AlternativeNames,
  permitted: NameSpace,
  excluded: NameSpace,
  charge: (comparisons: number) => void,
): boolean {
  const check = <N, C>(
    all: readonly N[],
    valid: (name: N) => boolean,
    match: (name: N, constraint: C, excluding: boolean) => boolean,
    inside: readonly C[],
    outside: readonly C[],
  ): boolean =>
    all.every((name) => {
      if (inside.length + outside.length > 0 && !valid(name)) return false;
      charge(inside.length + outside.length);
      if (outside.some((constraint) => match(name, constraint, true))) return false;
      return inside.length === 0 || inside.some((constraint) => match(name, constraint, false));
    });
  return (
    check(names.emails, isMailbox, emailMatches, permitted.emails, excluded.emails) &&
    check(names.dns, isDnsName, domainMatches, permitted.dns, excluded.dns) &&
    check(names.uris, hasDomain, uriMatches, permitted.uris, excluded.uris) &&
    check(names.ips, () => true, addressMatches, permitted.ips, excluded.ips)
  );
}

function isDnsName(name: string): boolean {
  return isDomain(name);
}

/** A constraint that begins with a dot asks for a name below it; an empty one is for all. */
function domainMatches(domain: string, constraint: string, excluding: boolean): boolean {
  if (constraint === "") return true;
  const below = constraint.startsWith(".");
  const wanted = (below ? constraint.slice(1) : constraint).toLowerCase().split(".").reverse();
  const labels = domain.toLowerCase().split(".").reverse();
  // A wildcard stands for names below a domain, some of which an excluded name of that depth may be.
  if (excluding && labels.at(-1) === "*" && labels.length === wanted.length && !below)
    return wanted.every((label, at) => at === wanted.length - 1 || label === labels[at]);
  if (labels.length < wanted.length || (below && labels.length === wanted.length)) return false;
  return wanted.every((label, at) => label === labels[at]);
}

function emailMatches(email: string, constraint: string): boolean {
  const at = email.lastIndexOf("@");
  const other = constraint.lastIndexOf("@");
  if (other < 0) return domainMatches(email.slice(at + 1), constraint, false);
  return (
    email.slice(0, at) === constraint.slice(0, other) &&
    email.slice(at).toLowerCase() === constraint.slice(other).toLowerCase()
  );
}

function hostOf(url: Url): string {
  return url.host.replace(/:\d*$/, "");
}

function hasDomain(url: Url): boolean {
  const host = hostOf(url);
  return host !== "" && !host.startsWith("[") && parseAddress(host) === undefined;
}

function uriMatches(url: Url, constraint: string): boolean {
  return domainMatches(hostOf(url), constraint, false);
}

function addressMatches(address: Uint8Array, { address: base, mask }: Subtree): boolean {
  return (
    address.length === base.length &&
    address.every(
      (octet, at) => (octet & (mask[at] as number)) === ((base[at] as number) & (mask[at] as number)),
    )
  );
}
