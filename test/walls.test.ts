/**
 * The walls: which floor may stand on which, and that a room is entered by its door. The compiler holds the floors
 * (project references); this reader of every import holds the rooms. What is planted in `violations` shows that the
 * compiler, this reader and the linter each refuse what they are there for.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative, resolve, sep } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** Each floor, and the floors that it may stand on. */
const FLOORS: Readonly<Record<string, readonly string[]>> = {
  kernel: [],
  look: ["kernel"],
  decide: ["kernel"],
  link: ["kernel", "decide"],
  control: ["kernel", "look", "decide", "link"],
  enforce: ["kernel", "look", "decide", "link"],
  cmd: ["kernel", "look", "decide", "link", "control", "enforce"],
};

/** The floor where the parts are wired together is one room, without a door. */
const WIRING = "src/cmd";
/** Pages run in a browser: of other rooms they may know the types, and of the floors below the browser's look. */
const PAGES = "src/control/console/web";
/** What tests of every room may use: real databases, upstreams, authenticators. */
const HARNESS = "test/harness/";
/** The decision function is pure. */
const PURE = "src/decide";
/** Policies are compiled in a thread of their own, which is given text and answers with text: the two ends of that. */
const THREADED: ReadonlySet<string> = new Set([
  "src/decide/rego/compile-in-worker.ts",
  "src/decide/rego/compile-worker.ts",
]);
const INPUT_OUTPUT =
  /^node:(fs|net|tls|dgram|dns|http2?|https|child_process|cluster|worker_threads|sqlite|process|os|inspector)(\/|$)/;

interface Import {
  readonly target: string;
  readonly typeOnly: boolean;
}

