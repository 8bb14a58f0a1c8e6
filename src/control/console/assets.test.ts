import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type IncomingHttpHeaders, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { PosternError } from "#kernel";
import { type ConsoleAssets, consoleAssets } from "./index.ts";

const base = mkdtempSync(join(tmpdir(), "postern-assets-"));
const folder = join(base, "console");
const sockets = { console: join(base, "c.sock"), login: join(base, "l.sock") };
const closing: (() => void)[] = [];

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

async function ask(
  host: keyof typeof sockets,
  path: string,
  headers: Record<string, string> = {},
  method = "GET",
): Promise<Answer> {
  return await new Promise((resolve, reject) => {
    const sent = request({ socketPath: sockets[host], path, method, headers }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        text += chunk;
      });
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
      );
    });
    sent.on("error", reject);
    sent.end();
  });
}

before(async () => {
  mkdirSync(join(folder, "assets"), { recursive: true });
  writeFileSync(join(folder, "index.html"), "<title>the console</title>");
  writeFileSync(join(folder, "login.html"), "<title>sign in</title>");
  writeFileSync(join(folder, "assets", "console-Ab12.js"), "export {};");
  writeFileSync(join(folder, "assets", "console-Ab12.css"), "a{}");
  writeFileSync(join(folder, "assets", "icon-Ab12.svg"), "<svg/>");
  writeFileSync(join(folder, "assets", "notes.map"), "not for anybody");
  writeFileSync(join(base, "secret.js"), "the key");
  symlinkSync(join(base, "secret.js"), join(folder, "assets", "linked.js"));
  const assets: ConsoleAssets = consoleAssets({ folder });
  for (const host of ["console", "login"] as const) {
    const server = createServer(assets[host]);
    await new Promise<void>((resolve) => server.listen(sockets[host], resolve));
    closing.push(() => {
      server.closeAllConnections();
      server.close();
    });
  }
});
after(() => {
  for (const close of closing) close();
  rmSync(base, { recursive: true, force: true });
});

describe("pages", () => {
  test("of the console are at each of its addresses, and of the login host at each of its own", async () => {
    for (const path of ["/", "/decisions", "/decisions/dec_1", "/people?limit=3", "/policies#x", "//odd"]) {
      assert.match((await ask("console", path)).text, /the console/, path);
      assert.match((await ask("login", path)).text, /sign in/, path);
    }
  });

  test("are asked for each time, may load nothing from elsewhere and be framed by nobody", async () => {
    const { headers } = await ask("console", "/");
    assert.equal(headers["cache-control"], "no-store");
    assert.equal(headers["content-type"], "text/html; charset=utf-8");
    assert.equal(
      headers["content-security-policy"],
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
        "frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
    );
    assert.equal(headers["x-content-type-options"], "nosniff");
    assert.equal(headers["x-frame-options"], "DENY");
  });
});

describe("files", () => {
  for (const [path, type] of [
    ["/assets/console-Ab12.js", "text/javascript; charset=utf-8"],
    ["/assets/console-Ab12.css", "text/css; charset=utf-8"],
    ["/assets/icon-Ab12.svg", "image/svg+xml"],
  ] as const) {
    test(`${path} has its type and is good for ever`, async () => {
      const { status, headers } = await ask("login", path);
      assert.equal(status, 200);
      assert.equal(headers["content-type"], type);
      assert.equal(headers["cache-control"], "public, max-age=31536000, immutable");
      assert.match(String(headers["content-security-policy"]), /default-src 'none'/);
    });
  }

  test("are not sent again to whom has them", async () => {
    const { headers } = await ask("console", "/assets/console-Ab12.js");
    const etag = String(headers.etag);
    for (const tag of [etag, `W/${etag}`, `"x", ${etag}`]) {
      const again = await ask("console", "/assets/console-Ab12.js", { "if-none-match": tag });
      assert.equal(again.status, 304);
      assert.equal(again.text, "");
    }
    assert.equal((await ask("console", "/assets/console-Ab12.js", { "if-none-match": '"x"' })).status, 200);
  });

  for (const path of [
    "/assets/",
    "/assets/nothing.js",
    "/assets/notes.map",
    "/assets/linked.js",
    "/assets/../../secret.js",
    "/assets/..%2f..%2fsecret.js",
    "/../secret.js",
    "/secret.js",
    "/assets/console-Ab12.js%00.css",
    "/assets\\console-Ab12.js",
    "/favicon.ico",
  ]) {
    test(`${path} is not there`, async () => {
      const { status, text } = await ask("console", path);
      assert.equal(status, 404);
      assert.doesNotMatch(text, /the key|not for anybody/);
    });
  }

  test("a HEAD is answered without a body, and nothing can be written", async () => {
    const head = await ask("console", "/assets/console-Ab12.js", {}, "HEAD");
    assert.equal(head.headers["content-length"], "10");
    assert.equal(head.text, "");
    for (const method of ["POST", "PUT", "DELETE"]) {
      const answer = await ask("console", "/", {}, method);
      assert.equal(answer.status, 405);
      assert.equal(answer.headers.allow, "GET, HEAD");
    }
  });
});

test("a folder that was not built is runtime.missing, and says what to do", () => {
  const half = join(base, "half");
  mkdirSync(half);
  writeFileSync(join(half, "index.html"), "");
  for (const missing of [join(base, "nothing"), half]) {
    assert.throws(
      () => consoleAssets({ folder: missing }),
      (error) =>
        error instanceof PosternError &&
        error.code === "runtime.missing" &&
        error.details.remedy === "npm run build" &&
        error.details.where === missing,
    );
  }
});
