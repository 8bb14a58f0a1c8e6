import assert from "node:assert/strict";
import { test } from "node:test";
import type { Json } from "#kernel";
import { type Decision, type Effect, type Input, inputFromJson } from "#policy";
import {
  administrationEvent,
  completionEvent,
  componentEvent,
  type DecisionRecord,
  decisionEvent,
  type EventOrigin,
  type LoginRecord,
  loginEvent,
} from "./index.ts";

const ORIGIN: EventOrigin = { role: "gateway", name: "local", version: "0.1.0" };
const TIME = 1_790_000_000_123;

const INPUT: Input = inputFromJson({
  type: "user",
  user: { id: "user_1", name: "ada", approval_expiry_ns: "9223372036854775807" },
  session: { id: "session_1" },
  action: "read",
  resource: { name: "payroll", kind: "application", classification: "restricted" },
  time: { now_ns: "1790000000123456789" },
});

function decided(effect: Effect): Decision {
  return {
    id: "dec_1",
    effect,
    version: "ab".repeat(32),
    rules: [{ rule: "office-hours", source: "team.rules:4" }],
    reasons: [{ rule: "office-hours", source: "team.rules:4", message: "Nobody reads payroll at night" }],
    obligations: { log: "full" },
  };
}

function decision(effect: Effect, rest: Partial<DecisionRecord> = {}): Json {
  const http = { method: "GET", url: "http://payroll.postern.localhost:7400/a?b=c" };
  return decisionEvent(ORIGIN, {
    time: TIME,
    decision: decided(effect),
    input: INPUT,
    source: {},
    http,
    ...rest,
  });
}

/** What stands at a path of an event, as it is read back from its JSON text. */
function at(event: Json, path: string): unknown {
  let held: unknown = JSON.parse(JSON.stringify(event));
  for (const name of path.split("."))
    held =
      typeof held === "object" && held !== null
        ? Object.entries(held).find(([key]) => key === name)?.[1]
        : undefined;
  return held;
}

test("the input comes back from the written event exactly, nanoseconds included", () => {
  const written = at(decision("deny"), "unmapped.postern.input");
  assert.equal(at(decision("deny"), "unmapped.postern.input.time.now_ns"), "1790000000123456789");
  assert.deepEqual(inputFromJson(written), INPUT);
});

test("the whole decision is kept, under its id", () => {
  const event = decision("deny");
  assert.deepEqual(at(event, "unmapped.postern.decision"), decided("deny"));
  assert.equal(at(event, "metadata.uid"), "dec_1");
  assert.equal(at(event, "metadata.correlation_uid"), "dec_1");
  assert.equal(at(event, "message"), "ada may not read payroll: Nobody reads payroll at night");
});

test("only an allow is a success that was allowed", () => {
  const outcome = (effect: Effect): readonly unknown[] =>
    ["status", "action", "disposition"].map((name) => at(decision(effect), name));
  assert.deepEqual(outcome("allow"), ["Success", "Allowed", "Allowed"]);
  assert.deepEqual(outcome("deny"), ["Failure", "Denied", "Blocked"]);
  assert.deepEqual(outcome("step_up"), ["Failure", "Denied", "Challenge"]);
});

test("a method is its activity; one that OCSF does not name is Other by its own name, in its own case", () => {
  const activity = (method: string): readonly unknown[] => {
    const event = decision("allow", { http: { method, url: "http://wiki.postern.localhost/" } });
    return ["activity_id", "activity_name", "type_uid", "http_request.http_method"].map((name) =>
      at(event, name),
    );
  };
  assert.deepEqual(activity("GET"), [3, undefined, 400_203, "GET"]);
  assert.deepEqual(activity("PATCH"), [9, undefined, 400_209, "PATCH"]);
  for (const method of ["PROPFIND", "get", "constructor"])
    assert.deepEqual(activity(method), [99, method, 400_299, undefined]);
});

test("an act at control is an API call by the name of the act", () => {
  const event = decisionEvent(ORIGIN, {
    time: TIME,
    decision: decided("allow"),
    input: { ...INPUT, action: "policy.apply" },
    source: {},
  });
  assert.equal(at(event, "class_uid"), 6003);
  assert.equal(at(event, "api.operation"), "policy.apply");
  assert.equal(at(event, "http_request"), undefined);
});

