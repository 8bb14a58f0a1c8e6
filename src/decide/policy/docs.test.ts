/** What documentation and examples show is what this program says and reads. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { type Diagnostic, PosternError, renderDiagnostic } from "#kernel";
import { BUILTIN_FILE } from "./builtin.ts";
import { ADA, ZONE } from "./cases/inputs.ts";
import { compileSet } from "./compile-set.ts";
import { decide } from "./decide.ts";
import { demoFiles } from "./demo.ts";
import { factsMarkdown } from "./facts/markdown.ts";
import { locksOut } from "./locks-out.ts";
import { mergeFiles } from "./manifest/merge.ts";
import type { Input, SourceFile } from "./types.ts";

const ROOT = new URL("../../../", import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, ROOT), "utf8");

function between(text: string, marker: string): string {
  const [, inside] = text.split(new RegExp(`<!-- /?${marker} -->\\n`));
  assert.ok(inside !== undefined, `no <!-- ${marker} -->`);
  return inside.trim();
}

function findings(files: readonly SourceFile[]): readonly Diagnostic[] {
  try {
    return compileSet(files).warnings;
  } catch (error) {
    if (error instanceof PosternError) return error.details.diagnostics ?? [];
    throw error;
  }
}

/** Every block of rules or YAML of a page, with the output that the page shows right below it. */
function blocksOf(
  page: string,
  language: string,
): readonly (readonly [text: string, shown: string | undefined])[] {
  const body = "((?:(?!```).*\\n)*)";
  const pattern = new RegExp(`^\`\`\`${language}\\n${body}\`\`\`\\n(?:\\n\`\`\`text\\n${body}\`\`\`)?`, "gm");
  return [...read(page).matchAll(pattern)].map(([, text = "", shown]) => [text, shown?.trimEnd()]);
}

function holdBlocks(page: string, language: "rules" | "yaml"): void {
  const blocks = blocksOf(page, language);
  assert.ok(blocks.length > 4);
  const path = `a.${language}`;
  for (const [text, shown] of blocks) {
    const found = findings(language === "rules" ? [ZONE, { path, text }] : [{ path, text }]);
    const rendered = found.map((finding) => renderDiagnostic(finding, text)).join("\n");
    if (shown !== undefined) assert.equal(rendered, shown);
    else
      assert.deepEqual(
        found.filter((finding) => finding.severity === "error"),
        [],
        text,
      );
  }
}

describe("docs/allow-if.md", () => {
  test("has the table of facts as it is", () =>
    assert.equal(between(read("docs/allow-if.md"), "facts"), factsMarkdown()));
  test("has the built-in rules as they are", () =>
    assert.equal(between(read("docs/allow-if.md"), "builtin"), `\`\`\`\n${BUILTIN_FILE.text}\`\`\``));
  test("shows rules that compile, and errors as they are said", () =>
    holdBlocks("docs/allow-if.md", "rules"));
});

test("docs/manifests.md shows manifests that compile, and errors as they are said", () =>
  holdBlocks("docs/manifests.md", "yaml"));

describe("examples/first", () => {
  const folder = new URL("examples/first/", ROOT);
  const examples = readdirSync(folder).map((path) => ({
    path,
    text: readFileSync(new URL(path, folder), "utf8"),
  }));
  const first = demoFiles("Europe/Berlin");

  test("joins the first set of an instance without a warning, and locks nobody out", () => {
    const set = compileSet(mergeFiles(first, examples));
    assert.deepEqual(set.warnings, []);
    assert.equal(locksOut(set), undefined);
    assert.deepEqual([...set.applications.keys()].sort(), ["notes", "payroll", "wiki"]);
  });

  test("holds the rule of the guides word for word", () => {
    const rule =
      'ALLOW IF subject.role IN ("engineer", "sre") AND device.posture == "compliant" AND resource.env == "staging" AND action == "deploy" AND time.hour BETWEEN 08 AND 22';
    assert.ok(examples.some((file) => file.text.split("\n").includes(rule)));
  });

  test("decides as its comments say", () => {
    const set = compileSet(mergeFiles(first, examples));
    const { user, subject, resource } = ADA;
    assert.ok(user && subject);
    const ask = (role: string | undefined, action: string): string => {
      const { role: _a, ...nobody } = user;
      const { role: _b, ...noSubject } = subject;
      const who =
        role === undefined
          ? { user: nobody, subject: noSubject }
          : { user: { ...user, role }, subject: { ...subject, role } };
      const input: Input = { ...ADA, ...who, action, resource: { ...resource, name: "notes" } };
      return decide(input, set, "dec").effect;
    };
    assert.equal(ask("engineer", "read"), "allow");
    assert.equal(ask("engineer", "administer"), "deny");
    assert.equal(ask("administrator", "administer"), "allow");
    assert.equal(ask(undefined, "administer"), "deny");
    assert.equal(ask("sre", "deploy"), "allow");
    assert.equal(ask("writer", "deploy"), "deny");
    assert.equal(ask(undefined, "read"), "allow");
  });
});

describe("the first set of an instance", () => {
  const set = compileSet(demoFiles("Europe/Berlin"));
  const at = (name: string, changes: Partial<Input> = {}): Input => {
    const application = set.applications.get(name);
    assert.ok(application);
    return {
      ...ADA,
      resource: { name, kind: "application", classification: application.classification },
      ...changes,
    };
  };
  const { device: _device, ...person } = ADA;

  test("opens the wiki to whoever signed in with a passkey, and nobody else", () => {
    assert.equal(decide(at("wiki"), set, "dec").effect, "allow");
    assert.equal(
      decide(at("wiki", { user: { id: "usr_ada", name: "ada", mfa_verified: false } }), set, "dec").effect,
      "deny",
    );
  });

  test("closes payroll for lack of device facts, and says so in plain words", () => {
    const decision = decide({ ...person, resource: at("payroll").resource }, set, "dec");
    assert.equal(decision.effect, "deny");
    assert.deepEqual(
      decision.failed?.map(({ plain, actual }) => `${plain} — ${actual}`),
      [
        "Your device is managed by the company — not known",
        "Your device's compliance score is above 80 — not known",
      ],
    );
    assert.equal(decide(at("payroll"), set, "dec").effect, "allow", "with such a device it opens");
    assert.equal(
      decide(at("payroll", { device: { managed: true, compliance_score: 80 } }), set, "dec").effect,
      "deny",
    );
  });

  test("can be had without applications, and takes UTC for a zone that is none", () => {
    const bare = compileSet(demoFiles("Etc/Unknown", { applications: false }));
    assert.equal(bare.applications.size, 0);
    assert.equal(bare.timeZone, "UTC");
    assert.ok(bare.rules.length > 2);
  });
});
