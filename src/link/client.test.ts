import assert from "node:assert/strict";
import { request } from "node:http";
import { join } from "node:path";
import { describe, test } from "node:test";
import { PosternError } from "#kernel";
import { LINK_PATHS, type StateMessage } from "./index.ts";
import { clientOf, control, folder, read, serve, until, WHO } from "./rig.test.ts";

describe("what the reader is told that is no message", () => {
  for (const [what, line] of [
    ["no JSON", "not json"],
    ["JSON of no type", '{"epoch":"e"}'],
    ["an end without a reason", '{"type":"ended"}'],
    ["a change without a number", '{"type":"change","epoch":"e","entities":[]}'],
    ["entities that are none", '{"type":"change","epoch":"e","number":1,"entities":[{"kind":"user"}]}'],
    ["a list", "[]"],
  ] as const) {
    test(`${what} ends the stream with an error`, async () => {
      const { client } = await serve((_, response) => response.end(`${line}\n`));
      const { messages, ends } = read(client);
      await until(() => ends.length === 1);
      assert.ok(ends[0] instanceof PosternError);
      assert.deepEqual(messages, []);
    });
  }

  test("lines cut anywhere are put together, and what follows a close is not handed over", async () => {
    const beat = (head: number): string =>
      `${JSON.stringify({ type: "heartbeat", epoch: "é", head, now: 1 })}\n`;
    const bytes = Buffer.from(beat(1) + beat(2) + beat(3));
    const { client } = await serve((_, response) => {
      for (const byte of bytes) response.write(Buffer.from([byte]));
      response.end();
    });
    const { messages, ends } = read(client);
    await until(() => ends.length === 1);
    assert.deepEqual(
      messages.map((message) => message.type === "heartbeat" && `${message.epoch}${message.head}`),
      ["é1", "é2", "é3"],
    );

    const { client: second } = await serve((_, response) => response.end(bytes));
    const seen: StateMessage[] = [];
    const close = second.openState(WHO, {
      onMessage(message) {
        seen.push(message);
        close();
      },
      onEnd: () => undefined,
    });
    await until(() => seen.length > 0);
    assert.equal(seen.length, 1);
  });
});

describe("messages up", () => {
  async function refusal(sending: Promise<unknown>): Promise<PosternError> {
    const error = await sending.then(
      () => assert.fail("it was not refused"),
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof PosternError, String(error));
    return error;
  }

  test("reach their handler, and its answer comes back", async () => {
    const seen: unknown[] = [];
    const record = { source: "gateway:local", boot: "boot_1", sequence: 1, previous: "", event: "{}" };
    const { client } = await control({
      records: async (records) => {
        seen.push(records);
        return await Promise.resolve({ accepted: { boot_1: 2 } });
      },
      activity: async (report) => {
        await Promise.resolve(seen.push(report));
      },
      key: async (announcement) => {
        await Promise.resolve(seen.push(announcement));
      },
    });
    assert.deepEqual(await client.send(LINK_PATHS.records, [record]), { accepted: { boot_1: 2 } });
    assert.deepEqual(await client.send(LINK_PATHS.activity, { sessions: { s: 1 } }), {});
    assert.deepEqual(await client.send(LINK_PATHS.keys, { gateway: "local", jwk: {} }), {});
    assert.deepEqual(seen, [[record], { sessions: { s: 1 } }, { gateway: "local", jwk: {} }]);
  });

  test("an error with a code arrives with its code", async () => {
    const { client } = await control({
      entry: async () => await Promise.reject(new PosternError("unauthenticated", "the session has ended")),
    });
    const error = await refusal(client.send(LINK_PATHS.entries, {}));
    assert.equal(error.code, "unauthenticated");
    assert.equal(error.message, "the session has ended");
  });

  test("any other error is internal", async () => {
    const { client } = await control({ entry: async () => await Promise.reject(new TypeError("a bug")) });
    assert.equal((await refusal(client.send(LINK_PATHS.entries, {}))).code, "internal");
  });

  test("a message over 16 MiB is refused with its code, and the link still works", async () => {
    const { client } = await control({ activity: async () => await Promise.resolve() });
    const error = await refusal(client.send(LINK_PATHS.activity, "x".repeat(17 * 1024 * 1024)));
    assert.equal(error.code, "input.too_large");
    assert.deepEqual(await client.send(LINK_PATHS.activity, {}), {});
  });

  async function raw(socket: string, method: string, path: string, body = ""): Promise<[number, unknown]> {
    return await new Promise((resolve, reject) => {
      const headers = { "postern-boot": "boot_1", "postern-role": "gateway", "postern-name": "local" };
      const sent = request({ socketPath: socket, method, path, headers }, (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => {
          text += chunk;
        });
        response.on("end", () => resolve([response.statusCode ?? 0, JSON.parse(text)]));
      });
      sent.on("error", reject);
      sent.end(body);
    });
  }

  test("what is no JSON is refused", async () => {
    const { socket } = await control();
    const [status, body] = await raw(socket, "POST", LINK_PATHS.records, "{");
    assert.equal(status, 400);
    assert.deepEqual(body, { code: "input.malformed", message: "the message is not valid JSON" });
  });

  for (const [method, path] of [
    ["GET", "/"],
    ["GET", "//"],
    ["POST", "/link/v2/records"],
    ["GET", LINK_PATHS.records],
    ["POST", LINK_PATHS.state],
    ["GET", "/link/v1/state/../../etc"],
  ] as const) {
    test(`${method} ${path} is not found`, async () => {
      const { socket } = await control();
      const [status] = await raw(socket, method, path);
      assert.equal(status, 404);
    });
  }

  test("a control that is not there, is silent, or breaks off is not_running", async () => {
    const nobody = clientOf(join(folder, "nobody.sock"));
    assert.equal((await refusal(nobody.send(LINK_PATHS.keys, {}))).code, "not_running");
    const { client: silent } = await serve(() => undefined);
    assert.equal((await refusal(silent.send(LINK_PATHS.keys, {}, 30))).code, "not_running");
    const { client: broken } = await serve((_, response) => {
      response.writeHead(200, { "content-length": 100 });
      response.write("{", () => response.destroy());
    });
    assert.equal((await refusal(broken.send(LINK_PATHS.keys, {}))).code, "not_running");
  });

  test("an answer that is no JSON, or an error of no form, is said to be so", async () => {
    const { client: prose } = await serve((_, response) => response.end("hello"));
    assert.equal((await refusal(prose.send(LINK_PATHS.keys, {}))).code, "input.malformed");
    const { client: odd } = await serve((_, response) => response.writeHead(500).end("[]"));
    assert.equal((await refusal(odd.send(LINK_PATHS.keys, {}))).code, "internal");
  });
});
