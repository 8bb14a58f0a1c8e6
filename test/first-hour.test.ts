/** A newcomer's first hour, in a real browser: from the setup link to an application, a closed door and the log. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Browser } from "playwright-core";
import { openBrowser, type Visitor, visitor } from "./harness/browser.ts";
import { ask } from "./harness/http.ts";
import { type Instance, startInstance } from "./harness/instance.ts";
import {
  acceptInvitation,
  becomeAdministrator,
  cookieHeader,
  openApplication,
  textOf,
} from "./harness/people.ts";
import { until } from "./harness/until.ts";
import { startUpstream, type Upstream } from "./harness/upstream.ts";

let instance: Instance;
let browser: Browser;
let ada: Visitor;
let upstream: Upstream;

before(async () => {
  // one after the other, so that what did start is there to be stopped
  browser = await openBrowser();
  upstream = await startUpstream();
  instance = await startInstance();
  ada = await visitor(browser);
});
after(async () => {
  await browser?.close();
  await upstream?.close();
  await instance?.remove();
});

test("an empty data folder gives a setup link whose token is in the fragment", () => {
  const setup = new URL(String(instance.ready.setup));
  assert.equal(setup.hostname, "login.postern.localhost");
  assert.equal(setup.search, "");
  assert.match(setup.hash, /^#[A-Za-z0-9_-]{43}$/);
  assert.deepEqual(instance.ready.apps.map((app) => app.name).sort(), ["payroll", "wiki"]);
});

test("a setup link of another token is refused, and says what to do", async () => {
  const stranger = await visitor(browser);
  const forged = new URL(String(instance.ready.setup));
  forged.hash = "A".repeat(43);
  await stranger.page.goto(forged.href);
  await stranger.page.getByText(/postern setup-link/).waitFor();
  await stranger.context.close();
});

test("the setup link binds to the first browser and makes the first administrator with a passkey", async () => {
  const setup = String(instance.ready.setup);
  await ada.page.goto(setup);
  await ada.page.getByRole("button", { name: /create .*passkey/i }).waitFor();
  assert.equal(new URL(ada.page.url()).hash, "", "the token stays in the address bar");

  const second = await visitor(browser);
  await second.page.goto(setup);
  await second.page.getByText(/another browser/i).waitFor();
  assert.equal(await second.page.getByRole("button", { name: /create .*passkey/i }).count(), 0);
  await second.context.close();

  await becomeAdministrator(ada.page, setup);
  await ada.page.getByRole("heading", { name: /overview/i }).waitFor();
});

test("the setup link works once", async () => {
  const again = await visitor(browser);
  await again.page.goto(String(instance.ready.setup));
  await again.page.getByText(/used/i).first().waitFor();
  await again.context.close();
  const more = await instance.postern("setup-link");
  assert.equal(more.code, 1, more.stdout + more.stderr);
  assert.match(more.stderr, /administrator/i);
});

test("the wiki opens after sign-in and shows the identity that reached it", async () => {
  await openApplication(ada.page, instance.url("wiki"));
  await ada.page.getByText("ada", { exact: true }).first().waitFor();
  assert.equal(new URL(ada.page.url()).hostname, "wiki.postern.localhost");
});

test("another origin cannot ask for the passkey", async () => {
  const refused = await ada.page.evaluate(async () => {
    const ask = navigator.credentials.get({
      publicKey: {
        challenge: new Uint8Array(32),
        rpId: "login.postern.localhost",
        userVerification: "required",
      },
    });
    return await ask.then(
      () => "given",
      (error: DOMException) => error.name,
    );
  });
  assert.equal(refused, "SecurityError");
});

test("payroll is closed, on a page that names the failed conditions in plain words", async () => {
  await openApplication(ada.page, instance.url("payroll"));
  await ada.page.getByRole("heading", { name: "You can't open Payroll yet." }).waitFor();
  const text = await textOf(ada.page);
  assert.match(text, /device/i);
  assert.match(text, /dec_[0-9a-z]{26}/);
  assert.doesNotMatch(text, /ALLOW IF|device\.managed|\.rules/, "rule text leaked");
});

test("an API client gets RFC 9457 problem JSON with the decision id, and explain says why", async () => {
  const cookie = await cookieHeader(ada.page, instance.url("payroll"));
  const answer = await ask(instance.url("payroll"), { headers: { cookie, accept: "application/json" } });
  assert.equal(answer.status, 403);
  assert.match(String(answer.headers["content-type"]), /^application\/problem\+json/);
  const problem = JSON.parse(answer.body) as {
    status: number;
    type: string;
    title: string;
    decision: string;
  };
  assert.equal(problem.status, 403);
  assert.ok(problem.title.length > 0 && problem.type.length > 0);

  const explained = await until("the decision in the log", async () => {
    const run = await instance.postern("explain", problem.decision);
    return run.code === 0 ? run.stdout : undefined;
  });
  assert.match(explained, /policy\.rules:\d+/);
  assert.match(explained, /device\.managed/);
  const json = await instance.postern("explain", problem.decision, "--json");
  assert.equal((JSON.parse(json.stdout) as { decision: { effect: string } }).decision.effect, "deny");
});

test("explain of an unknown decision fails with what to do", async () => {
  const run = await instance.postern("explain", "dec_00000000000000000000000000");
  assert.equal(run.code, 1);
  assert.match(run.stderr, /^error: /m);
});

test("signed-out visitors learn nothing: no application answers like one", async () => {
  const shape = async (name: string, accept: string): Promise<unknown> => {
    const answer = await ask(instance.url(name, "/some/where?x=1"), { headers: { accept } });
    const names = answer.rawHeaders.filter((_, i) => i % 2 === 0);
    const location = answer.headers.location === undefined ? "" : new URL(answer.headers.location);
    return {
      status: answer.status,
      names,
      to: location === "" ? "" : [location.origin, location.pathname, [...location.searchParams.keys()]],
      body: answer.body.replaceAll(name, "NAME"),
    };
  };
  for (const accept of ["text/html", "application/json"]) {
    assert.deepEqual(await shape("nowhere", accept), await shape("wiki", accept));
    assert.deepEqual(await shape("payroll", accept), await shape("wiki", accept));
  }
  const html = await ask(instance.url("wiki"), { headers: { accept: "text/html" } });
  assert.equal(html.status, 302);
  const json = await ask(instance.url("wiki"), { headers: { accept: "application/json" } });
  assert.equal(json.status, 401);
});

test("app add protects something of one's own at once", async () => {
  const added = await instance.postern("app", "add", "grafana", upstream.url, "--classification", "internal");
  assert.equal(added.code, 0, added.stderr);
  await openApplication(ada.page, instance.url("grafana", "/d/1?x=%20y"));
  const seen = JSON.parse(await textOf(ada.page)) as {
    url: string;
    headers: Record<string, string>;
  };
  assert.equal(seen.url, "/d/1?x=%20y");
  assert.ok(seen.headers["postern-assertion"]);
  assert.equal(seen.headers["cookie"], undefined, "our cookie reached the application");
});

test("what the client says of its identity is dropped in ten spellings", async () => {
  const cookie = await cookieHeader(ada.page, instance.url("grafana"));
  const spellings = [
    "Postern-Assertion",
    "postern-assertion",
    "POSTERN-ASSERTION",
    "Postern_Assertion",
    "postern_user",
    "X-Postern-User",
    "X-Forwarded-User",
    "x_forwarded_user",
    "X-Forwarded-For",
    "X_Forwarded_For",
    "Remote-User",
    "X-Remote-User",
    "X-Real-IP",
    "Forwarded",
  ];
  for (const spelling of spellings) {
    const from = upstream.seen.length;
    const answer = await ask(instance.url("grafana", "/h"), { headers: { cookie, [spelling]: "mallory" } });
    assert.equal(answer.status, 200, spelling);
    const raw = upstream.seen[from]?.rawHeaders ?? [];
    assert.ok(!raw.some((text) => text.includes("mallory")), `${spelling} reached the application`);
    const assertions = raw.filter(
      (text, i) => i % 2 === 0 && text.toLowerCase().replaceAll("_", "-") === "postern-assertion",
    );
    assert.equal(assertions.length, 1, spelling);
  }
});

test("a cookie of one application opens no other", async () => {
  const cookie = await cookieHeader(ada.page, instance.url("grafana"));
  const answer = await ask(instance.url("wiki"), { headers: { cookie, accept: "application/json" } });
  assert.equal(answer.status, 401);
});

test("an application cannot set our cookies or cookies for its siblings", async () => {
  const cookie = await cookieHeader(ada.page, instance.url("grafana"));
  const answer = await ask(instance.url("grafana", "/cookies"), { headers: { cookie } });
  assert.deepEqual(answer.headers["set-cookie"], ["fine=1; Path=/"]);
});

test("user invite brings in a second person, who may open the wiki but not the console", async () => {
  const bob = await visitor(browser);
  await acceptInvitation(bob.page, instance, "bob");
  await openApplication(bob.page, instance.url("wiki"));
  await bob.page.getByText("bob", { exact: true }).first().waitFor();
  await openApplication(bob.page, instance.ready.console);
  await bob.page.getByRole("heading", { name: /can't open/i }).waitFor();
  await bob.context.close();
});

test("the console's access log says why, down to the rule's file and line", async () => {
  await openApplication(ada.page, `${instance.ready.console}/decisions?effect=deny`);
  const row = ada.page.getByRole("row").filter({ hasText: "payroll" }).first();
  await row.waitFor();
  await row.click();
  await ada.page
    .getByText(/policy\.rules:\d+/)
    .first()
    .waitFor();
});

test("audit tail shows decisions, sign-ins and acts", async () => {
  const run = await instance.postern("audit", "tail", "--json");
  assert.equal(run.code, 0, run.stderr);
  const kinds = new Set(
    run.stdout
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as { kind: string }).kind),
  );
  for (const kind of ["decision", "login", "administration"]) assert.ok(kinds.has(kind), kind);
});
