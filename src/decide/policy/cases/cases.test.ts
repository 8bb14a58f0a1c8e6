import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { PosternError, renderDiagnostic } from "#kernel";
import { compileSet } from "../compile-set.ts";
import { Findings } from "../findings.ts";
import { parseRules } from "../rules/2-parse.ts";
import { checkRule } from "../rules/3-check.ts";
import type { Comparand, Requirement, Value } from "../rules/requirement.ts";
import { sourceText } from "../source-text.ts";
import type { SourceFile } from "../types.ts";

interface Case {
  readonly name: string;
  readonly text: string;
  readonly expected: string;
}

/** Reads a file of cases, as `README.md` beside this describes. */
function readCases(file: string): readonly Case[] {
  const blocks = readFileSync(new URL(file, import.meta.url), "utf8")
    .split(/^=== /m)
    .slice(1);
  return blocks.map((block) => {
    const parts = /^([^\n]*)\n([\s\S]*?\n)---\n([\s\S]*)$/.exec(block);
    assert.ok(parts, `a case without --- in ${file}: ${block.slice(0, 60)}`);
    const [, name = "", text = "", expected = ""] = parts;
    return { name, text, expected: expected.trimEnd() };
  });
}

const ZONE: SourceFile = {
  path: "zone.yaml",
  text: "apiVersion: postern.dev/v1\nkind: PolicySet\nmetadata: { name: zone }\nspec: { timeZone: UTC }\n",
};

describe("rules", () => {
  for (const { name, text, expected } of readCases("rules.txt"))
    test(name, () => assert.equal(showRules(text), expected));
});

describe("errors in rules", () => {
  for (const { name, text, expected } of readCases("rule-errors.txt"))
    test(name, () => assert.equal(findingsOf([ZONE, { path: "a.rules", text }]), expected));
});

describe("errors in manifests", () => {
  for (const { name, text, expected } of readCases("manifest-errors.txt"))
    test(name, () => assert.equal(findingsOf([{ path: "a.yaml", text }]), expected));
});

function showRules(text: string): string {
  const findings = new Findings();
  const source = sourceText({ path: "a.rules", text });
  const shown = parseRules(source, findings).map((syntax) => {
    const rule = checkRule(syntax, source, "UTC", findings);
    if (rule === undefined) return "error";
    const notes = [rule.name, rule.reason]
      .filter((note) => note !== undefined)
      .map((note) => ` ${JSON.stringify(note)}`);
    return `${rule.effect} ${rule.source}${notes.join("")}\n  ${show(rule.requirement)}`;
  });
  assert.deepEqual(findings.errors, []);
  return shown.join("\n");
}

function show(requirement: Requirement): string {
  if (requirement.kind === "constant") return String(requirement.value);
  if (requirement.kind !== "condition") return `(${requirement.kind} ${requirement.of.map(show).join(" ")})`;
  const { fact, test: asked, negated } = requirement;
  const operands =
    "values" in asked
      ? asked.values.map(showValue)
      : "from" in asked
        ? [showOne(asked.from), showOne(asked.to)]
        : "to" in asked
          ? [showOne(asked.to)]
          : [];
  const wraps = "wraps" in asked && asked.wraps ? " past midnight" : "";
  return `(${negated ? "not " : ""}${asked.op} ${[fact.name, ...operands].join(" ")}${wraps})`;
}

function showOne(comparand: Comparand): string {
  return comparand.kind === "fact" ? comparand.fact.name : showValue(comparand.value);
}

function showValue(value: Value): string {
  return typeof value === "bigint" ? `${value}n` : JSON.stringify(value);
}

function findingsOf(files: readonly SourceFile[]): string {
  const render = (finding: Parameters<typeof renderDiagnostic>[0]): string =>
    renderDiagnostic(finding, files.find((file) => file.path === finding.file)?.text ?? "");
  try {
    return compileSet(files).warnings.map(render).join("\n");
  } catch (error) {
    if (!(error instanceof PosternError)) throw error;
    return (error.details.diagnostics ?? []).map(render).join("\n");
  }
}
