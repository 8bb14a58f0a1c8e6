import {
  type AdministrationRecord,
  administrationEvent,
  type CompletionRecord,
  type ComponentRecord,
  completionEvent,
  componentEvent,
  type DecisionRecord,
  decisionEvent,
  type EventOrigin,
  type LoginRecord,
  loginEvent,
  type OcsfEvent,
} from "#events";
import { type Decision, type Effect, type Input, inputFromJson } from "#policy";

/** An event as this program writes it, with a name that says what is special about it. */
export interface Sample {
  readonly name: string;
  readonly event: OcsfEvent;
}

const TIME = 1_790_000_000_123;
const GATEWAY: EventOrigin = { role: "gateway", name: "local", version: "0.1.0" };
const CONTROL: EventOrigin = { role: "control", name: "local", version: "0.1.0" };

/** Every kind of record, with the least and with the most that it can say, in every outcome. */
export function samples(): readonly Sample[] {
  return [...decisions(), ...completions(), ...logins(), ...administration(), ...components()];
}

function decisions(): readonly Sample[] {
  const whole = { source: { ip: "192.0.2.7", port: 50_123, userAgent: "Mozilla/5.0 (X11; Linux)" } };
  const least = { source: {}, input: LEAST_INPUT };
  const effects: readonly Effect[] = ["allow", "deny", "step_up"];
  const made = (name: string, rest: Omit<DecisionRecord, "time">): Sample => ({
    name: `decision: ${name}`,
    event: decisionEvent(GATEWAY, { time: TIME, ...rest }),
  });
  return [
    ...effects.map((effect) =>
      made(`${effect}, everything known`, {
        ...whole,
        decision: wholeDecision(effect),
        input: WHOLE_INPUT,
        http: { method: "POST", url: "https://wiki.example.org:8443/a/b?q=1&r=%20", status: 403 },
      }),
    ),
    ...effects.map((effect) =>
      made(`${effect}, nothing known`, {
        ...least,
        decision: leastDecision(effect),
        http: { method: "GET", url: "http://wiki.postern.localhost/" },
      }),
    ),
    made("an administrative act", { ...whole, decision: wholeDecision("allow"), input: WHOLE_INPUT }),
    made("an administrative act, refused, over the owner's socket", {
      ...least,
      decision: leastDecision("deny"),
    }),
    made("of a service", {
      source: { ip: "2001:db8::17" },
      decision: leastDecision("deny"),
      input: SERVICE_INPUT,
      http: { method: "PROPFIND", url: "http://[::1]:7400/dav/" },
    }),
    made("a target that is no address", {
      ...whole,
      decision: leastDecision("deny"),
      input: WHOLE_INPUT,
      http: { method: "OPTIONS", url: "*" },
    }),
    made("from an IPv4 address in IPv6 form", {
      source: { ip: "::ffff:127.0.0.1", port: 1 },
      decision: leastDecision("allow"),
      input: LEAST_INPUT,
      http: { method: "HEAD", url: "http://localhost:7402/" },
    }),
    made("of a user whose address OCSF would not read", {
      ...whole,
      decision: leastDecision("allow"),
      input: inputFromJson({
        type: "user",
        user: { id: "user_1", name: "ada", email: "ada@localhost" },
        action: "read",
        resource: WHOLE_INPUT.resource,
        time: { now_ns: "1790000000123000000" },
      }),
      http: { method: "GET", url: "http://wiki.postern.localhost/" },
    }),
  ];
}

function completions(): readonly Sample[] {
  const shared: Omit<CompletionRecord, "time" | "http"> = {
    decision: "dec_1",
    application: "wiki",
    source: {},
    durationMs: 1.625,
    bytesIn: 0,
    bytesOut: 0,
  };
  const made = (name: string, record: Omit<CompletionRecord, "time">): Sample => ({
    name: `completion: ${name}`,
    event: completionEvent(GATEWAY, { time: TIME, ...record }),
  });
  const http = { method: "GET", url: "http://wiki.postern.localhost:7400/", status: 200 };
  return [
    made("nothing known", { ...shared, http }),
    made("everything known", {
      ...shared,
      http: { method: "PUT", url: "http://wiki.postern.localhost:7400/page?x", status: 503 },
      user: { id: "user_1", name: "ada" },
      source: { ip: "127.0.0.1", port: 40_000, userAgent: "curl/8.9" },
      bytesIn: 4_294_967_296,
      bytesOut: 9_007_199_254,
      ended: "session-ended",
    }),
    made("the application failed", { ...shared, http: { ...http, status: 502 }, ended: "upstream-failed" }),
    made("a method that OCSF does not name", { ...shared, http: { ...http, method: "REPORT" } }),
  ];
}

