import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, request, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWTPayload, SignJWT } from "jose";
import type { RunningRole } from "../roles/role.ts";
import { run } from "./demo.ts";

type Key = Awaited<ReturnType<typeof generateKeyPair>>["privateKey"];

let folder: string;
let gateway: Server;
let demo: RunningRole;
let key: Key;
let kid: string;
const asked: string[] = [];

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "demo-"));
  const pair = await generateKeyPair("ES256");
  key = pair.privateKey;
  const half = await exportJWK(pair.publicKey);
  kid = await calculateJwkThumbprint(half);
  gateway = createServer((incoming, response) => {
    asked.push(`${incoming.headers.host ?? ""}${incoming.url ?? ""}`);
    response.end(JSON.stringify({ keys: [{ ...half, kid, alg: "ES256" }] }));
  });
  gateway.listen(0, "127.0.0.1");
  await once(gateway, "listening");
  const bound = gateway.address();
  demo = await run(
    {
      data: folder,
      run: folder,
      domain: "postern.localhost",
      hostStyle: "subdomain",
      listen: "127.0.0.1",
      port: typeof bound === "object" && bound !== null ? bound.port : 0,
      scheme: "http",
      demo: true,
      version: "0",
      node: "control-a",
      masterKey: { kind: "file", path: "/nowhere", make: false },
    },
    () => undefined,
  );
});
after(async () => {
  await demo.stop();
  gateway.close();
  rmSync(folder, { recursive: true, force: true });
});

const CLAIMS: JWTPayload = {
  iss: "http://login.postern.localhost",
  aud: "wiki",
  sub: "usr_1",
  name: "ada",
  role: "member",
  groups: ["a", "b<script>"],
};

async function assertion(changes: JWTPayload = {}, signer = key, lifetime = "60s"): Promise<string> {
  return await new SignJWT({ ...CLAIMS, ...changes })
    .setProtectedHeader({ alg: "ES256", kid })
    .setIssuedAt()
    .setExpirationTime(lifetime)
    .sign(signer);
}

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers: IncomingMessage["headers"];
}

async function open(application: string, path: string, token?: string, method = "GET"): Promise<Answer> {
  return await new Promise((resolve, reject) => {
    const sent = request(
      {
        socketPath: join(folder, `demo-${application}.sock`),
        path,
        method,
        headers: token === undefined ? {} : { "postern-assertion": token },
      },
      (response) => {
        let body = "";
        response.setEncoding("utf8");
        response.on("data", (text: string) => {
          body += text;
          if (response.headers["content-type"] === "text/event-stream") response.destroy();
        });
        response.on("close", () =>
          resolve({ status: response.statusCode ?? 0, body, headers: response.headers }),
        );
      },
    );
    sent.on("error", reject);
    sent.end();
  });
}

test("the wiki shows the identity that reached it, verified with keys asked for by the application's host", async () => {
  const { status, body } = await open("wiki", "/", await assertion());
  assert.equal(status, 200);
  for (const shown of [">ada<", ">member<", "a, b&lt;script&gt;", ">wiki<", CLAIMS.iss ?? ""])
    assert.ok(body.includes(shown), shown);
  assert.match(asked[0] ?? "", /^wiki\.postern\.localhost:\d+\/\.postern\/jwks\.json$/);
});

for (const { what, token } of [
  { what: "nothing", token: () => undefined },
  { what: "no token", token: () => "ada" },
  { what: "an assertion for another application", token: async () => await assertion({ aud: "payroll" }) },
  { what: "an assertion that expired", token: async () => await assertion({}, key, "-1s") },
  {
    what: "an assertion by another key",
    token: async () => await assertion({}, (await generateKeyPair("ES256")).privateKey),
  },
  {
    what: "an assertion without a signature",
    token: () =>
      `${Buffer.from('{"alg":"none"}').toString("base64url")}.${Buffer.from(JSON.stringify(CLAIMS)).toString("base64url")}.`,
  },
]) {
  test(`with ${what} it answers to nobody`, async () => {
    for (const path of ["/", "/plans", "/events", "/clock.js", "/nowhere"]) {
      const { status, body } = await open("wiki", path, await token());
      assert.equal(status, 403, path);
      assert.match(body, /This demo only answers to Postern/);
      assert.doesNotMatch(body, /ada/);
    }
  });
}

test("pages that are there open, others do not", async () => {
  const token = await assertion();
  for (const path of ["/plans", "/rules", "/clock?x=1"])
    assert.equal((await open("wiki", path, token)).status, 200);
  assert.equal((await open("wiki", "/nowhere", token)).status, 404);
  assert.equal((await open("wiki", "/", token, "POST")).status, 405);
  assert.equal((await open("payroll", "/events", await assertion({ aud: "payroll" }))).status, 404);
});

test("the live page streams the time, by a script that its policy allows and no other", async () => {
  const token = await assertion();
  const page = await open("wiki", "/clock", token);
  assert.match(page.body, /<script src="\/clock\.js" defer><\/script>/);
  assert.match(String(page.headers["content-security-policy"]), /default-src 'none'.*script-src 'self'/);
  assert.match((await open("wiki", "/clock.js", token)).body, /EventSource\("\/events"\)/);
  const stream = await open("wiki", "/events", token);
  assert.equal(stream.headers["content-type"], "text/event-stream");
  assert.match(stream.body, /^data: \d{4}-\d\d-\d\dT[\d:.]+Z\n\n$/);
});

test("payroll is another application: an assertion for the wiki opens nothing there", async () => {
  assert.equal((await open("payroll", "/", await assertion())).status, 403);
  assert.equal((await open("payroll", "/", await assertion({ aud: "payroll" }))).status, 200);
});
