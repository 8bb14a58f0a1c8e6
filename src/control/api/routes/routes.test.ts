import assert from "node:assert/strict";
import { request } from "node:http";
import { after, before, describe, test } from "node:test";
import { type Answer, makeRig, NOW, type Rig, type SignedIn } from "../rig.test.ts";

let rig: Rig;
let ada: SignedIn;
before(async () => {
  rig = await makeRig();
  ada = await rig.addPerson({ name: "ada" });
});
after(async () => await rig.close());

function assertProblem(answer: Answer, status: number, code: string): void {
  assert.equal(answer.status, status, answer.text);
  assert.equal(answer.at("code"), code, answer.text);
}

function names(answer: Answer, member = "name"): unknown[] {
  assert.equal(answer.status, 200, answer.text);
  return (answer.at("items") as { [member: string]: unknown }[]).map((item) => item[member]);
}

describe("applications", () => {
  const grafana = {
    name: "grafana",
    upstream: "http://localhost:3000",
    classification: "internal",
    title: "Grafana",
  };

  test("are listed with their addresses", async () => {
    const answer = await rig.owner("GET", "/api/v1/applications");
    assert.deepEqual(names(answer), ["payroll", "wiki"]);
    assert.equal(answer.at("items", 1, "url"), "http://wiki.postern.localhost:7400/");
    assert.match(String(answer.at("items", 1, "source")), /^demo\.yaml:\d+$/);
  });

  test("are added as a manifest, and taken away again", async () => {
    const added = await rig.console(ada, "POST", "/api/v1/applications", {
      ...grafana,
      env: "staging",
      pathPrefix: "/g",
    });
    assert.equal(added.status, 200, added.text);
    assert.deepEqual(JSON.parse(added.text), {
      name: "grafana",
      title: "Grafana",
      url: "http://grafana.postern.localhost:7400/g",
      upstream: "http://localhost:3000",
      classification: "internal",
      env: "staging",
      source: "applications/grafana.yaml:1",
    });
    const removed = await rig.console(ada, "DELETE", "/api/v1/applications/grafana");
    assert.equal(removed.at("changed"), true);
    assert.deepEqual(names(await rig.owner("GET", "/api/v1/applications")), ["payroll", "wiki"]);
  });

  test("of a name that is there, or is not there, are refused with what to do", async () => {
    const twice = await rig.owner("POST", "/api/v1/applications", { ...grafana, name: "wiki" });
    assertProblem(twice, 409, "conflict");
    assert.match(String(twice.at("remedy")), /postern app remove wiki/);
    assert.match(String(twice.at("where")), /^demo\.yaml/);
    assertProblem(await rig.owner("DELETE", "/api/v1/applications/nothing"), 404, "not_found");
  });

  for (const [what, wrong] of [
    ["no name", { name: "Not A Name" }],
    ["Postern's own name", { name: "login" }],
    ["a name with a path", { name: "../demo" }],
    ["a name that is YAML", { name: "x: {}\nkind: PolicySet" }],
    ["an upstream that is no address", { upstream: "localhost" }],
    ["an upstream in plain sight", { upstream: "http://192.0.2.1:80" }],
    ["the address of another", { name: "other", host: "wiki" }],
    ["an odd prefix", { pathPrefix: "/a/../b" }],
    ["a classification of its own", { classification: "secret" }],
  ] as const) {
    test(`with ${what} are refused, and nothing changes`, async () => {
      const { version } = await rig.activation.active();
      const answer = await rig.owner("POST", "/api/v1/applications", { ...grafana, ...wrong });
      assert.equal(answer.status, 422, answer.text);
      assert.equal((await rig.activation.active()).version, version);
    });
  }

  test("show where a generated manifest is wrong", async () => {
    const answer = await rig.owner("POST", "/api/v1/applications", { ...grafana, upstream: "ftp://x" });
    assertProblem(answer, 422, "manifest.invalid");
    assert.match(String(answer.at("diagnostics", 0, "rendered")), /upstream: ftp:\/\/x\n\s+\^+/);
  });
});

