/**
 * Certificates, requests and private keys (OPA "Crypto"), printed as Go's structures. The reader of DER is our own: libraries
 * take BER and more that Go refuses, and what is taken here decides whom somebody trusts.
 */
import {
  isArray,
  isNumber,
  isSet,
  numberText,
  type RegoObjectValue,
  sortedEntries,
  type Value,
} from "../values/index.ts";
import { decodeBase64 } from "./base64-text.ts";
import { type Evaluation, type Implementations, objectOperand, stringOperand } from "./builtin.ts";
import { DataError, reading } from "./data-error.ts";
import { decodeAllPem, decodePem, isPem, PEM_BEGIN, pemOrDer } from "./pem.ts";
import { type Certificate, parseCertificates } from "./x509/certificate.ts";
import { certificateValue, opaCertificateValue, requestValue } from "./x509/certificate-value.ts";
import { keyPairValue } from "./x509/key-pair.ts";
import { type PrivateKey, privateKeyJwk, privateKeyOf, privateKeyValue } from "./x509/private-key.ts";
import { parseRequest } from "./x509/request.ts";
import { type VerifyOptions, verifyChain } from "./x509/verify.ts";

/** The certificates in PEM, in base64 of PEM, or in base64 of DER one after the other. */
function certificatesOf(text: string): readonly Certificate[] {
  const bytes = pemOrDer(text);
  if (!isPem(bytes)) return parseCertificates(bytes);
  const blocks = decodeAllPem(bytes.toString("utf8"));
  for (const { label } of blocks)
    if (label !== "CERTIFICATE") throw new DataError(`PEM block type is '${label}', expected CERTIFICATE`);
  return parseCertificates(Buffer.concat(blocks.map((block) => block.bytes)));
}

const PARSE = "crypto.x509.parse_certificates";
function parseAll(evaluation: Evaluation, text: Value): Value {
  const certificates = certificatesOf(stringOperand(PARSE, 1, text));
  evaluation.charge(certificates.length);
  return certificates.map(opaCertificateValue);
}

const VERIFY = "crypto.x509.parse_and_verify_certificates";
function parseAndVerify(evaluation: Evaluation, text: Value): Value {
  return verified(evaluation, stringOperand(VERIFY, 1, text), undefined);
}

const VERIFY_WITH = `${VERIFY}_with_options`;
function parseAndVerifyWith(evaluation: Evaluation, text: Value, options: Value): Value {
  return verified(evaluation, stringOperand(VERIFY_WITH, 1, text), objectOperand(VERIFY_WITH, 2, options));
}

const REFUSED: Value = [false, []];

/** The first certificate is the root, the last one the leaf. */
function verified(evaluation: Evaluation, text: string, options: RegoObjectValue | undefined): Value {
  let certificates: readonly Certificate[];
  try {
    certificates = certificatesOf(text);
  } catch (error) {
    if (error instanceof DataError) return REFUSED;
    throw error;
  }
  const given = verifyOptions(evaluation, options);
  const [root] = certificates;
  const leaf = certificates.at(-1);
  if (root === undefined || leaf === undefined || certificates.length < 2) return REFUSED;
  const chain = verifyChain(leaf, certificates.slice(1, -1), root, given);
  if (chain === undefined) return REFUSED;
  // OPA adds the texts of URLs only where there are no options.
  return [true, chain.map(options === undefined ? opaCertificateValue : certificateValue)];
}

/** Go's numbers of the usages that options may name. */
const USAGES: ReadonlyMap<string, number> = new Map(
  [
    "Any",
    "ServerAuth",
    "ClientAuth",
    "CodeSigning",
    "EmailProtection",
    "IPSECEndSystem",
    "IPSECTunnel",
    "IPSECUser",
    "TimeStamping",
    "OCSPSigning",
    "MicrosoftServerGatedCrypto",
    "NetscapeServerGatedCrypto",
    "MicrosoftCommercialCodeSigning",
    "MicrosoftKernelCodeSigning",
  ].map((name, number) => [`KeyUsage${name}`, number]),
);

type Writable<T> = { -readonly [K in keyof T]: T[K] };