test("the target stays as the client wrote it, also where it is no address", () => {
  const event = decision("deny");
  assert.equal(at(event, "http_request.url.url_string"), "http://payroll.postern.localhost:7400/a?b=c");
  assert.equal(at(event, "http_request.url.port"), 7400);
  assert.equal(at(event, "http_request.url.query_string"), "b=c");
  const odd = decision("deny", { http: { method: "OPTIONS", url: "*" } });
  assert.deepEqual(at(odd, "http_request.url"), { url_string: "*" });
});

test("an address that is no OCSF mail address stands in the input alone", () => {
  const mailed = (email: string): Json =>
    decision("allow", { input: { ...INPUT, user: { id: "user_1", name: "ada", email } } });
  assert.equal(at(mailed("ada@example.org"), "actor.user.email_addr"), "ada@example.org");
  for (const email of ["ada@localhost", "ada", "a b@example.org", "ada@example.org\n"]) {
    assert.equal(at(mailed(email), "actor.user.email_addr"), undefined, email);
    assert.equal(at(mailed(email), "unmapped.postern.input.user.email"), email);
  }
});

test("a completion is tied to its decision, and fails when it ended early or the application failed", () => {
  const completed = (status: number, ended?: string): Json =>
    completionEvent(ORIGIN, {
      time: TIME,
      decision: "dec_1",
      application: "wiki",
      source: {},
      http: { method: "GET", url: "http://wiki.postern.localhost/", status },
      durationMs: 12.6,
      bytesIn: 3,
      bytesOut: 4,
      ...(ended === undefined ? {} : { ended }),
    });
  assert.equal(at(completed(200), "metadata.correlation_uid"), "dec_1");
  assert.equal(at(completed(200), "start_time"), Math.round(TIME - 12.6));
  assert.equal(at(completed(200), "traffic.bytes"), 7);
  assert.equal(at(completed(404), "status"), "Success");
  assert.equal(at(completed(502), "status"), "Failure");
  assert.equal(at(completed(200, "session-ended"), "status"), "Failure");
});

test("a failed login proves no factor, names its reason, and is somebody unknown", () => {
  const login = (rest: Partial<LoginRecord>): Json =>
    loginEvent(ORIGIN, { time: TIME, act: "sign-in", outcome: "success", source: {}, ...rest });
  const failed = login({ outcome: "failure", reason: "passkey.refused", amr: ["mfa"] });
  for (const name of ["is_mfa", "auth_factors"]) assert.equal(at(failed, name), undefined);
  assert.equal(at(failed, "status_code"), "passkey.refused");
  assert.deepEqual(at(failed, "user"), { name: "unknown" });
  assert.equal(at(login({ amr: ["hwk", "mfa"] }), "is_mfa"), true);
  assert.equal(at(login({ amr: ["hwk"] }), "is_mfa"), false);
  assert.equal(at(login({ act: "sign-out" }), "auth_factors"), undefined);
});

test("an administrative act names who did what to whom, and the decision that authorised it", () => {
  const event = administrationEvent(ORIGIN, {
    time: TIME,
    act: "session.end",
    outcome: "failure",
    actor: { type: "owner", id: "owner", name: "owner" },
    target: { type: "session", id: "session_1" },
    decision: "dec_1",
    source: {},
  });
  assert.equal(at(event, "activity_id"), 4);
  assert.equal(at(event, "actor.user.type"), "System");
  assert.equal(at(event, "metadata.correlation_uid"), "dec_1");
  assert.deepEqual(at(event, "src_endpoint"), { name: "local" });
  assert.equal(at(event, "message"), "session.end session_1: failure");
});

test("missing records are a failure; a host is named only where it is known", () => {
  const component = { role: "agent" as const, name: "laptop", version: "0.1.0" };
  const lost = componentEvent(ORIGIN, { time: TIME, component, state: "records-missing" });
  assert.equal(at(lost, "status"), "Failure");
  assert.equal(at(lost, "device"), undefined);
  assert.equal(at(lost, "metadata.profiles"), undefined);
  const report = componentEvent(ORIGIN, {
    time: TIME,
    component,
    state: "report",
    hostname: "laptop",
    osName: "Plan9",
    osRelease: "4",
  });
  assert.deepEqual(at(report, "device.os"), {
    name: "Plan9",
    type_id: 0,
    type: "Unknown",
    kernel_release: "4",
  });
});
