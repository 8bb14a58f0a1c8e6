import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Json } from "#kernel";
import { type Sample, samples } from "./samples.ts";
import { type Attribute, loadSchema, OCSF_FOLDER, type OcsfSchema, type Shape } from "./schema.ts";
import { type Finding, validateOcsf } from "./validate.ts";

type Members = { readonly [name: string]: Json };

const without = existsSync(OCSF_FOLDER)
  ? false
  : `the OCSF schema is not beside this checkout (${OCSF_FOLDER})`;

describe("OCSF 1.8.0", () => {
  let loaded: OcsfSchema | undefined;
  const schema = (): OcsfSchema => {
    loaded ??= loadSchema(OCSF_FOLDER);
    return loaded;
  };
  // every test by itself, since the count of skipped tests does not look into a skipped suite
  const judged = (name: string, check: () => void): void => {
    test(name, { skip: without }, check);
  };
  const findingsOf = (event: Json): readonly Finding[] => validateOcsf(schema(), event);

  for (const { name, event } of samples()) {
    judged(name, () => assert.deepEqual(findingsOf(event), []));
  }

  judged("an event without one of its required attributes is found out, wherever it is", () => {
    let removed = 0;
    for (const { name, event } of samples()) {
      for (const { path, attribute } of attributesOf(schema(), event)) {
        if (attribute.requirement !== "required") continue;
        const code = path === "class_uid" ? "class" : "required";
        assert.ok(has(findingsOf(changed(event, path, undefined)), path, code), `${name}: ${path}`);
        removed++;
      }
    }
    assert.ok(removed > 500, `${removed} attributes were tried`);
  });

  judged("a value off its enumeration is found out, wherever it is", () => {
    let tried = 0;
    for (const { name, event } of samples()) {
      for (const { path, attribute } of attributesOf(schema(), event)) {
        if (attribute.enum === undefined) continue;
        const code = path === "class_uid" ? "class" : "enum";
        const off = attribute.type === "string_t" ? "off" : -7;
        assert.ok(has(findingsOf(changed(event, path, off)), path, code), `${name}: ${path}`);
        tried++;
      }
    }
    assert.ok(tried > 300, `${tried} values were tried`);
  });

  judged("an attribute that the schema has not is found out, wherever it is", () => {
    for (const { name, event } of samples()) {
      for (const { path, value } of [{ path: "", value: event }, ...valuesOf(event)]) {
        if (path === "unmapped" || !isMembers(value)) continue;
        const at = path === "" ? "invented" : `${path}.invented`;
        assert.deepEqual(
          findingsOf(changed(event, at, 1)).map((finding) => [finding.path, finding.code]),
          [[at, "unknown"]],
          name,
        );
      }
    }
  });

  judged("a null or a value of another type is found out, wherever it is", () => {
    for (const { name, event } of samples()) {
      for (const { path, value } of valuesOf(event)) {
        for (const wrong of [null, isMembers(value) ? 1 : { a: 1 }]) {
          const found = findingsOf(changed(event, path, wrong));
          assert.ok(
            found.some((finding) => path.startsWith(finding.path) || finding.path.startsWith(path)),
            `${name}: ${path} = ${JSON.stringify(wrong)}`,
          );
        }
      }
    }
  });

  const whole = sample("decision: deny, everything known");
  const mutations: readonly {
    readonly title: string;
    readonly path: string;
    readonly value: Json | undefined;
    readonly finding: readonly [path: string, rule: Finding["code"]];
    readonly of?: Members;
  }[] = [
    { title: "an unknown class", path: "class_uid", value: 4999, finding: ["class_uid", "class"] },
    {
      title: "a type that is not class and activity",
      path: "type_uid",
      value: 400203,
      finding: ["type_uid", "type_uid"],
    },
    {
      title: "a category that is not the class's",
      path: "category_uid",
      value: 6,
      finding: ["category_uid", "enum"],
    },
    {
      title: "another version of the schema",
      path: "metadata.version",
      value: "1.7.0",
      finding: ["metadata.version", "version"],
    },
    {
      title: "a value that is not of its enumeration",
      path: "severity_id",
      value: 42,
      finding: ["severity_id", "enum"],
    },
    {
      title: "a method that is not of its enumeration",
      path: "http_request.http_method",
      value: "BREW",
      finding: ["http_request.http_method", "enum"],
    },
    {
      title: "a caption that says something else",
      path: "status",
      value: "Success",
      finding: ["status", "sibling"],
    },
    {
      title: "99 without saying what",
      path: "disposition_id",
      value: 99,
      finding: ["disposition", "sibling"],
    },
    {
      title: "attributes of a profile that is not named",
      path: "metadata.profiles",
      value: ["host"],
      finding: ["action_id", "profile"],
    },
    {
      title: "no profiles at all",
      path: "metadata.profiles",
      value: undefined,
      finding: ["actor", "profile"],
    },
    {
      title: "a profile that is not of the class",
      path: "metadata.profiles",
      value: ["host", "security_control", "ai_operation"],
      finding: ["metadata.profiles", "profile"],
    },
    {
      title: "what a named profile requires",
      path: "metadata.profiles",
      value: ["host", "security_control", "cloud"],
      finding: ["cloud", "required"],
    },
    {
      title: "none of the attributes of which one is needed",
      path: "firewall_rule",
      value: {},
      finding: ["firewall_rule", "constraint"],
    },
    {
      title: "none of them at the event itself",
      path: "http_request",
      value: undefined,
      finding: ["", "constraint"],
      of: withoutAnswer(),
    },
    {
      title: "a deprecated attribute",
      path: "actor.invoked_by",
      value: "x",
      finding: ["actor.invoked_by", "deprecated"],
    },
    {
      title: "an address that is none",
      path: "src_endpoint.ip",
      value: "192.0.2.400",
      finding: ["src_endpoint.ip", "type"],
    },
    {
      title: "an address that is too long",
      path: "src_endpoint.ip",
      value: ` ${"0000:".repeat(7)}0000 `,
      finding: ["src_endpoint.ip", "type"],
    },
    {
      title: "a port beyond the last",
      path: "src_endpoint.port",
      value: 65_536,
      finding: ["src_endpoint.port", "type"],
    },
    { title: "a time with a fraction", path: "time", value: 1.5, finding: ["time", "type"] },
    { title: "a time that a double does not hold", path: "time", value: 2 ** 53, finding: ["time", "type"] },
    { title: "half of a surrogate pair", path: "message", value: "\ud800", finding: ["message", "type"] },
    {
      title: "a mail address of another form",
      path: "actor.user.email_addr",
      value: "ada",
      finding: ["actor.user.email_addr", "type"],
    },
    {
      title: "one where a list belongs",
      path: "actor.user.groups",
      value: { name: "sre" },
      finding: ["actor.user.groups", "type"],
    },
    { title: "a list where one belongs", path: "policy", value: [], finding: ["policy", "type"] },
    {
      title: "a wrong one in a list",
      path: "actor.user.groups",
      value: [{ name: "sre" }, { name: 7 }],
      finding: ["actor.user.groups[1].name", "type"],
    },
    {
      title: "an attribute of every object in JavaScript",
      path: "constructor",
      value: 1,
      finding: ["constructor", "unknown"],
    },
    {
      title: "an unmapped part that is no object",
      path: "unmapped",
      value: "x",
      finding: ["unmapped", "type"],
    },
  ];
  for (const { title, path, value, finding, of } of mutations) {
    judged(`${title} is found out`, () => {
      const found = findingsOf(changed(of ?? whole.event, path, value));
      assert.ok(has(found, ...finding), JSON.stringify(found));
    });
  }

  judged("of two attributes of which just one may stand, none and both are found out", () => {
    const session: Members = {
      class_uid: 3003,
      category_uid: 3,
      activity_id: 1,
      type_uid: 300301,
      severity_id: 1,
      time: 1_790_000_000_123,
      metadata: { version: "1.8.0", product: { name: "Postern", vendor_name: "Postern" } },
      user: { name: "ada" },
    };
    const [privileges, group] = [{ privileges: ["debug"] }, { group: { name: "sre" } }];
    for (const one of [privileges, group]) assert.deepEqual(findingsOf({ ...session, ...one }), []);
    for (const wrong of [session, { ...session, ...privileges, ...group }])
      assert.deepEqual(
        findingsOf(wrong).map(({ path, code }) => [path, code]),
        [["", "constraint"]],
      );
  });

  judged("what is no object is no event", () => {
    for (const wrong of [null, 1, "x", [], [whole.event]]) assert.notDeepEqual(findingsOf(wrong), []);
  });

  judged("the run prints the failing cases and their number, and says so by its exit code", () => {
    const passed = run(["ocsf", OCSF_FOLDER]);
    assert.equal(passed.status, 0);
    const total = samples().length;
    assert.equal(passed.stdout.trim(), `ocsf: ${total} of ${total} passed`);
    const folder = mkdtempSync(join(tmpdir(), "conformance-"));
    try {
      const file = "schema_v1.8.0.json";
      const whole = readFileSync(join(OCSF_FOLDER, file), "utf8");
      const narrowed = whole.replace(/"caption": ?"Challenge"/g, '"caption":"Renamed"');
      assert.notEqual(narrowed, whole);
      writeFileSync(join(folder, file), narrowed);
      const { status, stdout } = run(["ocsf", folder]);
      assert.equal(status, 1);
      assert.match(stdout, /^✕ decision: step_up, everything known\n {4}disposition: sibling: /m);
      const failing = stdout.match(/^✕/gm)?.length ?? 0;
      assert.ok(stdout.endsWith(`\nocsf: ${total - failing} of ${total} passed\n`), stdout);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

test("a run without a suite, with one that there is not, or without its folder is refused", () => {
  for (const args of [[], ["ocsf"], ["nonsense", "."], ["ocsf", ".", "more"]]) {
    const { status, stderr } = run(args);
    assert.equal(status, 2, args.join(" "));
    assert.match(stderr, /^error: .+\n {2}suites: ocsf, rego\n {2}try: npm run conformance -- ocsf \S+\n$/);
  }
  const empty = mkdtempSync(join(tmpdir(), "conformance-"));
  try {
    for (const folder of [empty, join(empty, "absent")]) {
      const { status, stderr } = run(["ocsf", folder]);
      assert.equal(status, 2);
      assert.ok(stderr.startsWith(`error: no OCSF schema (schema_v1.8.0.json) here (${folder})\n`), stderr);
    }
    writeFileSync(join(empty, "schema_v1.8.0.json"), '{"version":"1.7.0"}');
    const { status, stderr } = run(["ocsf", empty]);
    assert.equal(status, 2);
    assert.match(stderr, /^error: not the compiled OCSF 1\.8\.0 schema/);
  } finally {
    rmSync(empty, { recursive: true });
  }
});

function run(args: readonly string[]): { status: number | null; stdout: string; stderr: string } {
  const program = fileURLToPath(new URL("../run.ts", import.meta.url));
  return spawnSync(process.execPath, ["--conditions=development", program, ...args], { encoding: "utf8" });
}

function sample(name: string): Sample {
  const found = samples().find((one) => one.name === name);
  if (found === undefined) throw new Error(`no sample ${name}`);
  return found;
}

/** An event of HTTP Activity that has its request alone. */
function withoutAnswer(): Members {
  return sample("decision: allow, nothing known").event;
}

function has(findings: readonly Finding[], path: string, code: Finding["code"]): boolean {
  return findings.some((finding) => finding.path === path && finding.code === code);
}

/** A copy with what stands at `path`, such as `a.b[0].c`, set, or taken away by `undefined`. */
function changed(event: Json, path: string, value: Json | undefined): Json {
  const [first = "", ...rest] = path.replaceAll("]", "").split(/[.[]/);
  const inner = (held: Json | undefined): Json | undefined =>
    rest.length === 0 ? value : changed(held ?? {}, rest.join("."), value);
  if (isList(event)) return event.map((item, at) => (String(at) === first ? (inner(item) ?? null) : item));
  const { [first]: held, ...others } = isMembers(event) ? event : {};
  const made = inner(held);
  return made === undefined ? others : { ...others, [first]: made };
}

/** All that an event holds, lists and objects and what is in them; what is in our own part is not of the schema. */
function* valuesOf(held: Json, path = ""): Generator<{ readonly path: string; readonly value: Json }> {
  const inside: readonly (readonly [string, Json])[] = isList(held)
    ? held.map((item, at) => [`${path}[${at}]`, item] as const)
    : Object.entries(isMembers(held) ? held : {}).map(([name, value]) => [
        path === "" ? name : `${path}.${name}`,
        value,
      ]);
  for (const [at, value] of inside) {
    yield { path: at, value };
    if (at !== "unmapped") yield* valuesOf(value, at);
  }
}

/** What the schema says of each attribute that an event has. */
function* attributesOf(
  schema: OcsfSchema,
  event: Members,
): Generator<{ readonly path: string; readonly attribute: Attribute }> {
  const shape = Object.values(schema.classes).find(({ uid }) => uid === event["class_uid"]);
  assert.ok(shape !== undefined);
  const shapes = new Map<string, Shape>([["", shape]]);
  for (const { path } of valuesOf(event)) {
    const cut = path.lastIndexOf(".");
    const name = path.slice(cut + 1);
    const attribute = shapes.get(path.slice(0, Math.max(cut, 0)))?.attributes[name.replace(/\[\d+\]$/, "")];
    if (attribute === undefined) continue;
    const inner = schema.objects[attribute.object_type ?? ""];
    if (inner !== undefined) shapes.set(path, inner);
    if (!name.endsWith("]")) yield { path, attribute };
  }
}

function isMembers(value: Json | undefined): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
