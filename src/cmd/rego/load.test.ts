import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { PosternError } from "#kernel";
import { stringify } from "#rego";
import { loadPaths } from "./load.ts";

const folder = mkdtempSync(join(tmpdir(), "postern-load-"));
after(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string): void {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), text);
}

for (const [name, text] of Object.entries({
  "d/a.json": '{"a": 1, "big": 12345678901234567890}',
  "d/sub/b.yaml": "b: 2\ny: yes\n",
  "d/sub/deep/c.yml": "c: [3]\n",
  "d/.hidden/h.json": '{"h": 1}',
  "d/a b/s.json": '{"s": 1}',
  "d/readme.txt": "no policy",
  "d/sub/p.rego": "package p\n",
  "d2/again.json": '{"a": 1}',
  "bundle/.manifest": '{"roots": ["n"]}',
  "bundle/n/data.json": '{"one": 1}',
  "bundle/n/data.yaml": "two: 2\n",
  "bundle/n/other.json": '{"three": 3}',
  "bundle/n/p.rego": "package n.p\n",
  "bundle/n/p_test.rego": "package n.p_test\n",
  "more.json": '{"sub": {"z": 1}}',
  "clash.json": '{"sub": {"b": 3}}',
  "list.json": "[1]",
  "hostile.json": '{"__proto__": {"x": 1}, "constructor": 2}',
  "broken.json": '{"a"',
}))
  write(name, text);
symlinkSync("sub", join(folder, "d/link"));
symlinkSync("../more.json", join(folder, "d/linked.json"));

function load(...paths: readonly string[]): { readonly modules: readonly string[]; readonly data: string } {
  const { modules, data } = loadPaths(paths, folder);
  return { modules: Object.keys(modules), data: stringify(data.value) };
}

// What `opa eval -d … data` 1.22.2 says of the same files.
for (const [paths, data] of [
  [["d/a.json"], '{"a":1,"big":12345678901234567890}'],
  [["d/sub"], '{"b":2,"deep":{"c":[3]},"y":"yes"}'],
  [
    ["d"],
    '{".hidden":{"h":1},"a":1,"a b":{"s":1},"big":12345678901234567890,"sub":{"b":2,"deep":{"c":[3]},"y":"yes","z":1}}',
  ],
  [["x.y:d/sub/b.yaml"], '{"x":{"y":{"b":2,"y":"yes"}}}'],
  [["x:list.json"], '{"x":[1]}'],
  [[`file://${folder}/d/sub/deep`], '{"c":[3]}'],
  [["hostile.json"], '{"__proto__":{"x":1},"constructor":2}'],
] as const)
  test(`documents of ${paths.join(" ")}`, () => {
    assert.equal(load(...paths).data, data);
  });

test("a file that is named twice counts once", () => {
  assert.equal(load("d/a.json", "d/a.json").data, '{"a":1,"big":12345678901234567890}');
});

test("of a bundle only data.json and data.yaml are documents, and an archive is refused", () => {
  const { modules, data } = loadPaths([], folder, { bundles: ["bundle"] });
  assert.deepEqual(Object.keys(modules), ["bundle/n/p.rego", "bundle/n/p_test.rego"]);
  assert.equal(stringify(data.value), '{"n":{"one":1,"two":2}}');
  assert.throws(() => loadPaths([], folder, { bundles: ["more.json"] }), /not from an archive/);
});

test("names to ignore are those of files and folders, whole", () => {
  const names = (...ignore: readonly string[]): readonly string[] =>
    Object.keys(loadPaths(["bundle", "d"], folder, { ignore, documents: false }).modules);
  assert.deepEqual(names("*_test.rego"), ["bundle/n/p.rego", "d/sub/p.rego"]);
  assert.deepEqual(names("n", "su"), ["d/sub/p.rego"]);
  assert.deepEqual(names("?.rego"), ["bundle/n/p_test.rego"]);
  assert.deepEqual(names("p.reg", "(", "."), ["bundle/n/p.rego", "bundle/n/p_test.rego", "d/sub/p.rego"]);
});

test("modules are spoken of by the path that they were named by", () => {
  assert.deepEqual(load("d").modules, ["d/sub/p.rego"]);
  assert.deepEqual(load("./d/../d/sub/p.rego").modules, ["d/sub/p.rego"]);
  assert.deepEqual(loadPaths(["d"], folder, { documents: false }).data.value, {});
});

for (const [paths, code, pattern] of [
  [["nothing"], "not_found", /no such file/],
  [["broken.json"], "input.malformed", /broken\.json/],
  [["list.json"], "input.invalid", /is an object.*list\.json/],
  [["d/readme.txt"], "input.invalid", /readme\.txt/],
  [["d", "clash.json"], "conflict", /data\.sub\.b.*clash\.json, d\/sub\/b\.yaml/],
  [["d/a.json", "a:d/a.json", "x.a:d/a.json", "d2/again.json"], "conflict", /data\.a/],
] as const)
  test(`${paths.join(" ")} is refused`, () => {
    assert.throws(
      () => load(...paths),
      (error) =>
        error instanceof PosternError &&
        error.code === code &&
        pattern.test(`${error.message} (${error.details.where})`),
    );
  });
