import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { PosternError, sha256Hex } from "#kernel";
import { BUILTIN_FILE } from "./builtin.ts";
import { ADA, ZONE } from "./cases/inputs.ts";
import { compileSet } from "./compile-set.ts";
import { decide } from "./decide.ts";
import type { SourceFile } from "./types.ts";

const RULES: SourceFile = { path: "a.rules", text: "ALLOW IF device.managed\n" };
const MEBIBYTE = 1_048_576;

function codesOf(files: readonly SourceFile[]): readonly string[] {
  try {
    compileSet(files);
    return [];
  } catch (error) {
    if (!(error instanceof PosternError)) throw error;
    return (error.details.diagnostics ?? []).map((finding) => finding.code);
  }
}

describe("a version's name", () => {
  test("is SHA-256 over the names of all parts, those of the built-in files among them", () => {
    const one = (text: string): object => ({ lines: text.split("\n").length - 1, sha256: sha256Hex(text) });
    const two: SourceFile = { path: "b.yaml", text: "# none\n---\n# none either" };
    const files = [
      { parts: [one(RULES.text)], path: RULES.path },
      { parts: [one("# none\n"), one("---\n# none either")], path: two.path },
      { parts: [one(BUILTIN_FILE.text)], path: BUILTIN_FILE.path },
      { parts: [one(ZONE.text)], path: ZONE.path },
    ];
    assert.equal(compileSet([ZONE, two, RULES]).version, sha256Hex(JSON.stringify(files)));
  });

  test("does not depend on the order in which files come", () => {
    assert.equal(compileSet([ZONE, RULES]).version, compileSet([RULES, ZONE]).version);
  });

  test("changes with one character, and with a path", () => {
    const versions = [RULES, { ...RULES, text: `${RULES.text} ` }, { ...RULES, path: "b.rules" }].map(
      (file) => compileSet([file]).version,
    );
    assert.equal(new Set(versions).size, 3);
  });

  test("cannot be made the same by moving text between files", () => {
    const apart = compileSet([
      { path: "a.rules", text: "" },
      { path: "b.rules", text: "ALLOW IF device.managed" },
    ]);
    const other = compileSet([
      { path: "a.rules", text: "ALLOW IF device.managed" },
      { path: "b.rules", text: "" },
    ]);
    assert.notEqual(apart.version, other.version);
  });

  test("the files of a set compile to it again", () => {
    const set = compileSet([ZONE, RULES]);
    assert.equal(compileSet(set.files).version, set.version);
    assert.deepEqual(
      set.files.map((file) => file.path),
      ["a.rules", "zone.yaml"],
    );
  });
});

describe("files", () => {
  test("paths stay within the set, and outside Postern's folder", () => {
    for (const path of [
      "",
      "/a.rules",
      "../a.rules",
      "a/../b.rules",
      "./a.rules",
      "a//b.rules",
      "a\\b.rules",
      "a\nb.rules",
      "postern/a.rules",
      "Postern/a.rules",
      BUILTIN_FILE.path,
      `${"a".repeat(300)}.rules`,
    ])
      assert.deepEqual(codesOf([{ path, text: "" }]), ["file.path"], JSON.stringify(path));
    assert.deepEqual(
      codesOf([
        { path: "deep/er/a.rules", text: "" },
        { path: "__proto__/constructor.yml", text: "" },
      ]),
      [],
    );
  });

  test("other endings are refused with what is read", () => {
    for (const path of ["README.md", "a.yaml.bak", "rules", "a.rego", "a.RULES"])
      assert.deepEqual(codesOf([{ path, text: "" }]), ["file.ending"], path);
  });

  test("sizes are bounded, a file's and a set's", () => {
    const comment = (bytes: number): string => `#${"x".repeat(bytes - 1)}`;
    assert.deepEqual(codesOf([{ path: "a.rules", text: comment(MEBIBYTE) }]), []);
    assert.deepEqual(codesOf([{ path: "a.rules", text: comment(MEBIBYTE + 1) }]), ["file.too_large"]);
    assert.deepEqual(
      codesOf([{ path: "a.rules", text: "é".repeat(MEBIBYTE / 2 + 1) }]),
      ["file.too_large"],
      "bytes, not characters",
    );
    const many = Array.from({ length: 11 }, (_, index) => ({
      path: `a${index}.rules`,
      text: comment(MEBIBYTE),
    }));
    assert.deepEqual(codesOf(many), ["file.too_large"]);
  });
});