function verifyOptions(evaluation: Evaluation, options: RegoObjectValue | undefined): VerifyOptions {
  const result: Writable<VerifyOptions> = {
    time: Number(evaluation.now) / 1e6,
    host: "",
    usages: [],
    charge: (steps) => evaluation.charge(steps),
  };
  for (const [name, value] of options === undefined ? [] : sortedEntries(options)) {
    switch (name as string) {
      case "DNSName":
        if (typeof value !== "string") throw new DataError("'DNSName' should be a string");
        result.host = value;
        break;
      case "CurrentTime":
        result.time = Number(wholeNumber(value, name as string, "a valid int64 number")) / 1e6;
        break;
      case "MaxConstraintComparisons":
        // Go no longer stops at it.
        wholeNumber(value, name as string, "a valid number");
        break;
      case "KeyUsages":
        result.usages = usagesOf(value);
        break;
      default:
        throw new DataError("invalid key option");
    }
  }
  return result;
}

function wholeNumber(value: Value, name: string, what: string): bigint {
  if (!isNumber(value)) throw new DataError(`'${name}' should be a number`);
  const text = numberText(value);
  const number = /^-?\d+$/.test(text) ? BigInt(text) : undefined;
  if (number === undefined || BigInt.asIntN(64, number) !== number)
    throw new DataError(`'${name}' should be ${what}`);
  return number;
}

function usagesOf(value: Value): readonly number[] {
  if (!isArray(value) && !isSet(value)) throw new DataError("'KeyUsages' should be an Array or Set");
  const names = (isSet(value) ? value.sorted() : value).filter((name) => typeof name === "string");
  const unknown = names.filter((name) => !USAGES.has(name));
  if (unknown.length > 0)
    throw new DataError(`invalid entries for 'KeyUsages' found: [${unknown.join(" ")}]`);
  return names.map((name) => USAGES.get(name) as number);
}

const REQUEST = "crypto.x509.parse_certificate_request";
function parseSigningRequest(_evaluation: Evaluation, operand: Value): Value {
  const text = stringOperand(REQUEST, 1, operand);
  const bytes = text.startsWith(`${PEM_BEGIN} CERTIFICATE REQUEST-----`)
    ? Buffer.from(text)
    : decodeBase64(text, "standard");
  const block = decodePem(bytes.toString("utf8"));
  if (block === undefined) return requestValue(parseRequest(bytes));
  if (block.label !== "CERTIFICATE REQUEST")
    throw new DataError("invalid PEM-encoded certificate signing request");
  return requestValue(parseRequest(block.bytes));
}

/** The private keys among the blocks of PEM, or of base64 of PEM; undefined of an empty text. */
function privateKeysOf(text: string): readonly PrivateKey[] | undefined {
  const bytes = pemOrDer(text);
  if (bytes.length === 0) return undefined;
  if (!isPem(bytes)) return [];
  return decodeAllPem(bytes.toString("utf8")).flatMap((block) => privateKeyOf(block) ?? []);
}

const RSA_KEY = "crypto.x509.parse_rsa_private_key";
function parseRsaPrivateKey(_evaluation: Evaluation, operand: Value): Value {
  const keys = privateKeysOf(stringOperand(RSA_KEY, 1, operand));
  if (keys === undefined) throw new DataError("input PEM data was empty");
  const [first] = keys;
  return first === undefined ? null : privateKeyJwk(first);
}

const PRIVATE_KEYS = "crypto.parse_private_keys";
function parsePrivateKeys(_evaluation: Evaluation, operand: Value): Value {
  const text = stringOperand(PRIVATE_KEYS, 1, operand);
  if (text === "") return null;
  if (!text.startsWith(PEM_BEGIN) && !isBase64(text)) return [];
  return (privateKeysOf(text) ?? []).map(privateKeyValue);
}

function isBase64(text: string): boolean {
  try {
    decodeBase64(text, "standard");
    return true;
  } catch (error) {
    if (error instanceof DataError) return false;
    throw error;
  }
}

const KEY_PAIR = "crypto.x509.parse_keypair";
function parseKeyPair(_evaluation: Evaluation, certificate: Value, key: Value): Value {
  const certificateText = stringOperand(KEY_PAIR, 1, certificate);
  return keyPairValue(certificateText, stringOperand(KEY_PAIR, 2, key));
}

export const X509: Implementations = {
  [PARSE]: reading(PARSE, parseAll),
  [VERIFY]: reading(VERIFY, parseAndVerify),
  [VERIFY_WITH]: reading(VERIFY_WITH, parseAndVerifyWith),
  [REQUEST]: reading(REQUEST, parseSigningRequest),
  [RSA_KEY]: reading(RSA_KEY, parseRsaPrivateKey),
  [PRIVATE_KEYS]: reading(PRIVATE_KEYS, parsePrivateKeys),
  [KEY_PAIR]: reading(KEY_PAIR, parseKeyPair),
};
