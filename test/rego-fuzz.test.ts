/**
 * Rego against the real Open Policy Agent: cases that the fuzzer of `../shared/tools/rego-fuzz` makes from a seed, in each
 * syntax. The seed is always the same unless `POSTERN_REGO_FUZZ=fresh` asks for another.
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { findOpa } from "./harness/opa.ts";
import { BIN, ROOT } from "./harness/program.ts";
import { freshSeed } from "./harness/random.ts";

const TOOL = join(ROOT, "../shared/tools/rego-fuzz/run.mjs");
const CASES = 1_000;
const SEED = process.env["POSTERN_REGO_FUZZ"] === "fresh" ? freshSeed() : 20_261;

const opa = findOpa();
const missing = existsSync(TOOL) ? ("missing" in opa ? opa.missing : undefined) : `there is no ${TOOL}`;

interface Summary {
  readonly cases: number;
  readonly agreed: number;
  readonly disagreed: number;
  readonly categories: Readonly<Record<string, number>>;
}

describe("the fuzzer finds no case in which OPA decides otherwise", {
  ...(missing === undefined ? {} : { skip: missing }),
}, () => {
  for (const [syntax, flags] of [
    ["v1", []],
    ["v0", ["--v0"]],
  ] as const) {
    test(`${CASES} cases of seed ${SEED} in ${syntax}`, { timeout: 600_000 }, async () => {
      const out = mkdtempSync(join(tmpdir(), "postern-rego-fuzz-"));
      try {
        const summary = await fuzz([
          "--seed",
          String(SEED),
          "--cases",
          String(CASES),
          "--out",
          out,
          ...flags,
        ]);
        assert.equal(summary.disagreed, 0, failures(out, summary));
        assert.equal(summary.cases, CASES);
        // Cases that OPA itself cannot answer twice the same are few.
        assert.ok(summary.agreed > CASES * 0.9, JSON.stringify(summary));
      } finally {
        rmSync(out, { recursive: true });
      }
    });
  }
});

async function fuzz(args: readonly string[]): Promise<Summary> {
  const candidate = [process.execPath, BIN, "policy", "eval", "--batch"].map((word) => `'${word}'`).join(" ");
  const stdout = await new Promise<string>((resolve, reject) => {
    execFile(
      process.execPath,
      [TOOL, "--json", "--candidate", candidate, ...args],
      { env: { ...process.env, ...("path" in opa ? { OPA: opa.path } : {}) }, maxBuffer: 64 * 1024 * 1024 },
      (error, text, stderr) => {
        // It ends with 1 when there are disagreements, which the summary tells.
        if (text === "") reject(new Error(`the fuzzer says nothing: ${stderr}`, { cause: error }));
        else resolve(text);
      },
    );
  });
  return JSON.parse(stdout) as Summary;
}

/** The first failing cases in full, since the folder of them goes. */
function failures(out: string, summary: Summary): string {
  const texts = readdirSync(out)
    .filter((name) => name.endsWith(".txt"))
    .slice(0, 5)
    .map((name) => readFileSync(join(out, name), "utf8"));
  return [JSON.stringify(summary), ...texts].join("\n");
}
