/** Extensions of certificates (RFC 5280 §4.2) as Go understands them: what is known is read, the rest is kept as bytes. */
import { DataError } from "../data-error.ts";
import { parseUrl, type Url } from "../go-url.ts";
import { parseAddress } from "./address.ts";
import { context, DerReader, integerOf, TAG } from "./der.ts";
import { isAscii } from "./names.ts";

export interface Extension {
  readonly id: readonly number[];
  readonly critical: boolean;
  readonly value: Uint8Array;
}

export interface AlternativeNames {
  readonly dns: readonly string[];
  readonly emails: readonly string[];
  readonly ips: readonly Uint8Array[];
  readonly uris: readonly Url[];
}

export interface Subtree {
  readonly address: Uint8Array;
  readonly mask: Uint8Array;
}

/** What names below an authority may be, or may not be. */
export interface NameSpace {
  readonly dns: readonly string[];
  readonly ips: readonly Subtree[];
  readonly emails: readonly string[];
  readonly uris: readonly string[];
}

/** The members that extensions fill in; those that are absent have the value that Go gives them. */
export interface Extended {
  keyUsage: number;
  basicConstraints?: { readonly ca: boolean; readonly pathLength: number };
  names: AlternativeNames;
  permitted: NameSpace;
  excluded: NameSpace;
  permittedCritical: boolean;
  revocationLists: readonly string[];
  authorityKeyId?: Uint8Array;
  subjectKeyId?: Uint8Array;
  usages: readonly number[];
  unknownUsages: readonly (readonly number[])[];
  policies: readonly (readonly number[])[];
  mappings: readonly (readonly [issuer: readonly number[], subject: readonly number[]])[];
  requireExplicitPolicy?: number;
  inhibitMapping?: number;
  inhibitAnyPolicy?: number;
  ocspServers: readonly string[];
  issuerUrls: readonly string[];
  unhandled: readonly (readonly number[])[];
}

const NO_NAMES: NameSpace = { dns: [], ips: [], emails: [], uris: [] };

/** Go's numbers of extended key usages. */
const USAGES: Readonly<Record<string, number>> = {
  "2.5.29.37.0": 0,
  "1.3.6.1.5.5.7.3.1": 1,
  "1.3.6.1.5.5.7.3.2": 2,
  "1.3.6.1.5.5.7.3.3": 3,
  "1.3.6.1.5.5.7.3.4": 4,
  "1.3.6.1.5.5.7.3.5": 5,
  "1.3.6.1.5.5.7.3.6": 6,
  "1.3.6.1.5.5.7.3.7": 7,
  "1.3.6.1.5.5.7.3.8": 8,
  "1.3.6.1.5.5.7.3.9": 9,
  "1.3.6.1.4.1.311.10.3.3": 10,
  "2.16.840.1.113730.4.1": 11,
  "1.3.6.1.4.1.311.2.1.22": 12,
  "1.3.6.1.4.1.311.61.1.1": 13,
};

/** Reads one extension into the members; says whether it was understood. */
type Handler = (extended: Extended, extension: Extension) => boolean;

const HANDLERS: Readonly<Record<string, Handler>> = {
  "2.5.29.14": subjectKeyId,
  "2.5.29.15": keyUsage,
  "2.5.29.17": subjectAlternativeName,
  "2.5.29.19": basicConstraints,
  "2.5.29.30": nameConstraints,
  "2.5.29.31": distributionPoints,
  "2.5.29.32": certificatePolicies,
  "2.5.29.33": policyMappings,
  "2.5.29.35": authorityKeyId,
  "2.5.29.36": policyConstraints,
  "2.5.29.37": extendedKeyUsage,
  "2.5.29.54": inhibitAnyPolicy,
  "1.3.6.1.5.5.7.1.1": authorityInformationAccess,
};

/** Reads one `Extension`. */
export function parseExtension(reader: DerReader): Extension {
  const id = reader.oid("x509: malformed extension OID field");
  const critical = reader.next(TAG.boolean) && reader.boolean("x509: malformed extension critical field");
  const { contents } = reader.element(TAG.octetString, "x509: malformed extension value field");
  return { id, critical, value: contents };
}

