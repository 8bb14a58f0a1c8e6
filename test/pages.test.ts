/**
 * Every page that people see, at desktop and phone width, light and dark: axe finds nothing, nothing scrolls
 * sideways at 320 px, and each is photographed. `npm run pictures` keeps those that the documentation shows.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { openBrowser, type Visitor, visitor } from "./harness/browser.ts";
import { rotatingAuthority, troubledDeployment } from "./harness/deployment.ts";
import { type Instance, startInstance } from "./harness/instance.ts";
import { acceptInvitation, becomeAdministrator, openApplication, textOf } from "./harness/people.ts";
import { freePort } from "./harness/ports.ts";
import { runPostern } from "./harness/program.ts";
import { until } from "./harness/until.ts";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

let instance: Instance;
let browser: Browser;
let ada: Visitor;
let shots: string;

before(async () => {
  browser = await openBrowser();
  const link = `127.0.0.1:${await freePort()}`;
  instance = await startInstance({ flags: ["--link", link, "--link-url", `https://${link}`] });
  shots = process.env.POSTERN_PICTURES ?? (await mkdtemp(join(tmpdir(), "postern-shots-")));
  await mkdir(shots, { recursive: true });
  ada = await visitor(browser);
});
after(async () => {
  await browser?.close();
  await instance?.remove();
});

/** With `POSTERN_PICTURES` only what the documents show is kept, there; else all are taken, into a folder of `/tmp`. */
const DOCUMENTS = ["README.md", "docs/deployment.md"]
  .map((path) => readFileSync(new URL(`../${path}`, import.meta.url), "utf8"))
  .join("\n");
function wanted(picture: string): boolean {
  return process.env.POSTERN_PICTURES === undefined || DOCUMENTS.includes(`images/${picture}`);
}

interface Finding {
  readonly id: string;
  readonly help: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
}

/** Looks at the page as it stands in all four ways. */
async function look(page: Page, name: string): Promise<void> {
  for (const scheme of ["light", "dark"] as const) {
    for (const [device, width, height] of [
      ["desktop", 1280, 800],
      ["phone", 390, 844],
    ] as const) {
      await page.setViewportSize({ width, height });
      await page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
      await page.evaluate(() => document.fonts.ready.then(() => undefined));
      const picture = `${name}-${device}-${scheme}.png`;
      if (wanted(picture)) await page.screenshot({ path: join(shots, picture) });
      // as a tester's script, not the page's: the content security policy stays in force for the page
      const violations = (await page.evaluate(
        `${AXE}; axe.run(document, { resultTypes: ["violations"] }).then((r) => r.violations)`,
      )) as Finding[];
      const said = violations.map(
        (v) =>
          `${v.id}: ${v.help}\n  ${v.nodes.map((n) => `${n.html} ${n.failureSummary ?? ""}`).join("\n  ")}`,
      );
      assert.deepEqual(said, [], `${name} ${device} ${scheme}`);
    }
  }
  await page.setViewportSize({ width: 320, height: 640 });
  const sideways = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  assert.ok(sideways <= 0, `${name} scrolls ${sideways} px sideways at 320 px`);
  await page.setViewportSize({ width: 1280, height: 800 });
}

test("setup, and links that no longer work", async () => {
  await ada.page.goto(String(instance.ready.setup));
  await ada.page.getByRole("button", { name: /create .*passkey/i }).waitFor();
  await look(ada.page, "setup");
  const other = await visitor(browser);
  await other.page.goto(String(instance.ready.setup));
  await other.page.getByText(/another browser/i).waitFor();
  await look(other.page, "setup-other-browser");
  await other.context.close();
});

test("sign-in", async () => {
  await becomeAdministrator(ada.page, String(instance.ready.setup));
  const other = await visitor(browser);
  await other.page.goto(instance.url("wiki"));
  await other.page.getByRole("button", { name: /sign in with .*passkey/i }).waitFor();
  await look(other.page, "sign-in");
  await other.page.goto(instance.ready.login);
  await other.page.getByRole("main").waitFor();
  await look(other.page, "home-signed-out");
  await other.context.close();
});

