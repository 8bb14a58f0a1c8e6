/** The two other ways to be reached: by port, and with TLS off loopback. */
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { request } from "node:https";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { Browser } from "playwright-core";
import { openBrowser, visitor } from "./harness/browser.ts";
import { ask } from "./harness/http.ts";
import { type Instance, startInstance } from "./harness/instance.ts";
import { becomeAdministrator, openApplication, textOf } from "./harness/people.ts";
import { until } from "./harness/until.ts";
import { startUpstream, type Upstream } from "./harness/upstream.ts";

let browser: Browser;
before(async () => {
  browser = await openBrowser();
});
after(async () => {
  await browser?.close();
});

describe("by port", () => {
  let instance: Instance;
  let upstream: Upstream;
  before(async () => {
    upstream = await startUpstream();
    instance = await startInstance({ flags: ["--host-style", "port"] });
  });
  after(async () => {
    await upstream?.close();
    await instance?.remove();
  });

  test("each application has a port; a cookie of one opens no other; restricted ones refuse", async () => {
    const ada = await visitor(browser);
    assert.equal(new URL(instance.ready.login).host, `localhost:${instance.port}`);
    await becomeAdministrator(ada.page, String(instance.ready.setup));
    await openApplication(ada.page, instance.url("wiki"));
    await ada.page.getByText("ada", { exact: true }).first().waitFor();

    const jar = await ada.context.cookies(instance.url("wiki"));
    const wiki = jar.filter((cookie) => cookie.name.startsWith("__Host-postern-wiki"));
    assert.equal(wiki.length, 1, jar.map((cookie) => cookie.name).join());
    const added = await instance.postern(
      "app",
      "add",
      "echo",
      upstream.url,
      "--classification",
      "internal",
      "--json",
    );
    assert.equal(added.code, 0, added.stderr);
    const { url } = JSON.parse(added.stdout) as { url: string };
    await until("the new port", async () =>
      ask(url).then(
        () => true,
        () => false,
      ),
    );
    const stolen = wiki.map((cookie) => `__Host-postern-echo=${cookie.value}`).join("; ");
    const answer = await ask(url, { headers: { cookie: stolen, accept: "application/json" } });
    assert.equal(answer.status, 401);

    await openApplication(ada.page, url);
    const seen = JSON.parse(await textOf(ada.page)) as {
      headers: Record<string, string>;
    };
    assert.doesNotMatch(seen.headers["cookie"] ?? "", /postern/, "a cookie of ours reached the application");

    await openApplication(ada.page, instance.url("payroll"));
    await ada.page
      .getByText(/by port/i)
      .first()
      .waitFor();
    await ada.context.close();
  });
});

describe("with TLS from the authority for development", () => {
  let instance: Instance;
  before(async () => {
    instance = await startInstance({ flags: ["--listen", "0.0.0.0", "--tls", "development"] });
  });
  after(async () => {
    await instance?.remove();
  });

  test("the certificate is good for every host under the domain, by the authority alone", async () => {
    assert.match(instance.ready.console, /^https:\/\//);
    const authority = await readFile(join(instance.data, "authority.crt"));
    const status = await new Promise<number>((resolve, reject) => {
      const url = new URL(instance.url("wiki"));
      request(
        {
          host: "127.0.0.1",
          port: url.port,
          servername: url.hostname,
          ca: authority,
          headers: { host: url.host, accept: "text/html" },
        },
        (response) => {
          response.resume();
          resolve(response.statusCode ?? 0);
        },
      )
        .on("error", reject)
        .end();
    });
    assert.equal(status, 302);
    await assert.rejects(
      new Promise((resolve, reject) => {
        request({ host: "127.0.0.1", port: instance.port, servername: "wiki.postern.localhost" }, resolve)
          .on("error", reject)
          .end();
      }),
    );
  });

  test("no private key rests in the clear", async () => {
    const entries = await readdir(instance.data, { recursive: true, withFileTypes: true });
    for (const entry of entries.filter((found) => found.isFile())) {
      const text = await readFile(join(entry.parentPath, entry.name), "latin1");
      assert.ok(!text.includes("PRIVATE KEY"), entry.name);
    }
  });

  test("sign-in works over https, with Secure cookies", async () => {
    const ada = await visitor(browser, { ignoreHTTPSErrors: true });
    await becomeAdministrator(ada.page, String(instance.ready.setup));
    await openApplication(ada.page, instance.url("wiki"));
    await ada.page.getByText("ada", { exact: true }).first().waitFor();
    const cookies = await ada.context.cookies(instance.url("wiki"));
    assert.ok(cookies.every((cookie) => cookie.secure && cookie.httpOnly));
    await ada.context.close();
  });
});