describe("policy", () => {
  test("is shown with its rules, files and versions", async () => {
    const answer = await rig.owner("GET", "/api/v1/policy");
    assert.equal(answer.at("timeZone"), "UTC");
    assert.ok(Number(answer.at("activation")) >= 1);
    assert.match(answer.text, /administrators administer/);
    assert.equal(answer.at("set"), undefined);
  });

  test("is checked without being changed, and applied with what it changes", async () => {
    const files = [
      { path: "extra.rules", text: 'ALLOW IF user.name == "eve" AND resource.name == "wiki"\n' },
    ];
    const before = await rig.activation.active();
    const checked = await rig.owner("POST", "/api/v1/policy/check", { files, mode: "merge" });
    assert.equal(checked.at("changed"), true);
    assert.equal((await rig.activation.active()).version, before.version);
    const applied = await rig.owner("POST", "/api/v1/policy/apply", { files, mode: "merge" });
    assert.equal(applied.at("version"), checked.at("version"));
    assert.equal(applied.at("activation"), before.activation + 1);
    const changes = applied.at("files") as { path: string; change: string }[];
    assert.deepEqual(
      changes.filter(({ change }) => change !== "same"),
      [{ path: "extra.rules", change: "added" }],
    );
    const again = await rig.owner("POST", "/api/v1/policy/apply", { files, mode: "merge" });
    assert.equal(again.at("changed"), false);
    assert.equal(again.at("activation"), before.activation + 1);
  });

  for (const [what, file, code] of [
    [
      "a rule with an unknown fact",
      { path: "a.rules", text: 'ALLOW IF user.rol == "sre"\n' },
      "policy.invalid",
    ],
    [
      "a manifest with an unknown field",
      {
        path: "a.yaml",
        text: "apiVersion: postern.dev/v1\nkind: Application\nmetadata:\n  name: a\nspec:\n  upstrem: http://localhost\n",
      },
      "manifest.invalid",
    ],
    ["broken YAML", { path: "a.yaml", text: "a: [\n" }, "manifest.invalid"],
    ["a path outside of the set", { path: "../a.rules", text: "" }, "manifest.invalid"],
    ["a file of Postern's own", { path: "postern/builtin.rules", text: "" }, "manifest.invalid"],
  ] as const) {
    test(`${what} is refused with its place, by check and apply alike`, async () => {
      const { version } = await rig.activation.active();
      for (const verb of ["check", "apply"]) {
        const answer = await rig.owner("POST", `/api/v1/policy/${verb}`, { files: [file], mode: "merge" });
        assertProblem(answer, 422, code);
        assert.equal(answer.at("diagnostics", 0, "file"), file.path);
        assert.ok(Number(answer.at("diagnostics", 0, "line")) >= 1);
        assert.match(String(answer.at("diagnostics", 0, "rendered")), /error: /);
      }
      assert.equal((await rig.activation.active()).version, version);
    });
  }

  test("a finding shows its line and a caret", async () => {
    const files = [{ path: "a.rules", text: '# first\nALLOW IF user.rol == "sre"\n' }];
    const answer = await rig.owner("POST", "/api/v1/policy/apply", { files, mode: "merge" });
    const rendered = String(answer.at("diagnostics", 0, "rendered"));
    assert.match(rendered, /^a\.rules:2:10: error: .*\n {2}ALLOW IF user\.rol == "sre"\n {11}\^{8}\n/);
  });

  test("a set that would lock everybody out who could mend it is refused, and says why", async () => {
    for (const text of [
      "DENY IF action == action\n",
      'DENY IF user.role == "administrator"\n',
      'DENY IF user.role == "owner"\n',
    ]) {
      for (const verb of ["check", "apply"]) {
        const files = [{ path: "lock.rules", text }];
        const answer = await rig.owner("POST", `/api/v1/policy/${verb}`, { files, mode: "merge" });
        assert.equal(answer.status, 422, answer.text);
        assert.match(String(answer.at("code")), /^policy\.(locks_out|invalid)$/);
      }
    }
    const files = [{ path: "lock.rules", text: 'DENY IF user.role == "administrator"\n' }];
    const answer = await rig.owner("POST", "/api/v1/policy/apply", { files, mode: "replace" });
    assertProblem(answer, 422, "policy.locks_out");
    assert.match(String(answer.at("title")), /lock\.rules:1/);
  });

  test("two that are applied at once both land", async () => {
    const { activation } = await rig.activation.active();
    const apply = async (name: string): Promise<Answer> =>
      await rig.owner("POST", "/api/v1/policy/apply", {
        files: [
          { path: `${name}.rules`, text: `ALLOW IF user.name == "${name}" AND resource.name == "wiki"\n` },
        ],
        mode: "merge",
      });
    const people = ["p1", "p2", "p3", "p4", "p5", "p6"];
    const answers = await Promise.all(people.map(apply));
    assert.deepEqual(
      answers.map((answer) => Number(answer.at("activation"))).sort((a, b) => a - b),
      people.map((_, i) => activation + 1 + i),
    );
    const paths = (await rig.activation.active()).files.map(({ path }) => path);
    for (const name of people) assert.ok(paths.includes(`${name}.rules`), name);
  });

  test("takes a body of several MiB, and no more than 12", async () => {
    const line = `# ${"x".repeat(97)}\n`;
    const big = Array.from({ length: 6 }, (_, i) => ({ path: `big-${i}.rules`, text: line.repeat(10_000) }));
    const taken = await rig.owner("POST", "/api/v1/policy/check", { files: big, mode: "merge" });
    assert.equal(taken.status, 200, taken.text.slice(0, 500));
    const over = Array.from({ length: 13 }, (_, i) => ({
      path: `big-${i}.rules`,
      text: line.repeat(10_400),
    }));
    assertProblem(
      await rig.owner("POST", "/api/v1/policy/check", { files: over, mode: "merge" }),
      413,
      "input.too_large",
    );
  });

  test("versions are paged, newest first", async () => {
    const first = await rig.owner("GET", "/api/v1/policy/versions?limit=2");
    const second = await rig.owner(
      "GET",
      `/api/v1/policy/versions?limit=2&before=${String(first.at("next"))}`,
    );
    const { activation } = await rig.activation.active();
    assert.deepEqual(
      [...names(first, "activation"), ...names(second, "activation")],
      [0, 1, 2, 3].map((i) => activation - i),
    );
  });
});

