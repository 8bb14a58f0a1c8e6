import assert from "node:assert/strict";
import { request } from "node:http";
import { after, before, describe, test } from "node:test";
import { assertProblem, makeRig, NOW, names, type Rig, type SignedIn } from "../rig.test.ts";

let rig: Rig;
let _ada: SignedIn;
before(async () => {
  rig = await makeRig();
  _ada = await rig.addPerson({ name: "ada" });
});
after(async () => await rig.close());

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
    for (let i = 0; i < 6; i++) await rig.owner("DELETE", "/api/v1/sessions/ses_nobody");
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
