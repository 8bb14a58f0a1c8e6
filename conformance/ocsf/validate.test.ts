import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Json } from "#kernel";
import { type Sample, samples } from "./samples.ts";
import { OCSF_FOLDER, type OcsfSchema, readSchema } from "./schema.ts";
import { type Finding, validateOcsf } from "./validate.ts";

type Members = { readonly [name: string]: Json };

const without = existsSync(OCSF_FOLDER)
  ? false
  : `the OCSF schema is not beside this checkout (${OCSF_FOLDER})`;

describe("OCSF 1.8.0", { skip: without }, () => {
  const schema: OcsfSchema = without === false ? readSchema(OCSF_FOLDER) : NOTHING;
  const findingsOf = (event: Json): readonly Finding[] => validateOcsf(event, schema);

  for (const { name, event } of samples()) {
    test(name, () => assert.deepEqual(findingsOf(event), []));
  }

  test("an event without one of its required attributes is found out, wherever it is", () => {
    let removed = 0;
    for (const { name, event } of samples()) {
      for (const path of requiredPaths(schema, event)) {
        const found = findingsOf(changed(event, path, undefined));
        const expected = path === "class_uid" ? "class" : "required";
        assert.ok(
          found.some((finding) => finding.path === path && finding.rule === expected),
          `${name}: ${path} is not missed`,
        );
        removed++;
      }
    }
    assert.ok(removed > 500, `${removed} attributes were tried`);
  });

  test("an attribute that the schema has not is found out, wherever it is", () => {
    for (const { name, event } of samples()) {
      for (const path of objectPaths(event)) {
        const at = path === "" ? "invented" : `${path}.invented`;
        assert.deepEqual(
          findingsOf(changed(event, at, 1)).map((finding) => [finding.path, finding.rule]),
          [[at, "unknown"]],
          name,
        );
      }
    }
  });

  test("a null or a value of another type is found out, wherever it is", () => {
    for (const { name, event } of samples()) {
      for (const path of leafPaths(event)) {
        for (const wrong of [null, { a: 1 }]) {
          const found = findingsOf(changed(event, path, wrong));
          assert.notDeepEqual(found, [], `${name}: ${path} = ${JSON.stringify(wrong)}`);
        }
      }
    }
  });

  const whole = sample("decision: deny, everything known");
  const mutations: readonly {
    readonly title: string;
    readonly path: string;
    readonly value: Json | undefined;
    readonly finding: readonly [path: string, rule: Finding["rule"]];
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
    test(`${title} is found out`, () => {
      const found = findingsOf(changed(of ?? whole.event, path, value));
      assert.ok(
        found.some((one) => one.path === finding[0] && one.rule === finding[1]),
        JSON.stringify(found),
      );
    });
  }

  test("what is no object is no event", () => {
    for (const wrong of [null, 1, "x", [], [whole.event]]) assert.notDeepEqual(findingsOf(wrong), []);
  });

  test("the run prints the failing cases and their number, and says so by its exit code", () => {
    const passed = run(["ocsf", OCSF_FOLDER]);
    assert.equal(passed.status, 0);
    const total = samples().length;
    assert.equal(passed.stdout.trim(), `ocsf: ${total} of ${total} passed`);
  });
});

test("a run without a suite, with one that there is not, or without its folder is refused", () => {
  for (const args of [[], ["ocsf"], ["nonsense", "."], ["ocsf", ".", "more"]]) {
    const { status, stderr } = run(args);
    assert.equal(status, 2, args.join(" "));
    assert.match(stderr, /^error: .*\nusage: .*\nsuites: ocsf\n$/s);
  }
  const { status, stderr } = run(["ocsf", tmpdir()]);
  assert.equal(status, 2);
  assert.match(stderr, /no OCSF schema/);
});

const NOTHING: OcsfSchema = {
  version: "",
  classes: {},
  objects: {},
  dictionary: { types: { attributes: {} } },
};

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

/** A copy with the attribute at `path` set, or taken away by `undefined`. */
function changed(event: Members, path: string, value: Json | undefined): Members {
  const [first = "", ...rest] = path.split(".");
  const { [first]: held, ...others } = event;
  if (rest.length === 0) return value === undefined ? others : { ...others, [first]: value };
  return { ...others, [first]: changed(isMembers(held) ? held : {}, rest.join("."), value) };
}

/** Paths of all objects of the schema in an event, outside of lists; our own part is not of the schema. */
function* objectPaths(members: Members, path = ""): Generator<string> {
  yield path;
  for (const [name, value] of Object.entries(members)) {
    const at = path === "" ? name : `${path}.${name}`;
    if (at !== "unmapped" && isMembers(value)) yield* objectPaths(value, at);
  }
}

function* leafPaths(members: Members, path = ""): Generator<string> {
  for (const [name, value] of Object.entries(members)) {
    const at = path === "" ? name : `${path}.${name}`;
    if (at === "unmapped") continue;
    if (isMembers(value)) yield* leafPaths(value, at);
    else yield at;
  }
}

/** Paths of what the schema requires and an event has. */
function* requiredPaths(schema: OcsfSchema, event: Members): Generator<string> {
  const shape = Object.values(schema.classes).find(({ uid }) => uid === event["class_uid"]);
  if (shape === undefined) throw new Error("no such class");
  const waiting = [{ shape, members: event, path: "" }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    for (const [name, value] of Object.entries(next.members)) {
      const attribute = next.shape.attributes[name];
      const path = next.path === "" ? name : `${next.path}.${name}`;
      if (attribute?.requirement === "required") yield path;
      const inner = schema.objects[attribute?.object_type ?? ""];
      if (inner !== undefined && isMembers(value)) waiting.push({ shape: inner, members: value, path });
    }
  }
}

function isMembers(value: Json | undefined): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