export function processExtensions(extensions: readonly Extension[]): Extended {
  const extended: Extended = {
    keyUsage: 0,
    names: { dns: [], emails: [], ips: [], uris: [] },
    permitted: NO_NAMES,
    excluded: NO_NAMES,
    permittedCritical: false,
    revocationLists: [],
    usages: [],
    unknownUsages: [],
    policies: [],
    mappings: [],
    ocspServers: [],
    issuerUrls: [],
    unhandled: [],
  };
  for (const extension of extensions) {
    const handled = HANDLERS[extension.id.join(".")]?.(extended, extension) ?? false;
    if (extension.critical && !handled) extended.unhandled = [...extended.unhandled, extension.id];
  }
  return extended;
}

function keyUsage(extended: Extended, { value }: Extension): boolean {
  const { bytes } = new DerReader(value).bitString("x509: invalid key usage");
  for (let bit = 0; bit < 9; bit++)
    if ((((bytes[bit >> 3] ?? 0) >> (7 - (bit & 7))) & 1) === 1) extended.keyUsage |= 1 << bit;
  return true;
}

function basicConstraints(extended: Extended, { value }: Extension): boolean {
  const what = "x509: invalid basic constraints";
  const members = new DerReader(value).within(TAG.sequence, what);
  const ca = members.next(TAG.boolean) && members.boolean(what);
  const pathLength = members.next(TAG.integer) ? Number(members.integer(what)) : -1;
  extended.basicConstraints = { ca, pathLength };
  return true;
}

function subjectAlternativeName(extended: Extended, { value }: Extension): boolean {
  const names = parseAlternativeNames(value);
  extended.names = names;
  return names.dns.length + names.emails.length + names.ips.length + names.uris.length > 0;
}

/** The names of a `GeneralNames` that are of a known type. */
export function parseAlternativeNames(value: Uint8Array): AlternativeNames {
  const what = "x509: invalid subject alternative names";
  const dns: string[] = [];
  const emails: string[] = [];
  const ips: Uint8Array[] = [];
  const uris: Url[] = [];
  const names = new DerReader(value).within(TAG.sequence, what);
  while (!names.empty) {
    const { tag, contents } = names.any(what);
    if (tag === context(1, false)) emails.push(ascii(contents, "x509: SAN rfc822Name is malformed"));
    else if (tag === context(2, false)) dns.push(ascii(contents, "x509: SAN dNSName is malformed"));
    else if (tag === context(6, false)) uris.push(uriOf(contents));
    else if (tag === context(7, false)) {
      if (contents.length !== 4 && contents.length !== 16)
        throw new DataError(`x509: cannot parse IP address of length ${contents.length}`);
      ips.push(contents);
    }
  }
  return { dns, emails, ips, uris };
}

function uriOf(contents: Uint8Array): Url {
  const text = ascii(contents, "x509: SAN uniformResourceIdentifier is malformed");
  const quoted = JSON.stringify(text);
  let url: Url;
  try {
    url = parseUrl(text);
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    throw new DataError(`x509: cannot parse URI ${quoted}: parse ${quoted}: ${error.message}`);
  }
  if (url.host !== "" && !isDomain(url.host))
    throw new DataError(`x509: cannot parse URI ${quoted}: invalid domain`);
  return url;
}

/** Whether a text could be a domain: labels of printable characters, none of them empty. */
export function isDomain(domain: string): boolean {
  return domain.split(".").every((label) => /^[!-~]+$/.test(label));
}

function ascii(contents: Uint8Array, what: string): string {
  if (!isAscii(contents)) throw new DataError(what);
  return Buffer.from(contents).toString("latin1");
}

