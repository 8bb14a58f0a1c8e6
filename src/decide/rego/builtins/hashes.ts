/** Digests and authentication codes of a text's UTF-8 (OPA "Crypto"), as lower-case hex. */
import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { Value } from "../values/index.ts";
import { type Evaluation, type Implementations, stringOperand } from "./builtin.ts";
import { bytesOfText } from "./byte-text.ts";

type Implementation = Implementations[string];

function digest(name: string, algorithm: string): Implementation {
  return (_evaluation, text: Value) =>
    createHash(algorithm)
      .update(bytesOfText(stringOperand(name, 1, text)))
      .digest("hex");
}

function authenticate(name: string, algorithm: string): Implementation {
  return (_evaluation, text: Value, key: Value) => {
    const message = bytesOfText(stringOperand(name, 1, text));
    return createHmac(algorithm, bytesOfText(stringOperand(name, 2, key)))
      .update(message)
      .digest("hex");
  };
}

function sameCode(_evaluation: Evaluation, left: Value, right: Value): boolean {
  const a = bytesOfText(stringOperand("crypto.hmac.equal", 1, left));
  const b = bytesOfText(stringOperand("crypto.hmac.equal", 2, right));
  return a.length === b.length && timingSafeEqual(a, b);
}

export const HASHES: Implementations = {
  "crypto.md5": digest("crypto.md5", "md5"),
  "crypto.sha1": digest("crypto.sha1", "sha1"),
  "crypto.sha256": digest("crypto.sha256", "sha256"),
  "crypto.hmac.md5": authenticate("crypto.hmac.md5", "md5"),
  "crypto.hmac.sha1": authenticate("crypto.hmac.sha1", "sha1"),
  "crypto.hmac.sha256": authenticate("crypto.hmac.sha256", "sha256"),
  "crypto.hmac.sha512": authenticate("crypto.hmac.sha512", "sha512"),
  "crypto.hmac.equal": sameCode,
};
