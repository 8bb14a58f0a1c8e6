/** `io.jwt.encode_sign` and `io.jwt.encode_sign_raw` (RFC 7515 §5.1). */
import { createECDH, createPrivateKey, type KeyObject } from "node:crypto";
import { isObject, member, parseValue, type Value } from "../../values/index.ts";
import { type Evaluation, stringOperand } from "../builtin.ts";
import { DataError } from "../data-error.ts";
import { marshal } from "../json-text.ts";
import { inverse } from "../x509/private-key.ts";
import { bigintOf, bytesOf } from "../x509/public-key.ts";
import { ALGORITHMS, type Algorithm, authenticationCode, makeSignature } from "./algorithms.ts";
import { type EcJwk, type Jwk, parseJwks, type RsaJwk } from "./jwk.ts";
import { SHORTEST_MODULUS } from "./verification-keys.ts";

/** What is signed is the bytes of the JSON that Go writes. */
export function encodeSign(_evaluation: Evaluation, header: Value, claims: Value, key: Value): Value {
  // Claims may be any JSON; a header or a key that is no object has no members to be found.
  return signed(marshal(header), marshal(claims), marshal(key));
}

export function encodeSignRaw(_evaluation: Evaluation, header: Value, payload: Value, key: Value): Value {
  const [headerText, payloadText, keyText] = [header, payload, key].map((operand, at) =>
    stringOperand("io.jwt.encode_sign_raw", at + 1, operand),
  ) as [string, string, string];
  return signed(headerText, payloadText, keyText);
}

function signed(header: string, payload: string, key: string): string {
  const { alg, type } = headerOf(header);
  if (type === "JWT" && jsonOf(payload) === undefined)
    throw new DataError("type is JWT but payload is not JSON");
  const [first] = parseJwks(key);
  if (first === undefined) throw new DataError("no keys found in JWK set");
  const algorithm = ALGORITHMS.get(alg);
  if (algorithm === undefined) throw new DataError(`unknown JWS algorithm: ${alg}`);
  const data = `${Buffer.from(header).toString("base64url")}.${Buffer.from(payload).toString("base64url")}`;
  const signature = signatureBy(alg, algorithm, first, Buffer.from(data));
  return `${data}.${signature.toString("base64url")}`;
}

