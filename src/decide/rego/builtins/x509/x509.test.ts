import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { isArray, parseValue, type Value } from "../../values/index.ts";
import { EVALUATION, outcome, testGolden } from "../golden-of-test.test.ts";
import { X509 } from "../x509.ts";

describe("what OPA says", () => testGolden(X509, new URL("./x509.golden.jsonl", import.meta.url)));

interface Chains {
  /** DER in base64, by name. */
  readonly certificates: Readonly<Record<string, string>>;
  readonly cases: readonly {
    readonly name: string;
    /** The root first. */
    readonly chain: readonly string[];
    readonly options: object;
    /** What OPA said. */
    readonly holds: boolean;
  }[];
}

describe("which chains hold", () => {
  const text = readFileSync(new URL("./verify.golden.json", import.meta.url), "utf8");
  const { certificates, cases } = JSON.parse(text) as Chains;
  for (const { name, chain, options, holds } of cases)
    test(name, () => {
      const der = chain.map((certificate) => Buffer.from(certificates[certificate] ?? "", "base64"));
      const operands = [Buffer.concat(der).toString("base64"), parseValue(JSON.stringify(options))];
      const call = "crypto.x509.parse_and_verify_certificates_with_options";
      const result = outcome(X509, call, operands) as Value;
      assert.ok(isArray(result));
      assert.equal(result[0], holds);
    });
});

test("options that are not understood fail", () => {
  const call = "crypto.x509.parse_and_verify_certificates_with_options";
  const options: readonly Value[] = [
    { bogus: 1 },
    { DNSName: 5 },
    { CurrentTime: "x" },
    { CurrentTime: 1.5 },
    { KeyUsages: "KeyUsageAny" },
    { KeyUsages: ["x"] },
    { MaxConstraintComparisons: 1.5 },
  ];
  for (const option of options)
    assert.deepEqual(outcome(X509, call, ["", option]), { failed: "eval_builtin_error" });
});

test("a chain is paid for from the budget", () => {
  const text = readFileSync(new URL("./verify.golden.json", import.meta.url), "utf8");
  const { certificates } = JSON.parse(text) as Chains;
  const der = ["root", "l_root"].map((name) => Buffer.from(certificates[name] ?? "", "base64"));
  let steps = 0;
  outcome(X509, "crypto.x509.parse_and_verify_certificates", [Buffer.concat(der).toString("base64")], {
    ...EVALUATION,
    charge: (more) => {
      steps += more;
    },
  });
  assert.ok(steps > 0);
});
