import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseJson } from "#kernel";
import { ADA } from "../cases/inputs.ts";
import { checkInput } from "./check-input.ts";
import { inputFromJson, inputToJson } from "./input-json.ts";
import { FACTS } from "./table.ts";

function refuses(candidate: unknown, where: string): void {
  assert.throws(() => checkInput(candidate), { code: "input.invalid", details: { where } });
}

describe("checkInput", () => {
  test("takes every fact of the table", () => {
    assert.equal(checkInput(ADA), ADA);
    const named = new Set(
      FACTS.filter((fact) => fact.derived !== true && fact.read(ADA, undefined) !== undefined).map(
        (fact) => fact.name,
      ),
    );
    const missing = FACTS.filter((fact) => fact.derived !== true && !named.has(fact.name)).map(
      (fact) => fact.name,
    );
    assert.deepEqual(
      missing,
      ["service.identity", "service.name", "resource.labels.NAME"],
      "ADA has all others",
    );
  });

  test("takes the least that a decision needs", () => {
    checkInput({
      type: "service",
      action: "connect",
      resource: { name: "n", kind: "application", classification: "public" },
      time: { now_ns: 1n },
    });
  });

  test("refuses what is no fact, at any depth", () => {
    refuses({ ...ADA, extra: 1 }, "extra");
    refuses({ ...ADA, device: { ...ADA.device, trusted: true } }, "device.trusted");
    refuses({ ...ADA, time: { ...ADA.time, hour: 12 } }, "time.hour");
    refuses(parseJson('{"__proto__":{"type":"user"},"type":"user"}', "x"), "__proto__");
    refuses(
      { ...ADA, resource: { ...ADA.resource, labels: parseJson('{"__proto__":"x"}', "x") } },
      'resource.labels "__proto__"',
    );
  });

  test("refuses what is missing", () => {
    const { action: _action, ...noAction } = ADA;
    refuses(noAction, "action");
    const { classification: _classification, ...unclassified } = ADA.resource;
    refuses({ ...ADA, resource: unclassified }, "resource.classification");
    refuses({ ...ADA, time: {} }, "time.now_ns");
    refuses({ ...ADA, user: { name: "ada" } }, "user.id");
    refuses({ ...ADA, session: {} }, "session.id");
  });

  test("refuses wrong types, null, NaN and values that a fact never has", () => {
    refuses({ ...ADA, user: { ...ADA.user, role: null } }, "user.role");
    refuses({ ...ADA, user: { ...ADA.user, mfa_age_hours: Number.NaN } }, "user.mfa_age_hours");
    refuses({ ...ADA, user: { ...ADA.user, mfa_age_hours: "1" } }, "user.mfa_age_hours");
    refuses({ ...ADA, user: { ...ADA.user, groups: ["a", 4] } }, "user.groups");
    refuses({ ...ADA, user: { ...ADA.user, approval_expiry_ns: 2 ** 60 } }, "user.approval_expiry_ns");
    refuses({ ...ADA, time: { now_ns: 5 } }, "time.now_ns");
    refuses({ ...ADA, device: { compliance_score: 101 } }, "device.compliance_score");
    refuses({ ...ADA, resource: { ...ADA.resource, classification: "secret" } }, "resource.classification");
    refuses({ ...ADA, resource: { ...ADA.resource, kind: "x" } }, "resource.kind");
    for (const none of [null, undefined, [], "x", new Map(), new Date()]) refuses(none, "the input");
  });

  test("refuses a subject that is somebody else", () => {
    refuses({ ...ADA, subject: { ...ADA.subject, role: "administrator" } }, "subject.role");
    refuses({ ...ADA, subject: { ...ADA.subject, id: "owner" } }, "subject.id");
    refuses({ ...ADA, subject: { type: "service", id: "s" } }, "subject.type");
  });
});

describe("an input as JSON", () => {
  test("comes back exactly, to the last nanosecond", () => {
    const text = JSON.stringify(inputToJson(ADA));
    assert.match(text, /"now_ns":"1795413000000000000"/);
    assert.match(text, /"approval_expiry_ns":"1795413000000000001"/);
    assert.deepEqual(inputFromJson(parseJson(text, "x")), ADA);
  });

  test("small nanoseconds are numbers", () => {
    const json = inputToJson({ ...ADA, time: { now_ns: 5n } });
    assert.match(JSON.stringify(json), /"now_ns":5[,}]/);
    assert.deepEqual(inputFromJson(json).time, { now_ns: 5n });
  });

  test("is refused when it is none", () => {
    for (const now_ns of ["", "1e3", "0x5", " 5", "99999999999999999999", 1.5, 2 ** 53, null, true]) {
      assert.throws(
        () => inputFromJson({ ...(inputToJson(ADA) as object), time: { now_ns } }),
        { code: "input.invalid" },
        String(now_ns),
      );
    }
    assert.throws(() => inputFromJson(null), { code: "input.invalid" });
  });
});
