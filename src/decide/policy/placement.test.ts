import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Diagnostic, PosternError } from "#kernel";
import { ZONE } from "./cases/inputs.ts";
import { compileSet } from "./compile-set.ts";
import { filledFile, isCut } from "./parts.ts";
import { isOn, readPlacement } from "./placement.ts";
import type { PolicyFile, SourceFile } from "./types.ts";

const application = (name: string, gateways?: readonly string[]): string => `apiVersion: postern.dev/v1
kind: Application
metadata: { name: ${name} }
spec:
  upstream: http://localhost:3000
  classification: internal
  description: "the secret of ${name}"
${gateways === undefined ? "" : `  gateways: [${gateways.join(", ")}]\n`}`;

const RULES: SourceFile = { path: "z.rules", text: '\n# name: all\nALLOW IF subject.type == "user"\n' };

function diagnosticsOf(files: readonly PolicyFile[]): readonly Diagnostic[] {
  try {
    return compileSet(files).warnings;
  } catch (error) {
    if (error instanceof PosternError) return error.details.diagnostics ?? [];
    throw error;
  }
}

/** A repeatable source of numbers below `most`. */
function dice(seed: number): (most: number) => number {
  let state = seed;
  return (most) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((state / 2 ** 32) * most);
  };
}

describe("a set cut for a gateway", () => {
  const files: readonly SourceFile[] = [
    ZONE,
    RULES,
    {
      path: "apps.yaml",
      text: [
        application("wiki"),
        application("berlin-plans", ["berlin"]),
        `# ---\n${application("paris-plans", ["paris", "lyon"])}`,
        application("notes", ["berlin", "paris"]).trimEnd(),
      ].join("---\n"),
    },
  ];
  const whole = compileSet(files);

  test("has its version, and the applications of that gateway where they stand in the whole", () => {
    for (const gateway of ["berlin", "paris", "lyon", "local"]) {
      const set = compileSet(readPlacement(files).cut(gateway));
      assert.equal(set.version, whole.version);
      const own = [...whole.applications].filter(([, one]) => isOn(one, gateway));
      assert.deepEqual([...set.applications], own);
      assert.deepEqual(set.rules, whole.rules);
      assert.equal(set.timeZone, whole.timeZone);
    }
  });

  test("says nothing of other applications", () => {
    const cut = JSON.stringify(readPlacement(files).cut("local"));
    assert.match(cut, /the secret of wiki/);
    assert.doesNotMatch(cut, /plans|notes|berlin|paris/);
  });

  test("leaves files alone that hold nothing of other gateways", () => {
    assert.equal(readPlacement(files).cut("berlin")[0], files[0]);
    assert.ok(
      readPlacement([ZONE, RULES])
        .cut("berlin")
        .every((file) => !isCut(file)),
    );
  });

  test("is of another version once anything in it is altered", () => {
    const cut = readPlacement(files).cut("berlin");
    const at = cut.findIndex(isCut);
    const file = cut[at];
    assert.ok(file !== undefined && isCut(file));
    for (const [index, part] of file.parts.entries()) {
      const altered =
        "text" in part ? { text: `${part.text}\n# more\n` } : { ...part, lines: part.lines + 1 };
      const parts = file.parts.with(index, altered);
      const other: readonly PolicyFile[] = cut.with(at, { path: file.path, parts });
      assert.notEqual(compileSet(other).version, whole.version);
    }
  });

  test("cannot lack rules, or more than a file can hold", () => {
    const name = { sha256: "0".repeat(64), lines: 3 };
    assert.throws(() => compileSet([{ path: "z.rules", parts: [name] }]), { code: "policy.invalid" });
    for (const lines of [-1, 1.5, Number.NaN, 2 ** 40])
      assert.throws(() => compileSet([{ path: "a.yaml", parts: [{ ...name, lines }] }]), {
        code: "policy.invalid",
      });
  });

  test("finds an error on the line where it stands in the whole", () => {
    const spoil = (text: string): string =>
      text.replace(/(?<=metadata: { name: notes }[\s\S]*)internal/, "secret");
    const spoilt = readPlacement(files)
      .cut("berlin")
      .map((file) =>
        isCut(file)
          ? { ...file, parts: file.parts.map((part) => ("text" in part ? { text: spoil(part.text) } : part)) }
          : file,
      );
    assert.ok(spoilt.some((file) => isCut(file) && file.parts.some((part) => !("text" in part))));
    const inWhole = diagnosticsOf(files.map(({ path, text }) => ({ path, text: spoil(text) })));
    assert.equal(inWhole.length, 1);
    assert.deepEqual(diagnosticsOf(spoilt), inWhole);
  });
});

test("any set, cut for any gateway, is the whole without what is elsewhere", () => {
  const gateways = ["a", "b", "c"];
  for (let seed = 1; seed <= 60; seed++) {
    const roll = dice(seed);
    const ends = ["\n", "\r\n"][roll(2)] ?? "\n";
    const made = Array.from({ length: 1 + roll(3) }, (_, index): SourceFile => {
      const documents = Array.from({ length: roll(5) }, (_, at) => {
        const on = gateways.filter(() => roll(2) === 0);
        return `---${[" # begins", "", "\t"][roll(3)]}\n${"\n".repeat(roll(3))}${application(`app-${index}-${at}`, on.length === 0 ? undefined : on)}${roll(4) === 0 ? "...\n" : ""}`;
      });
      return { path: `f${index}.yaml`, text: `# ${seed}\n${documents.join("")}`.replaceAll("\n", ends) };
    });
    const whole = compileSet(made);
    for (const gateway of gateways) {
      const cut = readPlacement(made).cut(gateway);
      const set = compileSet(cut);
      assert.equal(set.version, whole.version, `seed ${seed}`);
      assert.deepEqual(
        [...set.applications],
        [...whole.applications].filter(([, one]) => isOn(one, gateway)),
        `seed ${seed}`,
      );
      for (const [index, file] of cut.entries()) {
        const before = made[index]?.text.split("\n") ?? [];
        const after = filledFile(file).text.split("\n");
        assert.equal(after.length, before.length);
        assert.ok(after.every((line, at) => line === "" || line === before[at]));
      }
    }
  }
});