function logins(): readonly Sample[] {
  const acts: readonly LoginRecord["act"][] = [
    "sign-in",
    "sign-out",
    "enrol-passkey",
    "open-link",
    "session-ended",
  ];
  const whole = {
    user: { id: "user_1", name: "ada" },
    session: "session_1",
    amr: ["hwk", "user", "mfa"],
    source: { ip: "127.0.0.1", port: 50_000, userAgent: "Mozilla/5.0" },
  };
  return acts.flatMap((act) => [
    {
      name: `login: ${act}, everything known`,
      event: loginEvent(CONTROL, { time: TIME, act, outcome: "success", ...whole }),
    },
    {
      name: `login: ${act} fails, everything known`,
      event: loginEvent(CONTROL, {
        time: TIME,
        act,
        outcome: "failure",
        reason: "passkey.refused",
        ...whole,
      }),
    },
    {
      name: `login: ${act}, nothing known`,
      event: loginEvent(CONTROL, { time: TIME, act, outcome: "success", source: {} }),
    },
    {
      name: `login: ${act} fails, nothing known`,
      event: loginEvent(CONTROL, { time: TIME, act, outcome: "failure", source: {} }),
    },
  ]);
}

function administration(): readonly Sample[] {
  const acts = [
    "application.add",
    "application.remove",
    "policy.apply",
    "session.end",
    "user.disable",
    "user.enable",
    "user.invite",
    "overview.read",
    "setup-link",
  ];
  const made = (name: string, record: Omit<AdministrationRecord, "time">): Sample => ({
    name: `administration: ${name}`,
    event: administrationEvent(CONTROL, { time: TIME, ...record }),
  });
  return acts.flatMap((act) => [
    made(`${act}, everything known`, {
      act,
      outcome: "success",
      actor: { type: "user", id: "user_1", name: "ada" },
      target: { type: "user", id: "user_2", name: "grace" },
      decision: "dec_1",
      message: `${act} of grace`,
      details: { version: "ab".repeat(32), activation: 7 },
      source: { ip: "127.0.0.1", port: 50_000, userAgent: "Mozilla/5.0" },
    }),
    made(`${act} refused, by the owner`, {
      act,
      outcome: "failure",
      actor: { type: "owner", id: "owner", name: "owner" },
      target: { type: "user", id: "user_2" },
      source: {},
    }),
  ]);
}

function components(): readonly Sample[] {
  const states: readonly ComponentRecord["state"][] = [
    "started",
    "report",
    "connected",
    "disconnected",
    "records-missing",
    "joined",
    "renewed",
    "revoked",
    "cloned",
    "authority-rotated",
  ];
  const component = { role: "agent" as const, name: "laptop", version: "0.1.0" };
  return states.flatMap((state) => [
    {
      name: `component: ${state}, nothing known of the host`,
      event: componentEvent(CONTROL, { time: TIME, component, state }),
    },
    {
      name: `component: ${state}, everything known`,
      event: componentEvent(
        { role: "agent", name: "laptop", version: "0.1.0" },
        {
          time: TIME,
          component,
          state,
          hostname: "laptop",
          osName: "Linux",
          osRelease: "6.12.1-amd64",
          message: "a message",
        },
      ),
    },
  ]);
}

const LEAST_INPUT: Input = inputFromJson({
  type: "user",
  action: "connect",
  resource: { name: "wiki", kind: "application", classification: "internal" },
  time: { now_ns: "1790000000123000000" },
});

const SERVICE_INPUT: Input = inputFromJson({
  type: "service",
  service: { identity: "spiffe://example.org/report", name: "report" },
  action: "read",
  resource: { name: "wiki", kind: "application", classification: "internal" },
  time: { now_ns: "1790000000123000000" },
});

const WHOLE_INPUT: Input = inputFromJson({
  type: "user",
  user: {
    id: "user_1",
    name: "ada",
    email: "ada@example.org",
    role: "engineer",
    groups: ["sre", "staff"],
    mfa_verified: true,
    mfa_age_hours: 0.25,
    approval_expiry_ns: "9223372036854775807",
  },
  subject: { type: "user", id: "user_1", name: "ada", role: "engineer", groups: ["sre", "staff"] },
  device: { id: "device_1", managed: true, posture: "compliant", compliance_score: 97 },
  session: { id: "session_1", age_hours: 1.5, idle_minutes: 2 },
  action: "deploy",
  resource: {
    name: "wiki",
    kind: "application",
    classification: "restricted",
    env: "staging",
    sensitivity_score: 80,
    labels: { team: "docs" },
  },
  request: {
    method: "POST",
    path: "/a/b",
    host: "wiki.example.org",
    source_ip: "192.0.2.7",
    user_agent: "Mozilla/5.0 (X11; Linux)",
  },
  tls: { verified: true, version: "TLSv1.3" },
  context: { view_age_seconds: 0.4 },
  time: { now_ns: "1790000000123456789" },
});

function leastDecision(effect: Effect): Decision {
  return { id: "dec_2", effect, version: "ab".repeat(32), rules: [], reasons: [], obligations: {} };
}

function wholeDecision(effect: Effect): Decision {
  const rule = { rule: "office-hours", source: "team.rules:4" };
  return {
    id: "dec_1",
    effect,
    version: "ab".repeat(32),
    rules: [rule],
    reasons: [{ ...rule, message: "Engineers may deploy to staging in office hours" }],
    obligations: { log: "full" },
    trust: {
      score: 71.5,
      required: 80,
      factors: [{ name: "mfa", weight: 0.5, contribution: 40, source: "trust.yaml:3" }],
    },
    failed: [
      {
        fact: "device.managed",
        plain: "Your device is managed by the company",
        actual: "not known",
        source: "team.rules:4",
      },
    ],
  };
}