test("an application, a closed door, no application", async () => {
  await openApplication(ada.page, instance.url("wiki"));
  await look(ada.page, "wiki");
  await openApplication(ada.page, instance.url("payroll"));
  await ada.page.getByRole("heading", { name: /can't open Payroll/ }).waitFor();
  await look(ada.page, "denied");
  await openApplication(ada.page, instance.url("nowhere"));
  await ada.page
    .getByText(/no application/i)
    .first()
    .waitFor();
  await look(ada.page, "no-application");
  await ada.page.goto(instance.ready.login);
  await ada.page.getByText("Wiki").first().waitFor();
  await look(ada.page, "home");
});

test("an invitation", async () => {
  const bob = await visitor(browser);
  const invited = JSON.parse((await instance.postern("user", "invite", "carol", "--json")).stdout) as {
    url: string;
  };
  await bob.page.goto(invited.url);
  await bob.page.getByRole("button", { name: /create .*passkey/i }).waitFor();
  await look(bob.page, "invite");
  await acceptInvitation(bob.page, instance, "bob");
  await openApplication(bob.page, instance.url("wiki"));
  await bob.context.close();
});

test("the console's pages", async () => {
  await until("decisions in the log", async () =>
    (await instance.postern("audit", "tail", "--json")).stdout.includes("decision"),
  );
  const pages: [string, string, RegExp][] = [
    ["overview", "/", /overview/i],
    ["decisions", "/decisions", /access log|decisions/i],
    ["applications", "/applications", /applications/i],
    ["people", "/people", /people/i],
    ["sessions", "/sessions", /sessions/i],
    ["policies", "/policies", /polic/i],
    ["deployment", "/deployment", /deployment/i],
  ];
  for (const [name, path, heading] of pages) {
    await openApplication(ada.page, `${instance.ready.console}${path}`);
    await ada.page.getByRole("heading", { name: heading, level: 1 }).waitFor();
    // what is shown has arrived: no placeholder is left
    await until(
      `${name} to be complete`,
      async () => (await ada.page.locator("[aria-busy=true]").count()) === 0,
    );
    await look(ada.page, `console-${name}`);
  }
});

test("the why page, beside the log and on its own", async () => {
  await openApplication(ada.page, `${instance.ready.console}/decisions?effect=deny`);
  const row = ada.page.getByRole("row").filter({ hasText: "payroll" }).first();
  await row.waitFor();
  await row.click();
  await ada.page
    .getByText(/policy\.rules:\d+/)
    .first()
    .waitFor();
  await look(ada.page, "console-why-panel");
  const text = await textOf(ada.page);
  const id = /dec_[0-9a-z]{26}/.exec(ada.page.url() + text)?.[0];
  assert.ok(id, "the panel names the decision");
  await ada.page.goto(`${instance.ready.console}/decisions/${id}`);
  await ada.page
    .getByText(/policy\.rules:\d+/)
    .first()
    .waitFor();
  await look(ada.page, "console-why");
});

test("a gateway is added, joins, and is shut out from the console", async () => {
  const { page } = ada;
  await openApplication(page, `${instance.ready.console}/deployment`);
  await page.getByText("All is well").waitFor();
  await page.getByRole("link", { name: "Add a gateway or agent" }).click();
  await page.getByLabel("Name").fill("local");
  await page.getByRole("button", { name: "Make the command" }).click();
  await page.getByText(/runs beside control has the name local/).waitFor();
  await page.getByLabel("Name").fill("edge-1");
  await page.getByRole("button", { name: "Make the command" }).click();
  const command = (await page.locator(".copy-command code").textContent()) ?? "";
  await page.getByText("Waiting for it to join").waitFor();
  await look(page, "console-deployment-add");
  assert.match(
    command,
    /^postern gateway join https:\/\/127\.0\.0\.1:\d+ --token pjt_\S+ --ca-pin sha256:\S+$/,
  );
  const data = await mkdtemp(join(tmpdir(), "postern-edge-"));
  const joined = await runPostern([...command.split(" ").slice(1), "--data", data]);
  assert.equal(joined.code, 0, joined.stderr);
  await page.getByText("Gateway edge-1 has joined", { exact: false }).first().waitFor();
  await page.getByRole("button", { name: "Done" }).click();
  await page.getByText("has not been connected yet").waitFor();

  await page.getByRole("link", { name: "edge-1", exact: true }).click();
  await page.getByRole("button", { name: "Revoke gateway edge-1" }).click();
  await page.getByRole("heading", { name: "Revoke gateway edge-1?" }).waitFor();
  await look(page, "console-deployment-revoke");
  await page.getByRole("button", { name: "Revoke", exact: true }).click();
  await page.getByText("It may no longer take part").waitFor();
  const list = await instance.postern("gateway", "list", "--json");
  const { items } = JSON.parse(list.stdout) as { items: { name: string; condition: string }[] };
  assert.equal(items.find(({ name }) => name === "edge-1")?.condition, "revoked");
  await rm(data, { recursive: true });
});

test("a deployment with much that is wrong, while its authority is rotated", async () => {
  const { page } = ada;
  const answers: readonly (readonly [string, unknown])[] = [
    ["components", troubledDeployment(Date.now())],
    ["authority", rotatingAuthority(Date.now())],
  ];
  for (const [path, json] of answers)
    await page.route(`**/api/v1/${path}`, async (route) => await route.fulfill({ json }));
  await openApplication(page, `${instance.ready.console}/deployment`);
  await page.getByText("Show 1 more").waitFor();
  await page.getByText("Under way").waitFor();
  await look(page, "console-deployment-troubled");
  await page.getByText("Show 1 more").click();
  await page.getByRole("link", { name: "Show gateway edge-3" }).click();
  await page.getByRole("heading", { name: "Gateway edge-3" }).waitFor();
  await look(page, "console-deployment-panel");
  await page.keyboard.press("Escape");
  await page.getByRole("heading", { name: "Gateway edge-3" }).waitFor({ state: "detached" });
  await page.unrouteAll({ behavior: "wait" });
});
