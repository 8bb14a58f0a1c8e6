import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { compileSet, isOn, type SourceFile } from "#policy";
import type { EntityChange, InstanceState, MemberRole, PolicyState } from "./index.ts";
import { EMPTY_BASIS, foldBasis, rememberPlacements, type Slice, sliceOf } from "./slice.ts";

const GATEWAYS = ["berlin", "paris", "local"];
const NAMES = ["wiki", "plans", "notes", "ci"];
const DOMAIN = "apps.example.com";

/** A repeatable source of numbers below `most`. */
function dice(seed: number): (most: number) => number {
  let state = seed;
  return (most) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((state / 2 ** 32) * most);
  };
}

function instance(hostStyle: InstanceState["hostStyle"]): InstanceState {
  const origins = { login: `https://login.${DOMAIN}`, console: `https://console.${DOMAIN}` };
  return { id: "ins", domain: DOMAIN, hostStyle, scheme: "https", port: 7400, origins };
}

interface Placed {
  readonly name: string;
  readonly host: string;
  readonly gateways: readonly string[];
}

function policy(placed: readonly Placed[], activation: number): PolicyState {
  const documents = placed.map(
    ({ name, host, gateways }) => `---
apiVersion: postern.dev/v1
kind: Application
metadata: { name: ${name} }
spec:
  upstream: http://localhost:3000
  classification: internal
  host: ${host}
  pathPrefix: /${name}
${gateways.length === 0 ? "" : `  gateways: [${gateways.join(", ")}]\n`}`,
  );
  const files: SourceFile[] = [{ path: "apps.yaml", text: documents.join("") }];
  return { version: compileSet(files).version, activation, activatedAt: 0, files };
}

/** State by kind and key, as whoever holds it has it. */
type Held = ReadonlyMap<string, EntityChange>;

function fold(held: Held, changes: readonly EntityChange[]): Held {
  const next = new Map(held);
  for (const change of changes) {
    const key = `${change.kind} ${change.key}`;
    if (change.value === null) next.delete(key);
    else next.set(key, change);
  }
  return next;
}

