/** Certificate requests (PKCS #10, RFC 2986) as Go parses them. */
import type { Value } from "../../values/index.ts";
import { DataError } from "../data-error.ts";
import { bitStringOf, context, DerReader, TAG } from "./der.ts";
import {
  type AlternativeNames,
  type Extension,
  parseAlternativeNames,
  parseExtension,
} from "./extensions.ts";
import { type Attribute, parseName } from "./names.ts";
import { type PublicKey, parsePublicKey } from "./public-key.ts";
import { signatureAlgorithmOf } from "./signature-algorithm.ts";

export interface CertificateRequest {
  readonly raw: Uint8Array;
  readonly signed: Uint8Array;
  readonly version: number;
  readonly rawSubject: Uint8Array;
  readonly subject: readonly Attribute[];
  readonly publicKey: PublicKey;
  readonly attributes: Value;
  readonly extensions: readonly Extension[];
  readonly names: AlternativeNames;
  readonly signatureAlgorithm: number;
  readonly signature: Uint8Array;
}

const EXTENSION_REQUEST = "1.2.840.113549.1.9.14";
const MALFORMED = "asn1: structure error: tags don't match";

export function parseRequest(der: Uint8Array): CertificateRequest {
  if (der.length === 0) throw new DataError("asn1: syntax error: sequence truncated");
  const reader = new DerReader(der);
  const { whole, contents } = reader.element(TAG.sequence, MALFORMED);
  if (!reader.empty) throw new DataError("asn1: syntax error: trailing data");
  const outer = new DerReader(contents);
  const body = outer.element(TAG.sequence, MALFORMED);
  const info = new DerReader(body.contents);
  const version = Number(info.integer(MALFORMED));
  const rawSubject = info.element(TAG.sequence, MALFORMED).whole;
  const publicKey = parsePublicKey(info.element(TAG.sequence, MALFORMED).whole);
  const rawAttributes = info.next(context(0, true)) ? info.any(MALFORMED).contents : new Uint8Array();
  const signatureAlgorithm = signatureAlgorithmOf(outer.element(TAG.sequence, MALFORMED).contents);
  const signature = bitStringOf(outer.element(TAG.bitString, MALFORMED).contents, MALFORMED).bytes;
  const extensions = requestedExtensions(rawAttributes);
  const alternative = extensions.find(({ id }) => id.join(".") === "2.5.29.17");
  return {
    raw: whole,
    signed: body.whole,
    version,
    rawSubject,
    subject: parseName(rawSubject, MALFORMED),
    publicKey,
    attributes: attributesValue(rawAttributes),
    extensions,
    names:
      alternative === undefined
        ? { dns: [], emails: [], ips: [], uris: [] }
        : parseAlternativeNames(alternative.value),
    signatureAlgorithm,
    signature,
  };
}

/** The attributes in the shape of Go's `pkix.AttributeTypeAndValueSET`; those of another shape are left out. */
function attributesValue(raw: Uint8Array): Value {
  const attributes: Value[] = [];
  const reader = new DerReader(raw);
  while (!reader.empty) {
    const attribute = new DerReader(reader.any(MALFORMED).contents);
    try {
      attributes.push(attributeValue(attribute));
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
    }
  }
  return attributes.length === 0 ? null : attributes;
}

function attributeValue(attribute: DerReader): Value {
  const type = attribute.oid(MALFORMED);
  const values: Value[] = [];
  const set = attribute.within(TAG.set, MALFORMED);
  while (!set.empty) {
    const sequence = set.within(TAG.sequence, MALFORMED);
    const items: Value[] = [];
    while (!sequence.empty) {
      const item = sequence.within(TAG.sequence, MALFORMED);
      items.push({ Type: [...item.oid(MALFORMED)], Value: plainValue(item) });
    }
    values.push(items);
  }
  return { Type: [...type], Value: values };
}

/** A value as Go's reader of any type gives it, of the types that requests carry. */
function plainValue(reader: DerReader): Value {
  const { tag, contents } = reader.any(MALFORMED);
  if (tag === TAG.octetString) return Buffer.from(contents).toString("base64");
  if (tag === TAG.boolean) return contents[0] !== 0;
  return Buffer.from(contents).toString("utf8");
}

function requestedExtensions(raw: Uint8Array): readonly Extension[] {
  const extensions = new Map<string, Extension>();
  const reader = new DerReader(raw);
  while (!reader.empty) {
    const attribute = new DerReader(reader.any(MALFORMED).contents);
    const type = attribute.oid(MALFORMED).join(".");
    if (type !== EXTENSION_REQUEST) continue;
    const list = attribute.within(TAG.set, MALFORMED).within(TAG.sequence, MALFORMED);
    while (!list.empty) {
      const extension = parseExtension(list.within(TAG.sequence, MALFORMED));
      const oid = extension.id.join(".");
      if (extensions.has(oid))
        throw new DataError("x509: certificate request contains duplicate requested extensions");
      extensions.set(oid, extension);
    }
  }
  return [...extensions.values()];
}
