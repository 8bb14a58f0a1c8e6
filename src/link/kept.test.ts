import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { LINK_PATHS } from "./index.ts";
import { serve } from "./rig.test.ts";

describe("a connection that was kept", () => {
  test("and is broken before any answer: the message is sent once more, on a new one", async () => {
    const sockets = new Set<unknown>();
    let taken = 0;
    const { client } = await serve((request, response) => {
      taken += 1;
      const kept = sockets.has(request.socket);
      sockets.add(request.socket);
      if (kept) request.socket.destroy();
      else response.end("{}");
    });
    await client.send(LINK_PATHS.report, {});
    assert.deepEqual(await client.send(LINK_PATHS.report, {}), {});
    assert.equal(taken, 3);
  });

  test("once: when the new one breaks too, control cannot be reached", async () => {
    let taken = 0;
    const { client } = await serve((request, response) => {
      taken += 1;
      if (taken === 1) response.end("{}");
      else request.socket.destroy();
    });
    await client.send(LINK_PATHS.report, {});
    await assert.rejects(client.send(LINK_PATHS.report, {}), { code: "not_running" });
    assert.equal(taken, 3);
  });

  test("a new one that breaks is not tried again, nor is one whose answer had begun", async () => {
    let taken = 0;
    const { client } = await serve((request) => {
      taken += 1;
      request.socket.destroy();
    });
    await assert.rejects(client.send(LINK_PATHS.report, {}), { code: "not_running" });
    assert.equal(taken, 1);

    let begun = 0;
    const { client: second } = await serve((request, response) => {
      begun += 1;
      if (begun === 1) {
        response.end("{}");
        return;
      }
      response.writeHead(200, { "content-length": 10 });
      response.write("{", () => request.socket.destroy());
    });
    await second.send(LINK_PATHS.report, {});
    await assert.rejects(second.send(LINK_PATHS.report, {}), { code: "not_running" });
    assert.equal(begun, 2);
  });

  test("and is silent: nothing is sent on it again", async () => {
    const sockets = new Set<unknown>();
    const { client } = await serve((request, response) => {
      const kept = sockets.has(request.socket);
      sockets.add(request.socket);
      if (!kept) response.end("{}");
    });
    await client.send(LINK_PATHS.report, {});
    await assert.rejects(client.send(LINK_PATHS.report, {}, 100), { code: "not_running" });
    assert.deepEqual(await client.send(LINK_PATHS.report, {}), {});
    assert.equal(sockets.size, 2);
  });
});
