/**
 * Reads Prometheus text as strictly as its format is written
 * (https://github.com/prometheus/docs/blob/main/docs/instrumenting/exposition_formats.md), for tests of what we serve.
 */
import assert from "node:assert/strict";
import { test } from "node:test";

export interface Family {
  readonly type: string;
  readonly help: string;
  readonly samples: ReadonlyMap<string, number>;
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const TYPES = ["counter", "gauge", "histogram", "summary", "untyped"];

/** Parses a whole exposition. @throws Error that names the line which breaks a rule */
export function parseExposition(text: string): Map<string, Family> {
  if (!text.endsWith("\n")) throw new Error("the last line does not end with a line feed");
  const families = new Map<string, { type: string; help: string; samples: Map<string, number> }>();
  const ended = new Set<string>();
  let current = "";
  for (const line of text.slice(0, -1).split("\n")) {
    if (line === "") continue;
    const fail = (why: string): Error => new Error(`${why}: ${line}`);
    const [, keyword, subject = "", rest = ""] = /^# (HELP|TYPE) (\S+) ?(.*)$/.exec(line) ?? [];
    if (line.startsWith("#") && keyword === undefined) continue;
    const sample = keyword === undefined ? parseSample(line) : undefined;
    const name = sample === undefined ? subject : familyOf(sample.name, families);
    if (!NAME.test(name)) throw fail("no name of a metric");
    if (name !== current) {
      if (current !== "") ended.add(current);
      if (ended.has(name)) throw fail("lines of one metric are not together");
      current = name;
    }
    const family = families.get(name) ?? { type: "", help: "", samples: new Map<string, number>() };
    families.set(name, family);
    if (keyword === "HELP") {
      if (family.help !== "") throw fail("a second HELP");
      if (/\\(?![\\n])/.test(rest)) throw fail("an escape in HELP that there is not");
      family.help = rest;
    } else if (keyword === "TYPE") {
      if (family.type !== "") throw fail("a second TYPE");
      if (family.samples.size > 0) throw fail("TYPE after the first sample");
      if (!TYPES.includes(rest)) throw fail("no type");
      family.type = rest;
    } else if (sample !== undefined) {
      if (family.samples.has(sample.series)) throw fail("the same series twice");
      family.samples.set(sample.series, sample.value);
    }
  }
  for (const [name, { type, help, samples }] of families) {
    if (type === "" || help === "") throw new Error(`${name} lacks TYPE or HELP`);
    if (samples.size === 0) throw new Error(`${name} has no sample`);
    if (type === "counter" && !name.endsWith("_total")) throw new Error(`the counter ${name} is no _total`);
    if (type === "counter" && [...samples.values()].some((value) => !(value >= 0)))
      throw new Error(`the counter ${name} is negative`);
  }
  return families;
}

function familyOf(name: string, families: ReadonlyMap<string, { readonly type: string }>): string {
  const base = name.replace(/_(bucket|sum|count)$/, "");
  return families.get(base)?.type === "histogram" ? base : name;
}

function parseSample(line: string): { name: string; series: string; value: number } {
  const name = /^[^\s{]+/.exec(line)?.[0] ?? "";
  let at = name.length;
  const labels = new Map<string, string>();
  if (line[at] === "{") {
    at += 1;
    while (line[at] !== "}") {
      const label = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\["\\n])*)"(,?)/.exec(line.slice(at));
      if (label === null) throw new Error(`no label at ${at}: ${line}`);
      const [whole, key = "", value = "", comma] = label;
      if (labels.has(key)) throw new Error(`the label ${key} twice: ${line}`);
      labels.set(key, value);
      at += whole.length;
      if (comma === "" && line[at] !== "}") throw new Error(`labels without a comma: ${line}`);
    }
    at += 1;
  }
  const [, number = ""] = /^ (\S+)(?: -?\d+)?$/.exec(line.slice(at)) ?? [];
  const value = number === "+Inf" ? Infinity : number === "-Inf" ? -Infinity : Number(number);
  if (number === "" || (Number.isNaN(value) && number !== "NaN")) throw new Error(`no value: ${line}`);
  const sorted = [...labels].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, text]) => `${key}="${text}"`);
  return { name, series: `${name}{${sorted.join(",")}}`, value };
}

test("the reader of the exposition format refuses what breaks it", () => {
  const good = '# HELP a_total What.\n# TYPE a_total counter\na_total{b="x\\"\\\\\\n"} 1\n';
  assert.equal(parseExposition(good).get("a_total")?.samples.size, 1);
  const broken: readonly (readonly [string, string])[] = [
    ["no line feed", good.slice(0, -1)],
    ["the same series twice", `${good}a_total{b="x\\"\\\\\\n"} 2\n`],
    ["a second TYPE", `# TYPE a gauge\n# TYPE a gauge\n`],
    ["a second HELP", `# HELP a x\n# HELP a x\n`],
    ["without TYPE", "# HELP a x\na 1\n"],
    ["without HELP", "# TYPE a gauge\na 1\n"],
    ["apart", `${good}# HELP b x\n# TYPE b gauge\nb 1\na_total 3\n`],
    ["a raw quote", '# HELP a x\n# TYPE a gauge\na{b="c"d"} 1\n'],
    ["a raw backslash", '# HELP a x\n# TYPE a gauge\na{b="c\\d"} 1\n'],
    ["a dot in a name", "# HELP a.b x\n# TYPE a.b gauge\na.b 1\n"],
    ["a counter without _total", "# HELP a x\n# TYPE a counter\na 1\n"],
    ["no number", "# HELP a x\n# TYPE a gauge\na one\n"],
    ["an unknown type", "# HELP a x\n# TYPE a meter\na 1\n"],
  ];
  for (const [what, text] of broken) assert.throws(() => parseExposition(text), Error, what);
});
