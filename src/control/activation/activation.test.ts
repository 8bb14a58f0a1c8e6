import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { type ErrorCode, manualClock, PosternError, systemIds } from "#kernel";
import type { InstanceState } from "#link";
import { type EventLog, openLog } from "#log";
import { compileSet, demoFiles, type SourceFile } from "#policy";
import { openStore, type Store } from "#store";
import { type Activation, type Actor, openActivation, PolicyRefused } from "./index.ts";

const folder = mkdtempSync(join(tmpdir(), "postern-activation-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const NOW = Date.UTC(2026, 2, 4, 10);
const ACTOR: Actor = {
  actor: { type: "user", id: "usr_ada", name: "ada" },
  decision: "dec_1",
  source: { ip: "127.0.0.1" },
};
const FIRST = demoFiles("UTC");

interface House {
  readonly path: string;
  readonly store: Store;
  readonly log: EventLog;
  readonly activation: Activation;
  close(): Promise<void>;
}

let made = 0;
async function house(
  started: {
    readonly path?: string;
    readonly port?: number;
    readonly hostStyle?: InstanceState["hostStyle"];
  } = {},
): Promise<House> {
  const { path = join(folder, `${++made}.db`), port = 7400, hostStyle = "subdomain" } = started;
  const clock = manualClock(NOW);
  const origin = { role: "control", name: "local", version: "0.1.0" } as const;
  const origins =
    hostStyle === "port"
      ? { login: `http://localhost:${port}`, console: `http://localhost:${port + 1}` }
      : {
          login: `http://login.postern.localhost:${port}`,
          console: `http://console.postern.localhost:${port}`,
        };
  const instance: InstanceState = {
    id: "ins_1",
    domain: "postern.localhost",
    hostStyle,
    origins,
    scheme: "http",
    port,
  };
  const store = await openStore({ path, clock, ids: systemIds });
  const log = await openLog({ store, origin, boot: `boot_${made}_${Math.trunc(performance.now())}`, clock });
  const activation = await openActivation({ store, log, clock, ids: systemIds, origin, instance });
  return { path, store, log, activation, close: async () => await store.close() };
}

async function started(options: Parameters<typeof house>[0] = {}): Promise<House> {
  const one = await house(options);
  await one.activation.ensureFirst(FIRST);
  return one;
}

async function refusal(work: Promise<unknown>, code: ErrorCode): Promise<PosternError> {
  const error = await work.then(
    () => assert.fail("it was not refused"),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof PosternError, String(error));
  assert.equal(error.code, code, error.message);
  return error;
}

function rules(path: string, text: string): SourceFile {
  return { path, text };
}
function wikiFor(name: string): SourceFile {
  return rules(`${name}.rules`, `ALLOW IF user.name == "${name}" AND resource.name == "wiki"\n`);
}

/** Everything that an activation writes. */
async function state({ store, log, activation }: House) {
  const { entities, number } = await store.snapshot();
  return {
    number,
    entities,
    versions: await activation.versions(),
    events: (await log.events({ limit: 200 })).length,
    ports: await store.db.selectFrom("application_port").selectAll().execute(),
  };
}

describe("the first set", () => {
  test("activates on an empty instance, and only there", async () => {
    const one = await started();
    const { version, activation, set } = await one.activation.active();
    assert.equal(activation, 1);
    assert.equal(version, compileSet(FIRST).version);
    assert.deepEqual([...set.applications.keys()].sort(), ["payroll", "wiki"]);
    assert.deepEqual((await one.store.snapshot()).entities, [
      {
        kind: "policy",
        key: "active",
        value: { version, activation: 1, activatedAt: NOW, files: set.files },
      },
    ]);
    const before = await state(one);
    await one.activation.ensureFirst([wikiFor("somebody")]);
    assert.deepEqual(await state(one), before);
    await one.close();
  });

  test("is asked for before it is there", async () => {
    const one = await house();
    await refusal(one.activation.active(), "not_found");
    await refusal(one.activation.apply([wikiFor("ada")], "merge", ACTOR), "not_found");
    await one.close();
  });

  test("is there after a restart, with what was applied since", async () => {
    const one = await started();
    const applied = await one.activation.apply([wikiFor("ada")], "merge", ACTOR);
    await one.close();
    const again = await started({ path: one.path });
    const active = await again.activation.active();
    assert.equal(active.version, applied.version);
    assert.equal(active.actor, "ada");
    await again.close();
  });

  test("is activated anew when Postern's own rules have changed with its version", async () => {
    const one = await started();
    await one.store.write(async ({ db }) => {
      await db
        .insertInto("policy_version")
        .values({ version: "0".repeat(64), files: JSON.stringify(FIRST), created_at: NOW })
        .execute();
      await db
        .updateTable("policy_activation")
        .set({ version: "0".repeat(64) })
        .execute();
    });
    await one.close();
    const again = await started({ path: one.path });
    const { version, activation } = await again.activation.active();
    assert.equal(activation, 2);
    assert.equal(version, compileSet(FIRST).version);
    assert.equal(
      await again.activation.version("0".repeat(64)),
      undefined,
      "no explanation is better than a wrong one",
    );
    await again.close();
  });
});

describe("applying", () => {
  test("writes version, activation, change and event together, and the next number", async () => {
    const one = await started();
    const before = await state(one);
    const applied = await one.activation.apply([wikiFor("ada")], "merge", ACTOR);
    assert.deepEqual(
      applied.files.filter(({ change }) => change !== "same"),
      [{ path: "ada.rules", change: "added" }],
    );
    assert.equal(applied.activation, 2);
    const afterwards = await state(one);
    assert.equal(afterwards.number, before.number + 1, "one change");
    assert.equal(afterwards.events, before.events + 1);
    assert.deepEqual(
      { ...afterwards.versions[0] },
      {
        activation: 2,
        version: applied.version,
        at: NOW,
        actor: "ada",
      },
    );
    const [event] = await one.log.events({ limit: 1 });
    assert.match(
      JSON.stringify(event),
      new RegExp(`"act":"policy.apply".*"decision":"dec_1".*"version":"${applied.version}"`),
    );
    await one.close();
  });

  test("the same again changes nothing and takes no number", async () => {
    const one = await started();
    await one.activation.apply([wikiFor("ada")], "merge", ACTOR);
    const before = await state(one);
    const applied = await one.activation.apply([wikiFor("ada")], "merge", ACTOR);
    assert.equal(applied.changed, false);
    assert.equal(applied.activation, 2);
    assert.ok(applied.files.every(({ change }) => change === "same"));
    assert.deepEqual(await state(one), before);
    await one.close();
  });

  test("merging keeps what it does not name; replacing does not; going back is a new activation", async () => {
    const one = await started();
    const first = await one.activation.active();
    await one.activation.apply([wikiFor("ada")], "merge", ACTOR);
    const replaced = await one.activation.apply([wikiFor("bob")], "replace", ACTOR);
    assert.deepEqual(replaced.files, [
      { path: "ada.rules", change: "removed" },
      { path: "bob.rules", change: "added" },
      { path: "demo.yaml", change: "removed" },
      { path: "policy-set.yaml", change: "removed" },
      { path: "policy.rules", change: "removed" },
    ]);
    const back = await one.activation.apply(first.files, "replace", ACTOR);
    assert.equal(back.version, first.version);
    assert.equal(back.activation, 4);
    assert.deepEqual(
      (await one.activation.versions()).map(({ activation }) => activation),
      [4, 3, 2, 1],
    );
    assert.deepEqual(
      (await one.activation.versions({ before: 3, limit: 1 })).map(({ activation }) => activation),
      [2],
    );
    await one.close();
  });

  for (const [what, files, mode, code] of [
    [
      "a rule that does not compile",
      [rules("a.rules", "ALLOW IF user.rol == 1\n")],
      "merge",
      "policy.invalid",
    ],
    [
      "a manifest that is none",
      [{ path: "a.yaml", text: "kind: Applikation\n" }],
      "merge",
      "manifest.invalid",
    ],
    [
      "two applications of one name",
      [
        { path: "a.yaml", text: demoText() },
        { path: "b.yaml", text: demoText() },
      ],
      "replace",
      "manifest.invalid",
    ],
    [
      "a rule that locks administrators out",
      [rules("a.rules", 'DENY IF user.role == "administrator"\n')],
      "merge",
      "policy.locks_out",
    ],
    [
      "a rule that locks the owner out",
      [rules("a.rules", 'DENY IF user.role == "owner"\n')],
      "replace",
      "policy.locks_out",
    ],
  ] as const) {
    test(`${what} is refused, by preview too, and nothing whatever changes`, async () => {
      const one = await started();
      const before = await state(one);
      const error = await refusal(one.activation.apply(files, mode, ACTOR), code);
      assert.ok(error instanceof PolicyRefused && error.files.length > 0);
      await refusal(one.activation.preview(files, mode), code);
      assert.deepEqual(await state(one), before);
      await one.close();
    });
  }

  test("what the log does not take does not activate", async () => {
    const one = await started();
    const { version } = await one.activation.active();
    await one.store.write(async ({ db }) => {
      await db.schema.alterTable("event").renameTo("event_elsewhere").execute();
    });
    await assert.rejects(one.activation.apply([wikiFor("ada")], "merge", ACTOR));
    assert.equal((await one.activation.active()).version, version);
    assert.equal((await one.activation.versions()).length, 1);
    await one.close();
  });

  test("many at once all land, each on top of the one before", async () => {
    const one = await started();
    const names = Array.from({ length: 12 }, (_, i) => `p${i}`);
    const applied = await Promise.all(
      names.map(async (name) => await one.activation.apply([wikiFor(name)], "merge", ACTOR)),
    );
    assert.deepEqual(
      applied.map(({ activation }) => activation).sort((a, b) => a - b),
      names.map((_, i) => i + 2),
    );
    const paths = (await one.activation.active()).files.map(({ path }) => path);
    assert.deepEqual(
      names.filter((name) => !paths.includes(`${name}.rules`)),
      [],
    );
    await one.close();
  });

  test("a preview says what would be, and changes nothing", async () => {
    const one = await started();
    const before = await state(one);
    const seen = await one.activation.preview([wikiFor("ada")], "merge");
    assert.equal(seen.changed, true);
    assert.deepEqual(await state(one), before);
    assert.equal((await one.activation.apply([wikiFor("ada")], "merge", ACTOR)).version, seen.version);
    await one.close();
  });

  test("every version that was active can be had again, more than are kept compiled", async () => {
    const one = await started();
    const versions: string[] = [(await one.activation.active()).version];
    for (let i = 0; i < 12; i++)
      versions.push((await one.activation.apply([wikiFor(`p${i}`)], "merge", ACTOR)).version);
    for (const version of versions) assert.equal((await one.activation.version(version))?.version, version);
    assert.equal(await one.activation.version("f".repeat(64)), undefined);
    await one.close();
  });
});

function demoText(): string {
  return FIRST.find(({ path }) => path === "demo.yaml")?.text ?? "";
}

describe("applications", () => {
  const grafana = { name: "grafana", upstream: "http://localhost:3000", classification: "internal" } as const;

  test("are manifests like any other, whatever stands in them", async () => {
    const one = await started();
    await one.activation.addApplication(
      { ...grafana, title: 'yes: [no] # "x" --- &a *b !!int {}', env: "null" },
      ACTOR,
    );
    const application = (await one.activation.active()).set.applications.get("grafana");
    assert.equal(application?.env, "null");
    assert.equal(application?.source, "applications/grafana.yaml:1");
    await one.close();
  });

  test("are not added twice, also not at once", async () => {
    const one = await started();
    await refusal(one.activation.addApplication({ ...grafana, name: "wiki" }, ACTOR), "conflict");
    const outcomes = await Promise.allSettled(
      [1, 2, 3].map(async () => await one.activation.addApplication(grafana, ACTOR)),
    );
    assert.deepEqual(outcomes.map(({ status }) => status).sort(), ["fulfilled", "rejected", "rejected"]);
    await one.close();
  });

  test("are not written over a file that has something else in it", async () => {
    const one = await started();
    const taken = {
      path: "applications/grafana.yaml",
      text: demoText().replaceAll("wiki", "notes").replaceAll("payroll", "books"),
    };
    await one.activation.apply([taken], "merge", ACTOR);
    await one.activation.addApplication(grafana, ACTOR);
    const { set } = await one.activation.active();
    assert.equal(set.applications.get("grafana")?.source, "applications/grafana-2.yaml:1");
    assert.ok(set.applications.has("notes"));
    await one.close();
  });

  test("are taken out of a file that has others in it, and the others stay", async () => {
    const one = await started();
    const removed = await one.activation.removeApplication("wiki", ACTOR);
    assert.deepEqual(
      removed.files.filter(({ change }) => change !== "same"),
      [{ path: "demo.yaml", change: "changed" }],
    );
    assert.deepEqual([...(await one.activation.active()).set.applications.keys()], ["payroll"]);
    await one.activation.removeApplication("payroll", ACTOR);
    assert.deepEqual([...(await one.activation.active()).set.applications.keys()], []);
    await refusal(one.activation.removeApplication("payroll", ACTOR), "not_found");
    await one.close();
  });
});

describe("addresses", () => {
  test("by name are under the domain, with the prefix", async () => {
    const one = await started({ port: 80 });
    await one.activation.addApplication(
      { name: "docs", upstream: "http://localhost:1", classification: "public", pathPrefix: "/v1/" },
      ACTOR,
    );
    const { set } = await one.activation.active();
    assert.deepEqual(
      one.activation.addresses(set).map(({ url }) => url),
      [
        "http://docs.postern.localhost/v1",
        "http://payroll.postern.localhost/",
        "http://wiki.postern.localhost/",
      ],
    );
    assert.deepEqual((await state(one)).ports, []);
    await one.close();
  });

  async function urls(one: House): Promise<Record<string, string>> {
    const { set } = await one.activation.active();
    return Object.fromEntries(one.activation.addresses(set).map(({ name, url }) => [name, url]));
  }

  test("by port are the lowest free, kept while the application is there, and freed when it goes", async () => {
    const one = await started({ hostStyle: "port" });
    assert.deepEqual(await urls(one), { payroll: "http://localhost:7402/", wiki: "http://localhost:7403/" });
    await one.activation.addApplication(
      { name: "alpha", upstream: "http://localhost:1", classification: "public" },
      ACTOR,
    );
    assert.equal((await urls(one))["alpha"], "http://localhost:7404/");
    await one.activation.removeApplication("payroll", ACTOR);
    assert.deepEqual(await urls(one), { alpha: "http://localhost:7404/", wiki: "http://localhost:7403/" });
    const { entities } = await one.store.snapshot();
    assert.deepEqual(
      entities.filter(({ kind }) => kind === "port"),
      [
        { kind: "port", key: "wiki", value: { port: 7403 } },
        { kind: "port", key: "alpha", value: { port: 7404 } },
      ],
    );
    await one.activation.addApplication(
      { name: "zeta", upstream: "http://localhost:1", classification: "public" },
      ACTOR,
    );
    assert.equal((await urls(one))["zeta"], "http://localhost:7402/");
    await one.close();
  });

  test("by port are known inside and after a write that another one is part of, and not after one that fails", async () => {
    const one = await started({ hostStyle: "port" });
    const added = { name: "alpha", upstream: "http://localhost:1", classification: "public" } as const;
    await assert.rejects(
      one.store.write(async () => {
        await one.activation.addApplication(added, ACTOR);
        throw new Error("no");
      }),
    );
    assert.deepEqual(Object.keys(await urls(one)), ["payroll", "wiki"]);
    await one.store.write(async () => await one.activation.addApplication(added, ACTOR));
    assert.equal((await urls(one))["alpha"], "http://localhost:7404/");
    await one.close();
  });

  test("by port follow the instance to another port, and go when it is started by name", async () => {
    const one = await started({ hostStyle: "port" });
    await one.activation.removeApplication("payroll", ACTOR);
    await one.close();
    const moved = await started({ path: one.path, hostStyle: "port", port: 9000 });
    assert.deepEqual(await urls(moved), { wiki: "http://localhost:9002/" });
    await moved.close();
    const named = await started({ path: one.path });
    assert.deepEqual(await urls(named), { wiki: "http://wiki.postern.localhost:7400/" });
    assert.deepEqual(
      (await named.store.snapshot()).entities.filter(({ kind }) => kind === "port"),
      [],
    );
    await named.close();
  });

  test("by port run out with the ports", async () => {
    const one = await house({ hostStyle: "port", port: 65_533 });
    await refusal(one.activation.ensureFirst(FIRST), "conflict");
    await refusal(one.activation.active(), "not_found");
    await one.close();
  });
});

describe("the applications of a person", () => {
  async function signIn({ store }: House, mfa: number | null): Promise<void> {
    await store.write(async ({ db }) => {
      await db
        .insertInto("user")
        .values({
          id: "usr_1",
          name: "bob",
          display_name: "Bob",
          role: "member",
          groups: "[]",
          disabled: 0,
          created_at: NOW,
          updated_at: NOW,
        })
        .execute();
      await db
        .insertInto("session")
        .values({
          id: "ses_1",
          bearer_hash: "x",
          payload: "{}",
          user_id: "usr_1",
          created_at: NOW,
          authenticated_at: NOW,
          amr: "[]",
          mfa_verified_at: mfa,
          last_seen_at: NOW,
          idle_expires_at: NOW + 1,
          absolute_expires_at: NOW + 1,
          source_ip: null,
          user_agent: null,
        })
        .execute();
    });
  }

  test("are those that the policy lets them open now", async () => {
    const one = await started();
    await signIn(one, NOW);
    assert.deepEqual(await one.activation.applicationsFor("usr_1", "ses_1"), [
      {
        title: "Wiki",
        url: "http://wiki.postern.localhost:7400/",
        description: "A demo application that shows who reached it",
      },
    ]);
    await one.activation.apply(
      [rules("no.rules", 'DENY IF user.name == "bob" AND resource.kind == "application"\n')],
      "merge",
      ACTOR,
    );
    assert.deepEqual(await one.activation.applicationsFor("usr_1", "ses_1"), []);
    await one.close();
  });

  test("are none without a passkey, without a session, or in the session of another", async () => {
    const one = await started();
    await signIn(one, null);
    assert.deepEqual(await one.activation.applicationsFor("usr_1", "ses_1"), []);
    assert.deepEqual(await one.activation.applicationsFor("usr_1", "ses_2"), []);
    assert.deepEqual(await one.activation.applicationsFor("usr_2", "ses_1"), []);
    await one.close();
  });
});