function jsonOf(text: string): Value | undefined {
  try {
    return parseValue(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** What OPA's reader of headers takes for a number. */
const NUMERIC = /^[\d+\-.eE]+$/;

/** The algorithm, and the type: a JWT where the header does not say. Of two `alg` the first counts. */
function headerOf(text: string): { readonly alg: string; readonly type: string } {
  const problem = "missing or invalid 'alg' header:";
  const header = jsonOf(text);
  if (text.trim() === "") throw new DataError(`${problem} cannot parse JSON: cannot parse empty string`);
  if (header === undefined && !NUMERIC.test(text)) throw new DataError(`${problem} cannot parse JSON`);
  const alg = isObject(header) ? firstMember(text, "alg") : undefined;
  if (!isObject(header) || alg === undefined) throw new DataError(`${problem} jwsbb: header "alg" not found`);
  if (typeof alg !== "string") throw new DataError(`${problem} value doesn't contain string`);
  const type = member(header, "typ");
  return { alg, type: typeof type === "string" ? type : "JWT" };
}

const JSON_TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g;

/** The first member of that name of the object that a valid JSON text is; parsing gives the last. */
function firstMember(text: string, name: string): Value | undefined {
  const tokens = text.match(JSON_TOKEN) ?? [];
  let depth = 0;
  for (const [at, token] of tokens.entries()) {
    if (token === "{" || token === "[") depth++;
    else if (token === "}" || token === "]") depth--;
    else if (depth === 1 && tokens[at + 1] === ":" && jsonOf(token) === name)
      return jsonOf(tokens[at + 2] ?? "") ?? null;
  }
  return undefined;
}

function signatureBy(alg: string, algorithm: Algorithm, key: Jwk, data: Buffer): Buffer {
  if (algorithm.key === "oct") return authenticationCode(algorithm, secretOf(key), data);
  const object = signingKey(algorithm, key);
  if (object === undefined) throw new DataError(`jwsbb.Sign: invalid key type ${key.kty} for ${alg}`);
  return makeSignature(algorithm, object, data);
}

/** The bytes of a key: OPA takes an octet key pair's too. */
function secretOf(key: Jwk): Buffer {
  if (key.kty === "oct") return key.k;
  if (key.kty !== "OKP") throw new DataError(`jwsbb.Sign: invalid key type ${key.kty}. []byte is required`);
  return key.d === undefined ? key.x : Buffer.concat([key.d, key.x]);
}

function signingKey(algorithm: Algorithm, key: Jwk): KeyObject | undefined {
  if (algorithm.key === "rsa" && key.kty === "RSA") return rsaKey(key);
  if (algorithm.key === "ec" && key.kty === "EC") return ecKey(key);
  if (algorithm.key !== "ed25519" || key.kty !== "OKP" || key.crv !== "Ed25519" || key.d === undefined)
    return undefined;
  const object = platformKey({ kty: "OKP", crv: "Ed25519", d: url(key.d), x: url(key.x) });
  if (object.export({ format: "jwk" }).x !== url(key.x))
    throw new DataError("jwk.OKPPrivateKey: invalid x value given d value");
  return object;
}

function rsaKey(key: RsaJwk): KeyObject | undefined {
  if (key.private === undefined) return undefined;
  const { dp, dq } = key.private;
  const [n, e, d, p, q] = [key.n, key.e, key.private.d, key.private.p, key.private.q].map(bigintOf) as [
    bigint,
    bigint,
    bigint,
    bigint,
    bigint,
  ];
  if (p === 0n || q === 0n) throw new DataError("jwk.Export: failed to export jwk.Key to raw format");
  const [toP, toQ] = [d % (p - 1n), d % (q - 1n)];
  if (p * q !== n || (e * toP) % (p - 1n) !== 1n || (e * toQ) % (q - 1n) !== 1n)
    throw new DataError("crypto/rsa: the parts of the key do not belong together");
  if ((dp.length > 0 && bigintOf(dp) !== toP) || (dq.length > 0 && bigintOf(dq) !== toQ))
    throw new DataError("crypto/rsa: invalid CRT exponent");
  if (bytesOf(n).length < SHORTEST_MODULUS)
    throw new DataError(`crypto/rsa: ${n.toString(2).length}-bit keys are insecure`);
  return platformKey({
    kty: "RSA",
    n: url(bytesOf(n)),
    e: url(bytesOf(e)),
    d: url(bytesOf(d)),
    p: url(bytesOf(p)),
    q: url(bytesOf(q)),
    dp: url(bytesOf(toP)),
    dq: url(bytesOf(toQ)),
    qi: url(bytesOf(inverse(q, p))),
  });
}

/** OPA signs by `d` alone, whatever point stands beside it. */
function ecKey(key: EcJwk): KeyObject | undefined {
  if (key.d === undefined) return undefined;
  let point: Buffer;
  try {
    const exchange = createECDH(key.curve.openssl);
    exchange.setPrivateKey(key.d);
    point = exchange.getPublicKey();
  } catch {
    throw new DataError("ecdsa: invalid private key");
  }
  const { name, size } = key.curve;
  const [x, y] = [point.subarray(1, 1 + size), point.subarray(1 + size)];
  return platformKey({ kty: "EC", crv: name, x: url(x), y: url(y), d: url(key.d) });
}

function platformKey(key: Record<string, string>): KeyObject {
  try {
    return createPrivateKey({ key, format: "jwk" });
  } catch {
    throw new DataError("jwk.Export: failed to export jwk.Key to raw format");
  }
}

function url(bytes: Buffer): string {
  return bytes.toString("base64url");
}
