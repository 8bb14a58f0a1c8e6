import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { describe, test } from "node:test";
import { isArray, parseValue, RegoSet, type Value } from "../../values/index.ts";
import { outcome, testGolden } from "../golden-of-test.test.ts";
import { JWT } from "./index.ts";

describe("what OPA says", () => testGolden(JWT, new URL("./jwt.golden.jsonl", import.meta.url)));

const PAIRS = {
  rsa: generateKeyPairSync("rsa", { modulusLength: 2048 }),
  p256: generateKeyPairSync("ec", { namedCurve: "P-256" }),
  p384: generateKeyPairSync("ec", { namedCurve: "P-384" }),
  p521: generateKeyPairSync("ec", { namedCurve: "P-521" }),
  ed: generateKeyPairSync("ed25519"),
};

function sign(alg: string, key: (typeof PAIRS)[keyof typeof PAIRS]): string {
  const jwk = parseValue(JSON.stringify(key.privateKey.export({ format: "jwk" })));
  const token = outcome(JWT, "io.jwt.encode_sign", [{ alg }, { sub: "alice" }, jwk]);
  assert.equal(typeof token, "string");
  return token as string;
}

const SIGNED: readonly (readonly [alg: string, key: keyof typeof PAIRS])[] = [
  ["RS256", "rsa"],
  ["RS384", "rsa"],
  ["RS512", "rsa"],
  ["PS256", "rsa"],
  ["PS384", "rsa"],
  ["PS512", "rsa"],
  ["ES256", "p256"],
  ["ES384", "p384"],
  ["ES512", "p521"],
  ["EdDSA", "ed"],
  ["ES256", "p384"],
];

for (const [alg, name] of SIGNED)
  test(`a token signed with ${alg} and ${name} verifies by its key alone`, () => {
    const verify = `io.jwt.verify_${alg.toLowerCase()}`;
    const pair = PAIRS[name];
    const token = sign(alg, pair);
    const pem = pair.publicKey.export({ type: "spki", format: "pem" }).toString();
    const jwk = JSON.stringify(pair.publicKey.export({ format: "jwk" }));
    const others = Object.values(PAIRS).filter((other) => other !== pair);
    assert.equal(outcome(JWT, verify, [token, pem]), true);
    assert.equal(outcome(JWT, verify, [token, jwk]), true);
    for (const other of others) {
      const wrong = other.publicKey.export({ type: "spki", format: "pem" }).toString();
      assert.equal(outcome(JWT, verify, [token, wrong]), false);
    }
    const [header = "", , signature = ""] = token.split(".");
    const forged = `${header}.${Buffer.from('{"sub":"mallory"}').toString("base64url")}.${signature}`;
    assert.equal(outcome(JWT, verify, [forged, pem]), false);
    assert.deepEqual(outcome(JWT, "io.jwt.decode_verify", [forged, { cert: pem }]), [false, {}, {}]);
    const verified = outcome(JWT, "io.jwt.decode_verify", [token, { cert: pem }]) as Value;
    assert.ok(isArray(verified) && verified[0] === true);
  });

test("sets in claims are written as sorted arrays", () => {
  const key = { kty: "oct", k: "ZnV6ei1zZWNyZXQ" };
  assert.equal(
    outcome(JWT, "io.jwt.encode_sign", [{ alg: "HS256" }, { s: RegoSet.of([2, 1]) }, key]),
    "eyJhbGciOiJIUzI1NiJ9.eyJzIjpbMSwyXX0.fVsVII5zQULK7EFqsIR721978ypLYc4TAPsgLg8Ublg",
  );
});

test("a public key's text is no secret to a token that claims HS256", () => {
  const pem = PAIRS.rsa.publicKey.export({ type: "spki", format: "pem" }).toString();
  const k = Buffer.from(pem).toString("base64url");
  const token = outcome(JWT, "io.jwt.encode_sign", [{ alg: "HS256" }, {}, { kty: "oct", k }]) as string;
  assert.deepEqual(outcome(JWT, "io.jwt.decode_verify", [token, { cert: pem }]), [false, {}, {}]);
});

test("a token with a million sections is refused", () => {
  assert.deepEqual(outcome(JWT, "io.jwt.decode", [".".repeat(1_000_000)]), { failed: "eval_builtin_error" });
});
