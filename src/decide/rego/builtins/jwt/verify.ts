/** `io.jwt.verify_*`: whether a token's signature is one of a key. */
import type { Value } from "../../values/index.ts";
import { decodeBase64Url } from "../base64-text.ts";
import { type Evaluation, type Implementations, stringOperand } from "../builtin.ts";
import { reading } from "../data-error.ts";
import { ALGORITHMS, type Algorithm, codeHolds, signatureHolds } from "./algorithms.ts";
import { decodeHeader, type JoseHeader, readHeader, signedPart, splitToken, type Token } from "./token.ts";
import { parseVerificationKeys, type VerificationKey } from "./verification-keys.ts";

/** The keys of a text; reading them is the costly part of verifying, so they are kept. */
export function keysOf(evaluation: Evaluation, text: string): readonly VerificationKey[] {
  return evaluation.cache.get("jwt-keys", text, () => parseVerificationKeys(text));
}

/** Whether one of the keys made the signature: the one that the header names (RFC 7515 §4.1.4), else any for its algorithm. */
export function verifiesByKeys(
  algorithm: Algorithm,
  token: Token,
  header: Pick<JoseHeader, "alg" | "kid">,
  keys: readonly VerificationKey[],
  signature: Buffer,
): boolean {
  const data = signedPart(token);
  const named = header.kid === "" ? undefined : keys.find(({ kid }) => kid === header.kid);
  if (named !== undefined) return verifies(algorithm, named, data, signature);
  return keys.some(
    (key) => (key.alg === "" || key.alg === header.alg) && verifies(algorithm, key, data, signature),
  );
}

function verifies(algorithm: Algorithm, key: VerificationKey, data: Buffer, signature: Buffer): boolean {
  if (key.type !== algorithm.key) return false;
  if (key.secret !== undefined) return codeHolds(algorithm, key.secret, data, signature);
  return key.key !== undefined && signatureHolds(algorithm, key.key, key.size, data, signature);
}

function verifier(name: string, algorithm: Algorithm): Implementations[string] {
  return reading(name, (evaluation, text: Value, key: Value) => {
    const token = splitToken(stringOperand(name, 1, text));
    const secretOrKeys = stringOperand(name, 2, key);
    if (algorithm.key === "oct")
      return codeHolds(algorithm, secretOrKeys, signedPart(token), decodeBase64Url(token.signature));
    const keys = keysOf(evaluation, secretOrKeys);
    const signature = decodeBase64Url(token.signature);
    const header = readHeader(decodeHeader(token));
    return verifiesByKeys(algorithm, token, header, keys, signature);
  });
}

export const VERIFIERS: Implementations = Object.fromEntries(
  [...ALGORITHMS].map(([alg, algorithm]) => {
    const name = `io.jwt.verify_${alg.toLowerCase()}`;
    return [name, verifier(name, algorithm)];
  }),
);