function inOrder(held: Held): unknown {
  return [...held].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** The slice of a whole state, as a snapshot has it. */
function sliceOfState(role: MemberRole, name: string, state: Held): { slice: Slice; held: Held } {
  const all = [...state.values()];
  const slice = sliceOf({ role, name }, foldBasis(EMPTY_BASIS, all), rememberPlacements());
  return { slice, held: fold(new Map(), [...slice.others(all), ...slice.basis()]) };
}

/** A random history: each step is one change of the whole state. */
function history(seed: number): readonly (readonly EntityChange[])[] {
  const roll = dice(seed);
  const pick = <T>(list: readonly [T, ...T[]]): T => list[roll(list.length)] ?? list[0];
  const hostStyle = pick<InstanceState["hostStyle"]>(["subdomain", "port"]);
  const hosts = new Map<string, string>();
  let activation = 0;

  const placed = (): Placed[] =>
    NAMES.filter(() => roll(4) > 0).map((name) => ({
      name,
      host: roll(3) === 0 ? "shared" : name,
      gateways: roll(2) === 0 ? [] : GATEWAYS.filter(() => roll(2) === 0),
    }));
  const host = (): string => {
    const name = pick(["wiki", "plans", "notes", "ci", "shared", "console", "nothing"]);
    if (hostStyle === "port") return roll(2) === 0 ? name : `localhost:${7402 + roll(4)}`;
    return `${name}.${DOMAIN}${roll(2) === 0 ? ":7400" : ""}`;
  };
  const step = (): EntityChange => {
    switch (roll(7)) {
      case 0:
        return { kind: "policy", key: "active", value: policy(placed(), ++activation) };
      case 1: {
        const name = pick(["wiki", "plans", "notes", "ci"]);
        const port = 7402 + NAMES.indexOf(name) + (roll(5) === 0 ? 10 : 0);
        return { kind: "port", key: name, value: hostStyle === "port" && roll(4) > 0 ? { port } : null };
      }
      case 2:
        return roll(6) === 0
          ? { kind: "instance", key: "instance", value: instance(hostStyle) }
          : { kind: "control", key: `c${roll(3)}`, value: { url: `https://c:${roll(9)}` } };
      case 3: {
        const key = `usr_${roll(3)}`;
        const value = {
          id: key,
          name: key,
          displayName: key,
          role: "staff",
          groups: [],
          disabled: roll(2) === 0,
        };
        return { kind: "user", key, value: roll(5) === 0 ? null : value };
      }
      default: {
        const key = `hash_${roll(20)}`;
        if (roll(4) === 0) return { kind: "entry", key, value: null };
        const at = hosts.get(key) ?? host();
        hosts.set(key, at);
        return { kind: "entry", key, value: { session: `ses_${roll(4)}`, host: at } };
      }
    }
  };
  return [
    [{ kind: "instance", key: "instance", value: instance(hostStyle) }],
    ...Array.from({ length: 60 }, () => Array.from({ length: 1 + roll(3) }, step)),
  ];
}

test("what a peer makes of its changes is the slice of the whole, at every step of any history", () => {
  let anew = 0;
  let steps = 0;
  for (let seed = 1; seed <= 40; seed++) {
    for (const [role, name] of [
      ["gateway", "berlin"],
      ["gateway", "local"],
      ["agent", "laptop"],
    ] as const) {
      let state: Held = new Map();
      let { slice, held } = sliceOfState(role, name, state);
      for (const changes of history(seed)) {
        state = fold(state, changes);
        const next = slice.next(changes);
        steps += 1;
        if (next === undefined) {
          anew += 1;
          ({ slice, held } = sliceOfState(role, name, state));
        } else {
          slice = next.slice;
          held = fold(held, next.changes);
        }
        const expected = sliceOfState(role, name, state).held;
        assert.deepEqual(inOrder(held), inOrder(expected), `seed ${seed}, ${role} ${name}`);
      }
    }
  }
  assert.ok(anew > 100 && anew < steps / 3, `${anew} of ${steps} steps gave all anew`);
});

describe("a gateway gets", () => {
  const placed: readonly Placed[] = [
    { name: "wiki", host: "wiki", gateways: [] },
    { name: "plans", host: "plans", gateways: ["berlin"] },
    { name: "shop", host: "shop", gateways: ["paris"] },
    { name: "shop-api", host: "shop", gateways: ["berlin"] },
  ];
  const entry = (key: string, host: string): EntityChange => ({
    kind: "entry",
    key,
    value: { session: "s", host },
  });
  const state = (hostStyle: InstanceState["hostStyle"], entries: readonly EntityChange[]): Held =>
    fold(new Map(), [
      { kind: "instance", key: "instance", value: instance(hostStyle) },
      { kind: "policy", key: "active", value: policy(placed, 1) },
      ...(hostStyle === "port"
        ? placed.map(
            ({ name }, index) => ({ kind: "port", key: name, value: { port: 7402 + index } }) as const,
          )
        : []),
      ...entries,
    ]);
  const keys = (held: Held, kind: string): string[] =>
    [...held.values()].filter((change) => change.kind === kind).map(({ key }) => key);

  test("the right of cookies to hosts that it has, by either form of their address", () => {
    const entries = ["wiki", "plans", "shop", "console", "nothing"].flatMap((label) => [
      entry(label, `${label}.${DOMAIN}`),
      entry(`${label}:`, `${label}.${DOMAIN}:7400`),
    ]);
    const of = (name: string): string[] =>
      keys(sliceOfState("gateway", name, state("subdomain", entries)).held, "entry");
    const everybody = ["wiki", "wiki:", "console", "console:", "nothing", "nothing:"];
    assert.deepEqual(of("berlin").sort(), [...everybody, "plans", "plans:", "shop", "shop:"].sort());
    assert.deepEqual(of("paris").sort(), [...everybody, "shop", "shop:"].sort());
    assert.deepEqual(of("local").sort(), everybody.sort());
  });

  test("by port: the ports of its applications, and entries by name or address", () => {
    const entries = [
      entry("wiki", "wiki"),
      entry("plans", "plans"),
      entry("wiki port", "localhost:7402"),
      entry("plans port", "localhost:7403"),
      entry("login port", "localhost:7400"),
    ];
    const { held } = sliceOfState("gateway", "local", state("port", entries));
    assert.deepEqual(keys(held, "port"), ["wiki"]);
    assert.deepEqual(keys(held, "entry"), ["wiki", "wiki port", "login port"]);
  });

  test("its applications, of the version that all have, and no word of others", () => {
    for (const name of ["berlin", "paris", "local"]) {
      const { held } = sliceOfState("gateway", name, state("subdomain", [entry("e", `plans.${DOMAIN}`)]));
      const active = held.get("policy active")?.value as PolicyState;
      const set = compileSet(active.files);
      assert.equal(set.version, policy(placed, 1).version);
      const whole = compileSet(policy(placed, 1).files);
      const own = [...whole.applications.values()].filter((one) => isOn(one, name)).map((one) => one.name);
      assert.deepEqual([...set.applications.keys()], own);
      if (name === "local")
        assert.doesNotMatch(JSON.stringify([...held.values()]), /plans|shop|berlin|paris/);
    }
  });

  test("grants for its applications, and for all", () => {
    const grant = (id: string, application?: string): EntityChange => ({
      kind: "grant",
      key: id,
      value: { id, user: "u", expiresAt: 1, ...(application === undefined ? {} : { application }) },
    });
    const grants = [
      grant("all"),
      grant("wiki", "wiki"),
      grant("plans", "plans"),
      grant("later", "nothing yet"),
    ];
    const { held } = sliceOfState("gateway", "local", state("subdomain", grants));
    assert.deepEqual(keys(held, "grant"), ["all", "wiki", "later"]);
  });

  test("nothing of hosts before it is known which they are", () => {
    const { held } = sliceOfState("gateway", "local", fold(new Map(), [entry("e", `wiki.${DOMAIN}`)]));
    assert.equal(held.size, 0);
  });
});

test("an agent gets how to reach control and whom to trust, and nothing of people or policy", () => {
  const state = fold(new Map(), [
    ...history(3).flat(),
    { kind: "authority", key: "a", value: { certificate: "PEM" } },
    { kind: "control", key: "c", value: { url: "https://c:1" } },
  ]);
  const kinds = new Set([...sliceOfState("agent", "laptop", state).held.values()].map(({ kind }) => kind));
  assert.deepEqual([...kinds].sort(), ["authority", "control", "instance"]);
});
