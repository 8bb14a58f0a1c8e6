/** Certificates and requests as Go's structures print in JSON, which is how OPA gives them. */
import { integer, type PlainObject, type Value } from "../../values/index.ts";
import { urlText, urlValue } from "../go-url.ts";
import { addressText } from "./address.ts";
import type { Certificate } from "./certificate.ts";
import type { Extension, NameSpace, Subtree } from "./extensions.ts";
import { nameValue } from "./names.ts";
import type { CertificateRequest } from "./request.ts";

/** Go's `x509.Certificate`, with the texts of its URLs, which OPA adds. */
export function opaCertificateValue(certificate: Certificate): Value {
  return {
    ...certificateValue(certificate),
    URIStrings: listValue(certificate.extended.names.uris.map(urlText)),
  };
}

/** Go's `x509.Certificate`. */
export function certificateValue(certificate: Certificate): PlainObject {
  const { extended } = certificate;
  const { permitted, excluded, basicConstraints } = extended;
  return {
    ...spaceValue("Permitted", permitted),
    ...spaceValue("Excluded", excluded),
    PermittedDNSDomainsCritical: extended.permittedCritical,
    AuthorityKeyId: bytesValue(extended.authorityKeyId),
    BasicConstraintsValid: basicConstraints !== undefined,
    CRLDistributionPoints: listValue(extended.revocationLists),
    DNSNames: listValue(extended.names.dns),
    EmailAddresses: listValue(extended.names.emails),
    ExtKeyUsage: listValue(extended.usages),
    Extensions: extensionsValue(certificate.extensions),
    ExtraExtensions: null,
    IPAddresses: listValue(extended.names.ips.map(addressText)),
    ...countValue("InhibitAnyPolicy", extended.inhibitAnyPolicy),
    ...countValue("InhibitPolicyMapping", extended.inhibitMapping),
    ...countValue("RequireExplicitPolicy", extended.requireExplicitPolicy),
    IsCA: basicConstraints?.ca ?? false,
    Issuer: nameValue(certificate.issuer),
    IssuingCertificateURL: listValue(extended.issuerUrls),
    KeyUsage: extended.keyUsage,
    MaxPathLen: basicConstraints?.pathLength ?? 0,
    MaxPathLenZero: basicConstraints?.pathLength === 0,
    NotAfter: timeText(certificate.notAfter),
    NotBefore: timeText(certificate.notBefore),
    OCSPServer: listValue(extended.ocspServers),
    Policies: listValue(extended.policies.map((oid) => oid.join("."))),
    PolicyIdentifiers: listValue(extended.policies.map((oid) => [...oid])),
    PolicyMappings: listValue(
      extended.mappings.map(([issuer, subject]) => ({
        IssuerDomainPolicy: issuer.join("."),
        SubjectDomainPolicy: subject.join("."),
      })),
    ),
    PublicKey: certificate.publicKey.value,
    PublicKeyAlgorithm: certificate.publicKey.algorithm,
    Raw: base64(certificate.raw),
    RawIssuer: base64(certificate.rawIssuer),
    RawSubject: base64(certificate.rawSubject),
    RawSubjectPublicKeyInfo: base64(certificate.publicKey.spki),
    RawTBSCertificate: base64(certificate.signed),
    SerialNumber: integer(certificate.serial),
    Signature: base64(certificate.signature),
    SignatureAlgorithm: certificate.signatureAlgorithm,
    Subject: nameValue(certificate.subject),
    SubjectKeyId: bytesValue(extended.subjectKeyId),
    URIs: listValue(extended.names.uris.map(urlValue)),
    UnhandledCriticalExtensions: listValue(extended.unhandled.map((oid) => [...oid])),
    UnknownExtKeyUsage: listValue(extended.unknownUsages.map((oid) => [...oid])),
    Version: certificate.version,
  };
}

/** Go's `x509.CertificateRequest`. */
export function requestValue(request: CertificateRequest): Value {
  const { names } = request;
  return {
    Attributes: request.attributes,
    DNSNames: listValue(names.dns),
    EmailAddresses: listValue(names.emails),
    Extensions: extensionsValue(request.extensions),
    ExtraExtensions: null,
    IPAddresses: listValue(names.ips.map(addressText)),
    PublicKey: request.publicKey.value,
    PublicKeyAlgorithm: request.publicKey.algorithm,
    Raw: base64(request.raw),
    RawSubject: base64(request.rawSubject),
    RawSubjectPublicKeyInfo: base64(request.publicKey.spki),
    RawTBSCertificateRequest: base64(request.signed),
    Signature: base64(request.signature),
    SignatureAlgorithm: request.signatureAlgorithm,
    Subject: nameValue(request.subject),
    URIs: listValue(names.uris.map(urlValue)),
    Version: request.version,
  };
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}

function bytesValue(bytes: Uint8Array | undefined): Value {
  return bytes === undefined ? null : base64(bytes);
}

/** Go prints a list that was never made as null. */
function listValue(items: readonly Value[]): Value {
  return items.length === 0 ? null : items;
}

function countValue(name: string, count: number | undefined): Record<string, Value> {
  return { [name]: count ?? 0, [`${name}Zero`]: count === 0 };
}

function extensionsValue(extensions: readonly Extension[]): Value {
  return listValue(
    extensions.map(({ id, critical, value }) => ({ Critical: critical, Id: [...id], Value: base64(value) })),
  );
}

function spaceValue(prefix: string, space: NameSpace): Record<string, Value> {
  return {
    [`${prefix}DNSDomains`]: listValue(space.dns),
    [`${prefix}EmailAddresses`]: listValue(space.emails),
    [`${prefix}IPRanges`]: listValue(space.ips.map(subtreeValue)),
    [`${prefix}URIDomains`]: listValue(space.uris),
  };
}

function subtreeValue({ address, mask }: Subtree): Value {
  return { IP: addressText(address), Mask: base64(mask) };
}

/** RFC 3339, in whole seconds. */
function timeText(time: number): string {
  return new Date(time).toISOString().replace(".000Z", "Z");
}