describe("hostile text", () => {
  const hostile: readonly (readonly [string, string, string])[] = [
    ["100,000 parentheses", "a.rules", `ALLOW IF ${"(".repeat(100_000)}device.managed${")".repeat(100_000)}`],
    ["100,000 NOTs", "a.rules", `ALLOW IF ${"NOT ".repeat(100_000)}device.managed`],
    ["a mebibyte of unknown signs", "a.rules", "§".repeat(MEBIBYTE / 2)],
    ["a mebibyte of unknown facts", "a.rules", `ALLOW IF ${"x.y AND ".repeat(100_000)}x.y`],
    ["a mebibyte of brackets", "a.yaml", "[".repeat(MEBIBYTE)],
    ["a mebibyte of closing braces", "a.yaml", "}".repeat(MEBIBYTE)],
    ["50,000 nested entries", "a.yaml", "- ".repeat(50_000)],
    ["200,000 documents", "a.yaml", "---\n".repeat(200_000)],
    [
      "60,000 fields",
      "a.yaml",
      `a:\n${Array.from({ length: 60_000 }, (_, index) => `  k${index}: 1\n`).join("")}`,
    ],
    [
      "a billion laughs",
      "a.yaml",
      `a: &a0 x\n${Array.from({ length: 30 }, (_, index) => `b${index}: &a${index + 1} [${`*a${index},`.repeat(9)}]\n`).join("")}`,
    ],
  ];
  for (const [name, path, text] of hostile) {
    test(`${name} is refused, soon and in few words`, () => {
      const before = performance.now();
      const codes = codesOf([ZONE, { path, text }]);
      assert.ok(codes.length > 0 && codes.length <= 101, `${codes.length} findings`);
      assert.ok(performance.now() - before < 5_000, `${performance.now() - before} ms`);
    });
  }

  test("100,000 conditions in a row are no nesting", () => {
    assert.deepEqual(
      codesOf([{ path: "a.rules", text: `ALLOW IF device.managed${" OR device.managed".repeat(20_000)}` }]),
      [],
    );
  });
});

describe("applications", () => {
  test("are complete with their defaults", () => {
    const text =
      "apiVersion: postern.dev/v1\nkind: Application\nmetadata: { name: notes }\nspec: { upstream: https://example.org, classification: internal }\n";
    assert.deepEqual(compileSet([{ path: "a.yaml", text }]).applications.get("notes"), {
      name: "notes",
      title: "notes",
      upstream: "https://example.org",
      host: "notes",
      pathPrefix: "/",
      classification: "internal",
      labels: {},
      explain: "conditions",
      actions: [],
      source: "a.yaml:1",
    });
  });

  test("keep every field that is given", () => {
    const text = `apiVersion: postern.dev/v1
kind: Application
metadata: { name: notes }
spec:
  title: Our notes
  description: |
    What we
    noted
  upstream: http://10.0.0.5:80
  insecureUpstream: true
  host: shared
  pathPrefix: /notes/
  classification: confidential
  env: staging
  sensitivityScore: 0
  labels: { acme.dev/team: ops, constructor: x }
  explain: full
  actions: [{ name: deploy, methods: [POST, PUT], pathPrefix: /deploy }, { name: peek, methods: [GET] }]
`;
    assert.deepEqual(compileSet([{ path: "a.yaml", text }]).applications.get("notes"), {
      name: "notes",
      title: "Our notes",
      description: "What we noted",
      upstream: "http://10.0.0.5:80",
      host: "shared",
      pathPrefix: "/notes",
      classification: "confidential",
      env: "staging",
      sensitivityScore: 0,
      labels: { "acme.dev/team": "ops", constructor: "x" },
      explain: "full",
      actions: [
        { name: "deploy", methods: ["POST", "PUT"], pathPrefix: "/deploy" },
        { name: "peek", methods: ["GET"], pathPrefix: "/" },
      ],
      source: "a.yaml:1",
    });
  });

  test("plain http is taken on loopback in all its spellings", () => {
    for (const host of ["localhost:1", "app.localhost:1", "127.0.0.1:1", "127.1:1", "[::1]:1"]) {
      const text = `apiVersion: postern.dev/v1\nkind: Application\nmetadata: { name: n }\nspec: { upstream: "http://${host}", classification: public }\n`;
      assert.deepEqual(codesOf([{ path: "a.yaml", text }]), [], host);
    }
    for (const host of [
      "localhost.example.org",
      "127.0.0.1.example.org",
      "0.0.0.0:1",
      "[::]:1",
      "192.168.0.1",
      "[::ffff:10.0.0.1]:1",
    ]) {
      const text = `apiVersion: postern.dev/v1\nkind: Application\nmetadata: { name: n }\nspec: { upstream: "http://${host}", classification: public }\n`;
      assert.deepEqual(codesOf([{ path: "a.yaml", text }]), ["manifest.insecure_upstream"], host);
    }
  });
});

test("rules that use the clock need a time zone; a wrong one is blamed once", () => {
  const rules = { path: "a.rules", text: "ALLOW IF time.hour BETWEEN 08 AND 22" };
  assert.deepEqual(codesOf([rules]), ["rule.no_time_zone"]);
  assert.deepEqual(codesOf([rules, { ...ZONE, text: ZONE.text.replace("UTC", "UTX") }]), [
    "manifest.bad_value",
  ]);
});

test("the error names code, place and how many", () => {
  const refused = (text: string): PosternError => {
    try {
      compileSet([{ path: "a.rules", text }]);
    } catch (error) {
      if (error instanceof PosternError) return error;
    }
    return assert.fail("it compiled");
  };
  const one = refused("ALLOW IF x");
  assert.deepEqual(
    [one.code, one.message, one.details.where],
    ["policy.invalid", 'there is no fact "x"', "a.rules:1:10"],
  );
  assert.equal(refused("ALLOW IF x\nDENY IF y").message, "the policy set has 2 errors");
});

test("the empty set denies everything", () => {
  assert.equal(decide(ADA, compileSet([]), "dec").effect, "deny");
});