function nameConstraints(extended: Extended, { value, critical }: Extension): boolean {
  const what = "x509: invalid NameConstraints extension";
  const outer = new DerReader(value);
  const trees = outer.within(TAG.sequence, what);
  if (!outer.empty) throw new DataError(what);
  const permitted = trees.next(context(0, true)) ? new DerReader(trees.any(what).contents) : undefined;
  const excluded = trees.next(context(1, true)) ? new DerReader(trees.any(what).contents) : undefined;
  if (!trees.empty || ((permitted?.empty ?? true) && (excluded?.empty ?? true)))
    throw new DataError("x509: empty name constraints extension");
  const [permittedSpace, permittedAll] = subtrees(permitted);
  const [excludedSpace, excludedAll] = subtrees(excluded);
  extended.permitted = permittedSpace;
  extended.excluded = excludedSpace;
  extended.permittedCritical = critical;
  return permittedAll && excludedAll;
}

function subtrees(reader: DerReader | undefined): readonly [space: NameSpace, understood: boolean] {
  const what = "x509: invalid NameConstraints extension";
  const space = { dns: [] as string[], ips: [] as Subtree[], emails: [] as string[], uris: [] as string[] };
  let understood = true;
  while (reader !== undefined && !reader.empty) {
    const { tag, contents } = reader.within(TAG.sequence, what).any(what);
    if (tag === context(2, false)) space.dns.push(domainConstraint(contents));
    else if (tag === context(7, false)) space.ips.push(subtreeOf(contents));
    else if (tag === context(1, false)) space.emails.push(emailConstraint(contents));
    else if (tag === context(6, false)) space.uris.push(uriConstraint(contents));
    else understood = false;
  }
  return [space, understood];
}

function constraintText(contents: Uint8Array): string {
  return ascii(contents, "x509: invalid constraint value: not an IA5String");
}

function domainConstraint(contents: Uint8Array): string {
  const domain = constraintText(contents);
  const trimmed = domain.startsWith(".") ? domain.slice(1) : domain;
  if (trimmed !== "" && !isDomain(trimmed))
    throw new DataError(`x509: failed to parse dnsName constraint ${JSON.stringify(domain)}`);
  return domain;
}

function subtreeOf(contents: Uint8Array): Subtree {
  const half = contents.length / 2;
  if (half !== 4 && half !== 16)
    throw new DataError(`x509: IP constraint contained value of length ${contents.length}`);
  const mask = contents.subarray(half);
  const bits = [...mask].map((octet) => octet.toString(2).padStart(8, "0")).join("");
  if (bits.includes("01"))
    throw new DataError(`x509: IP constraint contained invalid mask ${Buffer.from(mask).toString("hex")}`);
  return { address: contents.subarray(0, half), mask };
}

function emailConstraint(contents: Uint8Array): string {
  const constraint = constraintText(contents);
  const domain = constraint.startsWith(".") ? constraint.slice(1) : constraint;
  const valid = constraint.includes("@") ? isMailbox(constraint) : domain === "" || isDomain(domain);
  if (!valid)
    throw new DataError(`x509: failed to parse rfc822Name constraint ${JSON.stringify(constraint)}`);
  return constraint;
}

