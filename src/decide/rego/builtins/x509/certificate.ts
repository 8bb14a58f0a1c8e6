/** X.509 certificates (RFC 5280 §4) as Go parses them. */
import { DataError } from "../data-error.ts";
import { context, DerReader, rightAligned, TAG } from "./der.ts";
import { type Extended, type Extension, parseExtension, processExtensions } from "./extensions.ts";
import { type Attribute, parseName } from "./names.ts";
import { type PublicKey, parsePublicKey } from "./public-key.ts";
import { signatureAlgorithmOf } from "./signature-algorithm.ts";

export interface Certificate {
  readonly raw: Uint8Array;
  readonly signed: Uint8Array;
  readonly version: number;
  readonly serial: bigint;
  readonly signatureAlgorithm: number;
  readonly rawIssuer: Uint8Array;
  readonly issuer: readonly Attribute[];
  /** Milliseconds since the Unix epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly rawSubject: Uint8Array;
  readonly subject: readonly Attribute[];
  readonly publicKey: PublicKey;
  readonly extensions: readonly Extension[];
  readonly extended: Extended;
  readonly signature: Uint8Array;
}

/** Reads certificates that follow each other. */
export function parseCertificates(der: Uint8Array): readonly Certificate[] {
  const certificates: Certificate[] = [];
  const reader = new DerReader(der);
  while (!reader.empty)
    certificates.push(certificateOf(reader.element(TAG.sequence, "x509: malformed certificate").whole));
  return certificates;
}

/** Reads one certificate. */
export function parseCertificate(der: Uint8Array): Certificate {
  const reader = new DerReader(der);
  const certificate = certificateOf(reader.element(TAG.sequence, "x509: malformed certificate").whole);
  if (!reader.empty) throw new DataError("x509: trailing data");
  return certificate;
}

function certificateOf(raw: Uint8Array): Certificate {
  const outer = new DerReader(raw).within(TAG.sequence, "x509: malformed certificate");
  const body = outer.element(TAG.sequence, "x509: malformed tbs certificate");
  const tbs = new DerReader(body.contents);
  const version = versionOf(tbs);
  const serial = tbs.integer("x509: malformed serial number");
  if (serial < 0n) throw new DataError("x509: negative serial number");
  const inner = tbs.element(TAG.sequence, "x509: malformed signature algorithm identifier").contents;
  const stated = outer.element(TAG.sequence, "x509: malformed algorithm identifier").contents;
  if (Buffer.compare(inner, stated) !== 0)
    throw new DataError("x509: inner and outer signature algorithm identifiers don't match");
  const signatureAlgorithm = signatureAlgorithmOf(inner);
  const rawIssuer = tbs.element(TAG.sequence, "x509: malformed issuer").whole;
  const issuer = parseName(rawIssuer, "x509: invalid RDNSequence");
  const validity = tbs.within(TAG.sequence, "x509: malformed validity");
  const notBefore = timeOf(validity);
  const notAfter = timeOf(validity);
  const rawSubject = tbs.element(TAG.sequence, "x509: malformed subject").whole;
  const subject = parseName(rawSubject, "x509: invalid RDNSequence");
  const publicKey = parsePublicKey(tbs.element(TAG.sequence, "x509: malformed spki").whole);
  const extensions = extensionsOf(tbs, version);
  const extended = processExtensions(extensions);
  const signature = rightAligned(outer.bitString("x509: malformed signature"));
  return {
    raw,
    signed: body.whole,
    version,
    serial,
    signatureAlgorithm,
    rawIssuer,
    issuer,
    notBefore,
    notAfter,
    rawSubject,
    subject,
    publicKey,
    extensions,
    extended,
    signature,
  };
}

/** 1, 2 or 3. */
function versionOf(tbs: DerReader): number {
  if (!tbs.next(context(0, true))) return 1;
  const explicit = new DerReader(tbs.any("x509: malformed version").contents);
  const version = explicit.integer("x509: malformed version");
  if (version < 0n) throw new DataError("x509: malformed version");
  if (version > 2n) throw new DataError("x509: invalid version");
  return Number(version) + 1;
}

function extensionsOf(tbs: DerReader, version: number): readonly Extension[] {
  if (version === 1) return [];
  if (tbs.next(context(1, false))) tbs.any("x509: malformed issuerUniqueID");
  if (tbs.next(context(2, false))) tbs.any("x509: malformed subjectUniqueID");
  if (version !== 3 || !tbs.next(context(3, true))) return [];
  const explicit = new DerReader(tbs.any("x509: malformed extensions").contents);
  return extensionList(explicit.within(TAG.sequence, "x509: malformed extensions"));
}

/** Reads extensions, none of which may be there twice. */
function extensionList(reader: DerReader): readonly Extension[] {
  const extensions = new Map<string, Extension>();
  while (!reader.empty) {
    const extension = parseExtension(reader.within(TAG.sequence, "x509: malformed extension"));
    const oid = extension.id.join(".");
    if (extensions.has(oid))
      throw new DataError(`x509: certificate contains duplicate extension with OID "${oid}"`);
    extensions.set(oid, extension);
  }
  return [...extensions.values()];
}

/** `UTCTime` or `GeneralizedTime` (RFC 5280 §4.1.2.5), in milliseconds since the epoch. */
function timeOf(validity: DerReader): number {
  const utc = validity.next(TAG.utcTime);
  if (!utc && !validity.next(TAG.generalizedTime)) throw new DataError("x509: unsupported time format");
  const text = Buffer.from(validity.any("x509: malformed time").contents).toString("latin1");
  const malformed = new DataError(`x509: malformed ${utc ? "UTCTime" : "GeneralizedTime"}`);
  const match = (
    utc ? /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?Z$/ : /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/
  ).exec(text);
  if (match === null) throw malformed;
  const [year, month, day, hour, minute, second] = match.slice(1).map((digits) => Number(digits ?? "0")) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const full = utc ? (year >= 50 ? 1900 + year : 2000 + year) : year;
  const date = new Date(0);
  date.setUTCFullYear(full, month - 1, day);
  date.setUTCHours(hour, minute, second);
  if (
    date.getUTCMonth() !== month - 1 ||
    date.getUTCDate() !== day ||
    hour > 23 ||
    minute > 59 ||
    second > 59
  )
    throw malformed;
  return date.getTime();
}
