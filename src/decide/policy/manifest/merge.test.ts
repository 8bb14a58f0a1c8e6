import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ZONE } from "../cases/inputs.ts";
import { compileSet } from "../compile-set.ts";
import type { SourceFile } from "../types.ts";
import { mergeFiles } from "./merge.ts";

const app = (name: string, port: number): string =>
  `apiVersion: postern.dev/v1\nkind: Application\nmetadata: { name: ${name} }\nspec: { upstream: "http://localhost:${port}", classification: public }\n`;
const file = (path: string, text: string): SourceFile => ({ path, text });

describe("mergeFiles", () => {
  const active = [
    file("apps.yaml", `# ours\n${app("a", 1)}---\n# about b\n${app("b", 2)}---\n${app("c", 3)}`),
    file("p.rules", "ALLOW IF device.managed\n"),
    ZONE,
  ];

  test("a file replaces the one of its path", () => {
    const merged = mergeFiles(active, [file("p.rules", "DENY IF device.managed\n")]);
    assert.deepEqual(
      merged.map((one) => one.path),
      ["apps.yaml", "p.rules", "zone.yaml"],
    );
    assert.equal(merged[1]?.text, "DENY IF device.managed\n");
  });

  for (const name of ["a", "b", "c"]) {
    test(`a manifest replaces the one of its kind and name: ${name}`, () => {
      const merged = mergeFiles(active, [file("new.yaml", app(name, 9))]);
      const set = compileSet(merged);
      assert.deepEqual([...set.applications.keys()].sort(), ["a", "b", "c"]);
      assert.equal(set.applications.get(name)?.upstream, "http://localhost:9");
      assert.equal(set.applications.get(name)?.source, "new.yaml:1");
    });
  }

  test("a file that becomes empty is dropped; what stays keeps its comments", () => {
    const merged = mergeFiles(active, [file("new.yaml", [app("a", 9), app("c", 9)].join("---\n"))]);
    assert.equal(merged.find((one) => one.path === "apps.yaml")?.text, `---\n# about b\n${app("b", 2)}`);
    const all = mergeFiles(active, [
      file("new.yaml", ["a", "b", "c"].map((name) => app(name, 9)).join("---\n")),
    ]);
    assert.deepEqual(
      all.map((one) => one.path),
      ["new.yaml", "p.rules", "zone.yaml"],
    );
  });

  test("the same name of another kind stays", () => {
    const merged = mergeFiles([ZONE], [file("new.yaml", app("zone", 1))]);
    assert.equal(compileSet(merged).timeZone, "UTC");
  });

  test("adding the same again changes nothing", () => {
    const once = mergeFiles(active, [file("new.yaml", app("a", 9))]);
    assert.deepEqual(mergeFiles(once, [file("new.yaml", app("a", 9))]), once);
  });

  test("what cannot be read replaces nothing and does not compile", () => {
    const merged = mergeFiles(active, [file("new.yaml", `${app("a", 9)}---\nkind: [\n`)]);
    assert.throws(() => compileSet(merged), { code: "manifest.invalid" });
  });

  test("a file twice in what is added is found by the compiler", () => {
    const twice = [file("p.rules", "ALLOW IF device.managed"), file("p.rules", "DENY IF device.managed")];
    assert.throws(() => compileSet(mergeFiles(active, twice)), /p\.rules is twice in the set/);
  });

  test("documents parted by ... and Windows line ends", () => {
    const odd = file("odd.yaml", `${app("a", 1)}...\n---\n${app("b", 2)}`.replaceAll("\n", "\r\n"));
    for (const name of ["a", "b"]) {
      const set = compileSet(mergeFiles([odd], [file("new.yaml", app(name, 9))]));
      assert.deepEqual(
        [...set.applications.values()].map((one) => one.upstream.slice(-1)).sort(),
        name === "a" ? ["2", "9"] : ["1", "9"],
      );
    }
  });
});