/** Whether a text is `local@domain`, in the plain form that certificates have. */
export function isMailbox(text: string): boolean {
  const at = text.lastIndexOf("@");
  return (
    at > 0 &&
    /^[!#-'*+\-/-9=?A-Z^-~.]+$|^"(?:[^"\\]|\\.)*"$/.test(text.slice(0, at)) &&
    isDomain(text.slice(at + 1))
  );
}

function uriConstraint(contents: Uint8Array): string {
  const domain = constraintText(contents);
  if (parseAddress(domain) !== undefined)
    throw new DataError(
      `x509: failed to parse URI constraint ${JSON.stringify(domain)}: cannot be IP address`,
    );
  const trimmed = domain.startsWith(".") ? domain.slice(1) : domain;
  if (trimmed !== "" && !isDomain(trimmed))
    throw new DataError(`x509: failed to parse URI constraint ${JSON.stringify(domain)}`);
  return domain;
}

function distributionPoints(extended: Extended, { value }: Extension): boolean {
  const what = "x509: invalid CRL distribution points";
  const points = new DerReader(value).within(TAG.sequence, what);
  while (!points.empty) {
    const point = points.within(TAG.sequence, "x509: invalid CRL distribution point");
    if (!point.next(context(0, true))) continue;
    const name = new DerReader(point.any(what).contents);
    if (!name.next(context(0, true))) continue;
    const full = new DerReader(name.any(what).contents);
    while (!full.empty && full.next(context(6, false)))
      extended.revocationLists = [
        ...extended.revocationLists,
        Buffer.from(full.any(what).contents).toString("utf8"),
      ];
  }
  return true;
}

function certificatePolicies(extended: Extended, { value }: Extension): boolean {
  const what = "x509: invalid certificate policies";
  const policies = new DerReader(value).within(TAG.sequence, what);
  const seen = new Set<string>();
  while (!policies.empty) {
    const oid = policies.within(TAG.sequence, what).oid(what);
    if (seen.has(oid.join("."))) throw new DataError("x509: invalid certificate policies");
    seen.add(oid.join("."));
    extended.policies = [...extended.policies, oid];
  }
  return true;
}

function policyMappings(extended: Extended, { value }: Extension): boolean {
  const what = "x509: invalid policy mappings extension";
  const mappings = new DerReader(value).within(TAG.sequence, what);
  while (!mappings.empty) {
    const pair = mappings.within(TAG.sequence, what);
    extended.mappings = [...extended.mappings, [pair.oid(what), pair.oid(what)]];
  }
  return true;
}

function policyConstraints(extended: Extended, { value }: Extension): boolean {
  const what = "x509: invalid policy constraints extension";
  const members = new DerReader(value).within(TAG.sequence, what);
  if (members.next(context(0, false)))
    extended.requireExplicitPolicy = countOf(members.any(what).contents, what);
  if (members.next(context(1, false))) extended.inhibitMapping = countOf(members.any(what).contents, what);
  return true;
}

function inhibitAnyPolicy(extended: Extended, { value }: Extension): boolean {
  const what = "x509: invalid inhibit any policy extension";
  extended.inhibitAnyPolicy = Number(new DerReader(value).integer(what));
  return true;
}

function countOf(contents: Uint8Array, what: string): number {
  return Number(integerOf(contents, what));
}

function authorityKeyId(extended: Extended, { value, critical }: Extension): boolean {
  if (critical) throw new DataError("x509: authority key identifier incorrectly marked critical");
  const what = "x509: invalid authority key identifier";
  const members = new DerReader(value).within(TAG.sequence, what);
  if (members.next(context(0, false))) extended.authorityKeyId = members.any(what).contents;
  return true;
}

function subjectKeyId(extended: Extended, { value, critical }: Extension): boolean {
  if (critical) throw new DataError("x509: subject key identifier incorrectly marked critical");
  extended.subjectKeyId = new DerReader(value).element(
    TAG.octetString,
    "x509: invalid subject key identifier",
  ).contents;
  return true;
}

function extendedKeyUsage(extended: Extended, { value }: Extension): boolean {
  const what = "x509: invalid extended key usages";
  const usages = new DerReader(value).within(TAG.sequence, what);
  while (!usages.empty) {
    const oid = usages.oid(what);
    const usage = USAGES[oid.join(".")];
    if (usage === undefined) extended.unknownUsages = [...extended.unknownUsages, oid];
    else extended.usages = [...extended.usages, usage];
  }
  return true;
}

function authorityInformationAccess(extended: Extended, { value, critical }: Extension): boolean {
  if (critical) throw new DataError("x509: authority info access incorrectly marked critical");
  const what = "x509: invalid authority info access";
  const descriptions = new DerReader(value).within(TAG.sequence, what);
  while (!descriptions.empty) {
    const description = descriptions.within(TAG.sequence, what);
    const method = description.oid(what).join(".");
    if (!description.next(context(6, false))) continue;
    const url = Buffer.from(description.any(what).contents).toString("utf8");
    if (method === "1.3.6.1.5.5.7.48.1") extended.ocspServers = [...extended.ocspServers, url];
    if (method === "1.3.6.1.5.5.7.48.2") extended.issuerUrls = [...extended.issuerUrls, url];
  }
  return true;
}