describe("people and sessions", () => {
  test("somebody invited is listed with the end of their invitation, and cannot be invited over a passkey", async () => {
    const invited = await rig.owner("POST", "/api/v1/people", {
      name: "bob",
      displayName: "Bob Moss",
      role: "engineer",
      groups: ["staging"],
    });
    assert.equal(invited.at("person", "displayName"), "Bob Moss");
    assert.deepEqual(invited.at("person", "groups"), ["staging"]);
    assert.equal(invited.at("person", "invitedUntil"), NOW + 72 * 3_600_000);
    assert.match(String(invited.at("url")), /^http:\/\/login\.postern\.localhost:7400\/invite#/);
    assertProblem(await rig.owner("POST", "/api/v1/people", { name: "ada" }), 409, "conflict");
  });

  test("lists are paged without a gap or a double", async () => {
    for (let i = 0; i < 5; i++) await rig.addPerson({ role: "member" });
    for (const list of ["people", "sessions"]) {
      const all = names(await rig.owner("GET", `/api/v1/${list}`), "id");
      const paged: unknown[] = [];
      let before = "";
      do {
        const page = await rig.owner("GET", `/api/v1/${list}?limit=2${before}`);
        paged.push(...names(page, "id"));
        const next = page.at("next");
        before = typeof next === "string" ? `&before=${encodeURIComponent(next)}` : "";
      } while (before !== "");
      assert.deepEqual(paged, all);
      assert.equal(new Set(all).size, all.length);
      assert.ok(all.length > 5);
    }
    assertProblem(await rig.owner("GET", "/api/v1/sessions?before=nonsense"), 422, "input.invalid");
  });

  test("a session shows where it has been, and which is the reader's own", async () => {
    await rig.store.write(async ({ db }) => {
      for (const host of ["wiki.postern.localhost", "console.postern.localhost"])
        await db
          .insertInto("entry")
          .values({ cookie_hash: `hash ${host}`, session_id: ada.session, host, created_at: NOW })
          .execute();
    });
    const answer = await rig.console(ada, "GET", "/api/v1/sessions");
    const own = (answer.at("items") as { id: string; hosts: string[]; current: boolean }[]).filter(
      ({ current }) => current,
    );
    assert.deepEqual(
      own.map(({ id, hosts }) => ({ id, hosts })),
      [{ id: ada.session, hosts: ["console.postern.localhost", "wiki.postern.localhost"] }],
    );
  });

  test("ending a session ends it, and a second time there is none", async () => {
    const eve = await rig.addPerson();
    assert.deepEqual(JSON.parse((await rig.console(ada, "DELETE", `/api/v1/sessions/${eve.session}`)).text), {
      ended: eve.session,
    });
    assertProblem(await rig.console(eve, "GET", "/api/v1/me"), 401, "unauthenticated");
    assertProblem(await rig.console(ada, "DELETE", `/api/v1/sessions/${eve.session}`), 404, "not_found");
  });

  test("disabling a person ends their sessions; enabling lets them sign in again", async () => {
    const eve = await rig.addPerson({ role: "member" });
    const disabled = await rig.console(ada, "POST", `/api/v1/people/${eve.user}/disable`);
    assert.equal(disabled.at("disabled"), true);
    assert.ok(!names(await rig.owner("GET", "/api/v1/sessions"), "id").includes(eve.session));
    const enabled = await rig.console(ada, "POST", `/api/v1/people/${eve.user}/enable`);
    assert.equal(enabled.at("disabled"), false);
  });

  test("a setup link is refused once there is an administrator, and given out before", async () => {
    assertProblem(await rig.owner("POST", "/api/v1/setup-link", {}), 409, "conflict");
    const empty = await makeRig();
    const link = await empty.owner("POST", "/api/v1/setup-link", {});
    assert.match(String(link.at("url")), /\/setup#/);
    assert.doesNotMatch(
      (await empty.owner("GET", "/api/v1/events")).text,
      new RegExp(String(link.at("url")).split("#")[1] ?? "?"),
    );
    await empty.close();
  });
});

describe("decisions", () => {
  test("are explained by the version that made them, from their own input", async () => {
    const denied = await rig.console(await rig.addPerson({ role: "member" }), "GET", "/api/v1/policy");
    const id = String(denied.at("decision"));
    const before = await rig.activation.active();
    const files = [
      { path: "later.rules", text: 'ALLOW IF resource.kind == "application" AND user.role == "member"\n' },
    ];
    assert.equal((await rig.owner("POST", "/api/v1/policy/apply", { files, mode: "merge" })).status, 200);
    const detail = await rig.owner("GET", `/api/v1/decisions/${id}`);
    assert.equal(detail.at("decision", "version"), before.version);
    assert.equal(detail.at("explanation", "decision", "version"), before.version);
    assert.deepEqual(detail.at("explanation", "decision"), detail.at("decision"));
    assert.equal(detail.at("input", "time", "now_ns"), `${rig.clock.now()}000000`);
    assert.doesNotMatch(detail.text, /later\.rules/);
    assertProblem(await rig.owner("GET", "/api/v1/decisions/dec_nothing"), 404, "not_found");
  });

  test("are filtered and paged", async () => {
    const all = await rig.owner("GET", "/api/v1/decisions?limit=200");
    const denied = await rig.owner("GET", "/api/v1/decisions?effect=deny&limit=200");
    assert.ok(names(denied).length > 0 && names(denied).length < names(all).length);
    const first = await rig.owner("GET", "/api/v1/decisions?limit=3");
    const second = await rig.owner("GET", `/api/v1/decisions?limit=3&before=${String(first.at("next"))}`);
    assert.deepEqual([...names(first, "id"), ...names(second, "id")], names(all, "id").slice(0, 6));
  });

  test("of the last 24 hours are counted by the hour, with the empty ones", async () => {
    const answer = await rig.owner("GET", "/api/v1/overview");
    const hours = answer.at("decisions") as { from: number; allowed: number; denied: number }[];
    assert.equal(hours.length, 24);
    assert.deepEqual(
      new Set(hours.slice(1).map(({ from }, i) => from - (hours[i]?.from ?? 0))),
      new Set([3_600_000]),
    );
    assert.ok((hours.at(-1)?.allowed ?? 0) > 0 && (hours.at(-1)?.denied ?? 0) > 0);
    assert.deepEqual(hours[0], { from: NOW - 1_800_000 - 23 * 3_600_000, allowed: 0, denied: 0 });
  });
});

describe("the stream of events", () => {
  interface Stream {
    readonly ids: () => number[];
    readonly text: () => string;
    readonly ended: Promise<void>;
    close(): void;
  }
  async function follow(path: string, headers: Record<string, string> = {}): Promise<Stream> {
    return await new Promise((resolve, reject) => {
      const sent = request(
        { socketPath: rig.sockets.owner, path, headers: { host: "owner", ...headers } },
        (response) => {
          let text = "";
          response.setEncoding("utf8");
          response.on("data", (chunk: string) => {
            text += chunk;
          });
          assert.equal(response.statusCode, 200);
          assert.equal(response.headers["content-type"], "text/event-stream");
          resolve({
            text: () => text,
            ids: () => [...text.matchAll(/^id: (\d+)\ndata: \{"id":\1,.*\}$/gm)].map(([, id]) => Number(id)),
            ended: new Promise((done) => response.on("close", () => done())),
            close: () => sent.destroy(),
          });
        },
      );
      sent.on("error", reject);
      sent.end();
    });
  }
  async function until(holds: () => boolean): Promise<void> {
    const last = performance.now() + 5_000;
    while (!holds()) {
      if (performance.now() > last) assert.fail(`not in time: ${holds.toString()}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
  async function act(): Promise<void> {
    await rig.owner("DELETE", "/api/v1/sessions/ses_nobody");
  }

  test("begins with what comes next, in order, and goes on after the last id that was seen", async () => {
    const live = await follow("/api/v1/events/stream?live=1");
    await until(() => live.text().startsWith(":"));
    assert.deepEqual(live.ids(), []);
    await act();
    await act();
    await until(() => live.ids().length === 4);
    const ids = live.ids();
    assert.deepEqual(
      ids,
      [0, 1, 2, 3].map((i) => (ids[0] ?? 0) + i),
    );
    live.close();

    const resumed = await follow("/api/v1/events/stream", { "last-event-id": String(ids[1]) });
    await until(() => resumed.ids().length === 2);
    assert.deepEqual(resumed.ids(), ids.slice(2));
    resumed.close();
    const after = await follow(`/api/v1/events/stream?after=${ids[0]}&kind=administration`);
    await until(() => after.ids().length === 2);
    assert.deepEqual(after.ids(), [ids[1], ids[3]]);
    after.close();
  });

  test("says that it is alive, and ends for whom it is no longer for", async () => {
    const eve = await rig.addPerson();
    const assertion = await rig.assertion(eve);
    const text: string[] = [];
    const headers = { host: "console.postern.localhost:7400", "postern-assertion": assertion };
    const ended = new Promise<void>((resolve, reject) => {
      const sent = request(
        { socketPath: rig.sockets.console, path: "/api/v1/events/stream", headers },
        (response) => {
          response.on("data", (chunk) => text.push(String(chunk)));
          response.on("end", resolve);
        },
      );
      sent.on("error", reject);
      sent.end();
    });
    await until(() => text.length > 0);
    rig.tick();
    await until(() => text.join("").includes(": still here"));
    await rig.owner("DELETE", `/api/v1/sessions/${eve.session}`);
    rig.tick();
    await ended;
  });
});

test("the API describes itself", async () => {
  const answer = await rig.owner("GET", "/api/openapi.json");
  assert.equal(answer.at("openapi"), "3.1.0");
  const paths = Object.keys(answer.at("paths") as object).sort();
  assert.deepEqual(paths, [
    "/api/v1/applications",
    "/api/v1/applications/{name}",
    "/api/v1/components",
    "/api/v1/decisions",
    "/api/v1/decisions/{id}",
    "/api/v1/events",
    "/api/v1/events/stream",
    "/api/v1/me",
    "/api/v1/overview",
    "/api/v1/people",
    "/api/v1/people/{id}/disable",
    "/api/v1/people/{id}/enable",
    "/api/v1/policy",
    "/api/v1/policy/apply",
    "/api/v1/policy/check",
    "/api/v1/policy/versions",
    "/api/v1/sessions",
    "/api/v1/sessions/{id}",
    "/api/v1/setup-link",
  ]);
  const ofConsole = await rig.console(ada, "GET", "/api/openapi.json");
  assert.equal(ofConsole.at("paths", "/api/v1/setup-link"), undefined);
});
