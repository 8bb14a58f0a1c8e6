import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import {
  type Answer,
  assertProblem,
  type Changes,
  type HeaderSet,
  makeRig,
  type Rig,
  type SignedIn,
} from "./rig.test.ts";

let rig: Rig;
let ada: SignedIn;
before(async () => {
  rig = await makeRig();
  ada = await rig.addPerson({ name: "ada" });
});
after(async () => await rig.close());

async function people(): Promise<number> {
  const { count } = await rig.store.db
    .selectFrom("user")
    .select(({ fn }) => fn.countAll<number>().as("count"))
    .executeTakeFirstOrThrow();
  return count;
}

const HOST = "console.postern.localhost:7400";

describe("the console's door", () => {
  test("lets in whom the gateway vouches for", async () => {
    const answer = await rig.console(ada, "GET", "/api/v1/me");
    assert.equal(answer.status, 200);
    assert.equal(answer.at("name"), "ada");
    assert.equal(answer.at("session"), ada.session);
    assert.equal(answer.at("loginOrigin"), "http://login.postern.localhost:7400");
    assert.equal(answer.headers["cache-control"], "no-store");
    assert.equal(answer.headers["x-content-type-options"], "nosniff");
  });

  const assertions: readonly (readonly [string, Changes])[] = [
    ["signed by a key that is not the announced one of its id", { key: "foreign" }],
    ["signed by a key that no gateway announced", { key: "unannounced" }],
    ["for an application", { audience: "wiki" }],
    ["of another issuer", { issuer: "http://login.example" }],
    ["that has expired", { issuedAt: Date.UTC(2026, 2, 4, 10, 28) }],
    [
      "that claims to be good for an hour, after a minute",
      { issuedAt: Date.UTC(2026, 2, 4, 10, 28), lifetime: 3_600 },
    ],
    ["from the future", { issuedAt: Date.UTC(2026, 2, 4, 11, 30) }],
    ["without a session", { claims: { sid: undefined } }],
    ["of no such session", { claims: { sid: "ses_unknown" } }],
    ["without a signature (alg none)", { algorithm: "none" }],
    ["signed with the public key as a secret (HS256)", { algorithm: "HS256" }],
  ];
  for (const [what, changes] of assertions) {
    test(`refuses an assertion ${what}`, async () => {
      const assertion = await rig.assertion(ada, changes);
      const answer = await rig.raw("GET", "/api/v1/me", { host: HOST, "postern-assertion": assertion });
      assertProblem(answer, 401, "unauthenticated");
    });
  }

  for (const [what, headers] of [
    ["nothing", {}],
    ["an empty assertion", { "postern-assertion": "" }],
    ["words", { "postern-assertion": "let me in" }],
    ["the owner's name", { "postern-assertion": "owner", authorization: "Bearer owner" }],
  ] as const) {
    test(`refuses ${what} in place of an assertion, for the API, its documentation and the pages`, async () => {
      for (const path of [
        "/api/v1/me",
        "/api/v1/nothing",
        "/api/openapi.json",
        "/",
        "/assets/console-abc123.js",
      ]) {
        assertProblem(await rig.raw("GET", path, { host: HOST, ...headers }), 401, "unauthenticated");
      }
    });
  }

  test("refuses the session of one person in the name of another", async () => {
    const eve = await rig.addPerson();
    const assertion = await rig.assertion({ ...eve, user: ada.user });
    const answer = await rig.raw("GET", "/api/v1/me", { host: HOST, "postern-assertion": assertion });
    assertProblem(answer, 401, "unauthenticated");
  });

  test("refuses a session that has ended, is past a limit, or of a person who is disabled", async () => {
    const ended = await rig.addPerson();
    const over = await rig.addPerson();
    const idle = await rig.addPerson();
    const disabled = await rig.addPerson();
    await rig.store.write(async ({ db }) => {
      const now = rig.clock.now();
      await db.deleteFrom("session").where("id", "=", ended.session).execute();
      await db
        .updateTable("session")
        .set({ absolute_expires_at: now })
        .where("id", "=", over.session)
        .execute();
      await db.updateTable("session").set({ idle_expires_at: now }).where("id", "=", idle.session).execute();
      await db.updateTable("user").set({ disabled: 1 }).where("id", "=", disabled.user).execute();
    });
    for (const who of [ended, over, idle, disabled]) {
      assertProblem(await rig.console(who, "GET", "/api/v1/overview"), 401, "unauthenticated");
    }
  });

  test("answers on its own host only, and only in its own scheme of addresses", async () => {
    const assertion = await rig.assertion(ada);
    for (const host of ["wiki.postern.localhost:7400", "localhost", "console.postern.localhost"]) {
      const answer = await rig.raw("GET", "/api/v1/me", { host, "postern-assertion": assertion });
      assertProblem(answer, 404, "not_found");
    }
  });

  test("knows no setup link, which is the owner's", async () => {
    assertProblem(await rig.console(ada, "POST", "/api/v1/setup-link", {}), 404, "not_found");
  });

  test("serves the pages with their headers to whom it knows", async () => {
    for (const path of ["/", "/access-log", "/people?x=1"]) {
      const page = await rig.console(ada, "GET", path);
      assert.equal(page.status, 200);
      assert.match(page.text, /console/);
      assert.match(String(page.headers["content-security-policy"]), /default-src 'none'/);
    }
    const script = await rig.console(ada, "GET", "/assets/console-abc123.js");
    assert.equal(script.headers["cache-control"], "public, max-age=31536000, immutable");
  });
});

