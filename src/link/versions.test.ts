import assert from "node:assert/strict";
import { request } from "node:http";
import { describe, test } from "node:test";
import { PosternError } from "#kernel";
import { LINK_MINOR, LINK_PATHS, linkClient, type StateMessage, unixDialer } from "./index.ts";
import { control, read, serve, until } from "./rig.test.ts";

const HEADERS = { "postern-boot": "b", "postern-role": "gateway", "postern-name": "local" };

async function raw(
  socketPath: string,
  path: string,
  headers: { readonly [name: string]: string } = HEADERS,
): Promise<{ status: number | undefined; body: { code?: string; message?: string }; minor: unknown }> {
  return await new Promise((resolve, reject) => {
    const sent = request({ socketPath, path, method: "POST", headers: { ...headers } }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        text += chunk;
      });
      response.on("end", () => {
        const body = JSON.parse(text) as { code?: string };
        resolve({ status: response.statusCode, body, minor: response.headers["postern-link-minor"] });
      });
    });
    sent.on("error", reject);
    sent.end("{}");
  });
}

/** What a reader makes of lines that control sends. */
async function readLines(
  ...lines: readonly object[]
): Promise<{ messages: StateMessage[]; ends: (Error | undefined)[] }> {
  const { client } = await serve((_, response) => {
    response.end(lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  });
  const { messages, ends } = read(client);
  await until(() => ends.length === 1);
  return { messages, ends };
}

describe("a control of a later minor version", () => {
  const beat = { type: "heartbeat", epoch: "e", head: 1, now: 1 };

  test("may send messages of types that are not known", async () => {
    const { messages, ends } = await readLines({ type: "rumour", words: [1] }, beat);
    assert.deepEqual(messages, [beat]);
    assert.deepEqual(ends, [undefined]);
  });

  test("may send members that are not known", async () => {
    const { messages } = await readLines({ ...beat, mood: "good" });
    assert.deepEqual(messages, [beat]);
  });

  test("may send entities of kinds that are not known: they are passed over", async () => {
    const known = { kind: "port", key: "p", value: { port: 1, colour: "red" } };
    const { messages } = await readLines({
      type: "change",
      epoch: "e",
      number: 1,
      entities: [
        { kind: "moon", key: "m", value: { full: true } },
        known,
        { kind: "toString", key: "x", value: {} },
      ],
    });
    assert.deepEqual(messages, [{ type: "change", epoch: "e", number: 1, entities: [known] }]);
  });

  test("names those that nobody may pass over", async () => {
    for (const type of ["change", "snapshot"]) {
      const { messages } = await readLines({
        type,
        epoch: "e",
        number: 1,
        entities: [
          { kind: "ban", key: "b", value: {}, must: true },
          { kind: "ban", key: "c", value: null, must: true },
          { kind: "moon", key: "m", value: {}, must: "yes" },
          { kind: "policy", key: "active", value: null, must: true },
        ],
      });
      assert.deepEqual(messages, [
        {
          type,
          epoch: "e",
          number: 1,
          entities: [{ kind: "policy", key: "active", value: null }],
          unknown: [
            { kind: "ban", key: "b" },
            { kind: "ban", key: "c" },
          ],
        },
      ]);
    }
  });

  test("may end a stream, or refuse, with a code that is not known", async () => {
    const { ends } = await readLines({ type: "ended", code: "member.asleep", message: "come back at eight" });
    assert.ok(ends[0] instanceof PosternError);
    assert.equal(ends[0].code as string, "member.asleep");
    const { client } = await serve((_, response) => {
      response.statusCode = 400;
      response.end('{"code":"<script>","message":"x"}');
    });
    await assert.rejects(client.send(LINK_PATHS.report, {}), { code: "internal" });
  });
});

test("instance and policy travel marked as what nobody may pass over", async () => {
  const { source, socket } = await control();
  source.commit({ kind: "policy", key: "active", value: null }, { kind: "control", key: "c", value: null });
  let text = "";
  const sent = request(
    {
      socketPath: socket,
      path: `${LINK_PATHS.state}?role=gateway&name=local&boot=b&version=v&epoch=epoch_1&after=1`,
      headers: HEADERS,
    },
    (response) => {
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        text += chunk;
      });
    },
  );
  sent.on("error", () => undefined);
  sent.end();
  await until(() => text.includes("heartbeat"));
  source.commit({ kind: "policy", key: "active", value: null }, { kind: "control", key: "c", value: null });
  await until(() => text.includes('"number":2'));
  assert.match(text, /\{"kind":"policy","key":"active","value":null,"must":true\}/);
  assert.match(text, /\{"kind":"control","key":"c","value":null\}/);
  sent.destroy();
});

test("every answer says which minor version control speaks", async () => {
  const { socket } = await control({ report: async () => await Promise.resolve() });
  assert.equal((await raw(socket, LINK_PATHS.report)).minor, String(LINK_MINOR));
  assert.equal((await raw(socket, "/elsewhere")).minor, String(LINK_MINOR));
});

test("another version of the link is said to be unsupported, to a stranger too", async () => {
  const { socket } = await control();
  for (const headers of [HEADERS, {}]) {
    const { status, body } = await raw(socket, "/link/v2/records", headers);
    assert.equal(status, 404);
    assert.equal(body.code, "version.unsupported");
  }
});

test("who does not say which start of which member it is gets nothing", async () => {
  const { socket } = await control({ report: async () => await Promise.resolve() });
  const { "postern-boot": _boot, ...noBoot } = HEADERS;
  assert.equal((await raw(socket, LINK_PATHS.report, noBoot)).body.code, "input.invalid");
  assert.equal(
    (await raw(socket, LINK_PATHS.report, { ...HEADERS, "postern-boot": "a b" })).body.code,
    "input.invalid",
  );
  for (const wrong of [
    { "postern-role": "control" },
    { "postern-name": "" },
    { "postern-name": "%" },
    { "postern-name": "a%0ab" },
  ])
    assert.equal((await raw(socket, LINK_PATHS.report, { ...HEADERS, ...wrong })).status, 401);
});

test("a name that no header can hold as it is arrives as it is", async () => {
  const names: string[] = [];
  const { socket } = await control({
    report: async (_, peer) => await Promise.resolve(void names.push(peer.name)),
  });
  const client = linkClient({ dialer: unixDialer(socket), boot: "b", role: "agent", name: "Bürorechner 3" });
  await client.send(LINK_PATHS.report, {});
  client.close();
  assert.deepEqual(names, ["Bürorechner 3"]);
});