/** Every module that a file names, in `import`, `export … from`, `import(…)` and `require(…)`. */
function importsOf(text: string): readonly Import[] {
  const found = text.matchAll(
    /(?:^|[^\w.$])(?:(?:import|export)\s+(?<type>type\s)?[\w\s{},*$"'-]*?\bfrom\s*|import\s*(?<dynamic>\()?\s*|require\s*\(\s*)(["'`])(?<target>[^"'`\n]+)\3/g,
  );
  return [...found].map(({ groups }) => ({
    target: groups?.["target"] ?? "",
    typeOnly: groups?.["type"] !== undefined,
  }));
}

/** Rooms by the name that they are imported by, such as `#view` → `src/enforce/view`. */
function roomsOf(root: string): ReadonlyMap<string, string> {
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    imports: Record<string, { development: string; default: string }>;
  };
  return new Map(
    Object.entries(manifest.imports).map(([name, target]) => [
      name,
      dirname(target.development).replace(/^\.\//, ""),
    ]),
  );
}

function sources(root: string, folder: string): readonly string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll(sep, "/"));
}

function floorOf(path: string): string {
  return path.split("/")[1] ?? "";
}

/** What breaks a wall in a source tree, one line each. */
function broken(root: string): readonly string[] {
  const rooms = roomsOf(root);
  const folders = [...rooms.values(), WIRING].sort((a, b) => b.length - a.length);
  const roomOf = (path: string): string | undefined =>
    folders.find((folder) => path.startsWith(`${folder}/`));
  const lines: string[] = [];

  for (const file of sources(root, "src")) {
    const room = roomOf(file);
    const floor = floorOf(file);
    const says = (what: string): unknown => lines.push(`${file}: ${what}`);
    if (room === undefined) says("is in no room");
    for (const { target, typeOnly } of importsOf(readFileSync(join(root, file), "utf8"))) {
      if (target.startsWith(".")) {
        const reached = relative(root, resolve(root, dirname(file), target)).replaceAll(sep, "/");
        const borrowed = file.endsWith(".test.ts") && reached.startsWith(HARNESS);
        if (roomOf(reached) !== room && !borrowed) says(`"${target}" leaves its room`);
      } else if (target.startsWith("#")) {
        const other = rooms.get(target);
        if (other === undefined) says(`"${target}" is no door`);
        else if (other === room && !file.endsWith(".test.ts")) says(`"${target}" is its own door`);
        else if (floorOf(other) !== floor && !FLOORS[floor]?.includes(floorOf(other))) {
          says(`${floor} may not stand on ${floorOf(other)} ("${target}")`);
        }
        if (file.startsWith(`${PAGES}/`) && !typeOnly && target !== "#look")
          says(`"${target}" would run in a browser`);
      } else if (target.startsWith("/") || target.startsWith("file:")) says(`"${target}" is a path`);
      else if (file.startsWith(`${PURE}/`) && !file.endsWith(".test.ts") && INPUT_OUTPUT.test(target)) {
        if (target !== "node:worker_threads" || !THREADED.has(file)) says(`"${target}" is input or output`);
      }
    }
  }
  for (const file of ["test", "bench", "conformance"].flatMap((folder) => sources(root, folder))) {
    for (const { target } of importsOf(readFileSync(join(root, file), "utf8"))) {
      const reached = relative(root, resolve(root, dirname(file), target)).replaceAll(sep, "/");
      if (target.startsWith(".") && reached.startsWith("src/"))
        lines.push(`${file}: "${target}" passes by the doors`);
    }
  }
  return lines.filter((line) => !line.startsWith("test/violations/"));
}

test("no import breaks a wall", () => {
  assert.deepEqual(broken(ROOT), []);
});

test("the reader sees every way to import", () => {
  const text = [
    'import { a } from "one";',
    'import type { b } from "two";',
    'import "three";',
    'export * from "four";',
    'const five = await import("five");',
    "import {\n  c,\n  d,\n} from 'six';",
    'const seven = require("seven");',
    'import e, * as f from "eight";',
    "await import(`nine`);",
    'type G = import("ten").G;',
    'export type { h } from "eleven";',
  ].join("\n");
  assert.deepEqual(
    importsOf(text).map(({ target }) => target),
    ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven"],
  );
  assert.deepEqual(
    importsOf(text)
      .filter(({ typeOnly }) => typeOnly)
      .map(({ target }) => target),
    ["two", "eleven"],
  );
});

test("time, chance and the environment are given to a room, never taken", () => {
  const taken: string[] = [];
  for (const file of sources(ROOT, "src")) {
    const given =
      file.startsWith("src/kernel/") || file.startsWith(`${WIRING}/`) || file.startsWith(`${PAGES}/`);
    if (given || file.endsWith(".test.ts")) continue;
    const lines = readFileSync(join(ROOT, file), "utf8").split("\n");
    lines.forEach((line, i) => {
      if (/\bDate\.now\(|\bMath\.random\(|\bprocess\.env\b|\bperformance\.now\(|\bnew Date\(\)/.test(line)) {
        taken.push(`${file}:${i + 1}: ${line.trim()}`);
      }
    });
  }
  assert.deepEqual(taken, []);
});

describe("a planted violation", () => {
  let tree: string;
  /** Lays the planted file over a copy of the sources; returns what takes it away. */
  function plant(name: string): () => void {
    const folder = join(ROOT, "test/violations", name);
    cpSync(folder, tree, { recursive: true });
    return () => {
      for (const file of sources(folder, "src")) rmSync(join(tree, file));
    };
  }
  function run(
    tool: string,
    ...args: readonly string[]
  ): { readonly status: number | null; readonly output: string } {
    const ran = spawnSync(process.execPath, [join(ROOT, "node_modules", tool), ...args], {
      cwd: tree,
      encoding: "utf8",
    });
    return { status: ran.status, output: ran.stdout + ran.stderr };
  }

  before(() => {
    tree = mkdtempSync(join(tmpdir(), "walls-"));
    for (const name of ["src", "package.json", "tsconfig.base.json", ".oxlintrc.json"]) {
      cpSync(join(ROOT, name), join(tree, name), { recursive: true });
    }
    for (const name of ["test", "bench", "conformance"]) mkdirSync(join(tree, name));
    symlinkSync(join(ROOT, "node_modules"), join(tree, "node_modules"));
  });
  after(() => rmSync(tree, { recursive: true, force: true }));

  test("of a floor's wall is refused by the compiler, and by the reader", () => {
    const remove = plant("floor");
    const compiled = run("typescript/bin/tsc", "-b", "src/enforce");
    assert.notEqual(compiled.status, 0);
    assert.match(compiled.output, /src\/enforce\/view\/planted\.ts.*TS6307|TS6307[\s\S]*planted\.ts/);
    assert.deepEqual(broken(tree), [
      'src/enforce/view/planted.ts: enforce may not stand on control ("#store")',
    ]);
    remove();
    assert.deepEqual(broken(tree), []);
  });

  for (const { name, says } of [
    { name: "room", says: ['src/control/secrets/planted.ts: "../store/store.ts" leaves its room'] },
    { name: "door", says: ['src/enforce/view/planted.ts: "../../link/client.ts" leaves its room'] },
    {
      name: "pure",
      says: [
        'src/decide/policy/planted.ts: "node:fs" is input or output',
        'src/decide/policy/planted.ts: decide may not stand on link ("#link")',
      ],
    },
  ]) {
    test(`of the wall "${name}" is refused by the reader`, () => {
      const remove = plant(name);
      assert.deepEqual(broken(tree), says);
      remove();
    });
  }

  test("of the promise rules is refused by the linter", () => {
    const args = ["--type-aware", "--deny-warnings", "src/kernel"];
    const clean = run("oxlint/bin/oxlint", ...args);
    assert.equal(clean.status, 0, clean.output);
    const remove = plant("promises");
    const linted = run("oxlint/bin/oxlint", ...args);
    assert.notEqual(linted.status, 0);
    assert.match(linted.output, /no-floating-promises/);
    assert.match(linted.output, /no-misused-promises/);
    remove();
  });
});