describe("a request that changes something", () => {
  const foreign: readonly (readonly [string, HeaderSet])[] = [
    ["no token", { "x-csrf-token": undefined }],
    ["an empty token", { "x-csrf-token": "" }],
    ["a made-up token", { "x-csrf-token": "A".repeat(43) }],
    ["no origin", { origin: undefined }],
    ["the origin null", { origin: "null" }],
    ["the origin of an application", { origin: "http://wiki.postern.localhost:7400" }],
    ["the origin of the login host", { origin: "http://login.postern.localhost:7400" }],
    ["the console's origin over https", { origin: "https://console.postern.localhost:7400" }],
    ["Sec-Fetch-Site: same-site", { "sec-fetch-site": "same-site" }],
    ["Sec-Fetch-Site: cross-site", { "sec-fetch-site": "cross-site" }],
    ["Sec-Fetch-Site: none", { "sec-fetch-site": "none" }],
  ];
  for (const [what, headers] of foreign) {
    test(`is refused with ${what}`, async () => {
      const before = await people();
      assertProblem(
        await rig.console(ada, "POST", "/api/v1/people", { name: "mallory" }, headers),
        403,
        "denied",
      );
      assert.equal(await people(), before);
    });
  }

  test("is refused with the token of another session, also of the same person", async () => {
    const other = await rig.addPerson();
    const token = String((await rig.console(other, "GET", "/api/v1/me")).at("csrf"));
    const answer = await rig.console(
      ada,
      "POST",
      "/api/v1/people",
      { name: "mallory" },
      { "x-csrf-token": token },
    );
    assertProblem(answer, 403, "denied");
  });

  test("is let in from a browser that sends no Sec-Fetch-Site", async () => {
    const answer = await rig.console(
      ada,
      "POST",
      "/api/v1/people",
      { name: "old-browser" },
      { "sec-fetch-site": undefined },
    );
    assert.equal(answer.status, 200, answer.text);
  });

  test("has one token for a session, which another session does not share", async () => {
    const tokens = await Promise.all(
      [ada, ada, await rig.addPerson()].map(async (who) =>
        (await rig.console(who, "GET", "/api/v1/me")).at("csrf"),
      ),
    );
    assert.equal(tokens[0], tokens[1]);
    assert.notEqual(tokens[0], tokens[2]);
  });
});

describe("a body", () => {
  for (const door of ["owner", "console"] as const) {
    async function post(body: string, headers: HeaderSet, path = "/api/v1/people"): Promise<Answer> {
      if (door === "owner") return await rig.owner("POST", path, body, headers as Record<string, string>);
      return await rig.console(ada, "POST", path, body, headers);
    }
    for (const type of [
      "text/plain",
      "application/x-www-form-urlencoded",
      "multipart/form-data; boundary=x",
      "application/jsonp",
    ]) {
      test(`of type ${type} is refused (${door})`, async () => {
        assertProblem(await post('{"name":"mallory"}', { "content-type": type }), 400, "input.malformed");
      });
    }
    for (const text of ["{", "", "{'name':'x'}", '{"name":"x"', "\u0000"]) {
      test(`that is ${JSON.stringify(text)} is refused (${door})`, async () => {
        assertProblem(await post(text, { "content-type": "application/json" }), 400, "input.malformed");
      });
    }
    for (const text of [
      "null",
      "[]",
      "1",
      '{"name":1}',
      "{}",
      '{"name":""}',
      '{"name":"bob","admin":true}',
      '{"name":"bob","__proto__":{"role":"x"}}',
    ]) {
      test(`${text} is of another shape (${door})`, async () => {
        assertProblem(await post(text, { "content-type": "application/json" }), 422, "input.invalid");
      });
    }
    test(`over 64 KiB is refused, with and without its length (${door})`, async () => {
      const text = JSON.stringify({ name: "x".repeat(70_000) });
      assertProblem(await post(text, { "content-type": "application/json" }), 413, "input.too_large");
      const chunked = { "content-type": "application/json", "transfer-encoding": "chunked" };
      assertProblem(await post(text, chunked), 413, "input.too_large");
    });
  }

  test("names the unknown member", async () => {
    const answer = await rig.owner("POST", "/api/v1/people", { name: "bob", admin: true });
    assert.match(String(answer.at("title")), /admin/);
  });

  test("of an act without parameters may be absent or empty, and nothing else", async () => {
    const bob = await rig.addPerson({ role: "member" });
    const path = `/api/v1/people/${bob.user}/disable`;
    assertProblem(await rig.owner("POST", path, { really: true }), 422, "input.invalid");
    assert.equal((await rig.owner("POST", path)).status, 200);
    assert.equal((await rig.owner("POST", path, {})).status, 200);
  });
});

describe("a query", () => {
  for (const query of [
    "limit=0",
    "limit=201",
    "limit=x",
    "before=x",
    "since=-1",
    "effect=maybe",
    "colour=red",
    "subject=",
  ]) {
    test(`?${query} is refused`, async () => {
      assertProblem(await rig.owner("GET", `/api/v1/decisions?${query}`), 422, "input.invalid");
    });
  }
});

test("what is not there is not found, by any method", async () => {
  for (const [method, path] of [
    ["GET", "/api/v1/nothing"],
    ["GET", "/api"],
    ["PUT", "/api/v1/people"],
    ["POST", "/api/v1/overview"],
    ["GET", "/"],
    ["GET", "/api/v1/people/../overview/x"],
  ] as const) {
    assertProblem(await rig.owner(method, path), 404, "not_found");
  }
});

test("a fault of ours says nothing of itself to the caller, and is noticed", async () => {
  const broken = await makeRig();
  await broken.store.write(async ({ db }) => await db.schema.dropTable("component").execute());
  const answer = await broken.owner("GET", "/api/v1/components");
  assertProblem(answer, 500, "internal");
  assert.doesNotMatch(answer.text, /component|sql/i);
  assert.match(JSON.stringify(broken.notices), /no such table/);
  await broken.close();
});
