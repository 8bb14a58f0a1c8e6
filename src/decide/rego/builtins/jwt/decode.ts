/** `io.jwt.decode` and `io.jwt.decode_verify` (RFC 7519 §7.2). */
import {
  compareNumbers,
  isArray,
  isNumber,
  member,
  numberOf,
  numberText,
  type RegoObjectValue,
  sortedEntries,
  type Value,
} from "../../values/index.ts";
import { decodeBase64Url } from "../base64-text.ts";
import { type Evaluation, objectOperand, stringOperand } from "../builtin.ts";
import { DataError } from "../data-error.ts";
import { ALGORITHMS, codeHolds } from "./algorithms.ts";
import {
  decodeHeader,
  decodePart,
  type JoseHeader,
  parseJsonObject,
  readHeader,
  signedPart,
  splitToken,
  type Token,
} from "./token.ts";
import type { VerificationKey } from "./verification-keys.ts";
import { keysOf, verifiesByKeys } from "./verify.ts";

/** Header, claims and the signature in hexadecimal. A token within a token (RFC 7519 §5.2) is taken out, without a look at its wrapping. */
export function decode(_evaluation: Evaluation, operand: Value): Value {
  let text = stringOperand("io.jwt.decode", 1, operand);
  for (;;) {
    const token = splitToken(text);
    const header = decodeHeader(token);
    const payload = decodePart(token.payload, "JWT payload");
    const type = member(header, "cty");
    if (type !== undefined && typeof type !== "string") throw new DataError("cty: must be a string");
    if (type !== "JWT")
      return [header, parseJsonObject(payload), decodePart(token.signature, "JWT signature").toString("hex")];
    // Within a token the other one may stand as a JSON string.
    text = payload.toString("utf8").replaceAll(/^"+|"+$/g, "");
  }
}

/** What `io.jwt.decode_verify` asks of a token. Empty texts ask for nothing, but an audience. */
interface Constraints {
  readonly secret: string;
  readonly keys: readonly VerificationKey[] | undefined;
  readonly alg: string;
  readonly iss: string;
  readonly aud: string;
  /** Seconds since the epoch, as OPA has them: a double. */
  readonly time: number;
}

const REFUSED: Value = [false, {}, {}];

export function decodeVerify(evaluation: Evaluation, operand: Value, options: Value): Value {
  let text = stringOperand("io.jwt.decode_verify", 1, operand);
  const constraints = constraintsOf(evaluation, objectOperand("io.jwt.decode_verify", 2, options));
  for (;;) {
    const token = splitToken(text);
    const object = decodeHeader(token);
    const header = readHeader(object);
    if (!header.acceptable || (constraints.alg !== "" && constraints.alg !== header.alg)) return REFUSED;
    if (!signatureHolds(token, header, constraints)) return REFUSED;
    const payload = decodePart(token.payload, "JWT payload");
    if (header.cty.toUpperCase() !== "JWT") {
      const claims = parseJsonObject(payload);
      return claimsHold(claims, constraints) ? [true, object, claims] : REFUSED;
    }
    text = payload.toString("utf8");
  }
}

function constraintsOf(evaluation: Evaluation, options: RegoObjectValue): Constraints {
  const texts: Record<"secret" | "alg" | "iss" | "aud", string> = { secret: "", alg: "", iss: "", aud: "" };
  let keys: readonly VerificationKey[] | undefined;
  let time = Number(evaluation.now);
  for (const [name, value] of sortedEntries(options)) {
    if (typeof name !== "string") throw new DataError("token validation constraint: must be a string");
    switch (name) {
      case "cert":
        keys = keysOf(evaluation, textOf(name, value));
        break;
      case "secret":
      case "alg":
      case "iss":
      case "aud":
        texts[name] = textOf(name, value);
        break;
      case "time":
        time = timeOf(value);
        break;
      default:
        throw new DataError(`unknown token validation constraint: ${name}`);
    }
  }
  if (keys !== undefined && texts.secret !== "") throw new DataError("duplicate key constraints");
  if (keys === undefined && texts.secret === "") throw new DataError("no key constraint");
  return { ...texts, keys, time: time / 1e9 };
}

function textOf(name: string, value: Value): string {
  if (typeof value !== "string") throw new DataError(`${name} constraint: must be a string`);
  return value;
}

function timeOf(value: Value): number {
  if (!isNumber(value)) throw new DataError("token time constraint: must be a number");
  const time = Number(numberText(value));
  if (!Number.isFinite(time)) throw new DataError("token time constraint: unvalid float64");
  if (time < 0) throw new DataError("token time constraint: must not be negative");
  return time;
}

function signatureHolds(token: Token, header: JoseHeader, { keys, secret }: Constraints): boolean {
  const algorithm = ALGORITHMS.get(header.alg);
  if (algorithm === undefined || (keys === undefined && algorithm.key !== "oct")) return false;
  const signature = decodeBase64Url(token.signature);
  return keys === undefined
    ? codeHolds(algorithm, secret, signedPart(token), signature)
    : verifiesByKeys(algorithm, token, header, keys, signature);
}

/** RFC 7519 §4.1.1, 4.1.3, 4.1.4 and 4.1.5. */
function claimsHold(claims: RegoObjectValue, constraints: Constraints): boolean {
  const issuer = member(claims, "iss");
  if (constraints.iss !== "") {
    if (issuer !== undefined && typeof issuer !== "string") throw new DataError("iss: must be a string");
    if (issuer !== constraints.iss) return false;
  }
  const audience = member(claims, "aud");
  if (audience === undefined ? constraints.aud !== "" : !isAudience(audience, constraints.aud)) return false;
  const now = numberOf(String(constraints.time));
  const expires = moment(claims, "exp");
  if (expires !== undefined && compareNumbers(now, expires) >= 0) return false;
  const begins = moment(claims, "nbf");
  return begins === undefined || compareNumbers(now, begins) >= 0;
}

function isAudience(audience: Value, wanted: string): boolean {
  return isArray(audience) ? audience.includes(wanted) : audience === wanted;
}

function moment(claims: RegoObjectValue, name: string): ReturnType<typeof numberOf> | undefined {
  const value = member(claims, name);
  if (value !== undefined && !isNumber(value)) throw new DataError(`${name} value must be a number`);
  return value;
}
