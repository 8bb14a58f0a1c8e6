/** A gateway whose membership was revoked lets nobody in, at once, and says why to whoever can mend it. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { WebSocket, WebSocketServer } from "ws";
import { manifest, RULES, startRig, startUpstream, until } from "./rig.test.ts";

const WHY = "its membership was revoked by ada";

test("everything is denied at once: known sessions, new ones, the login host, and what is open", async () => {
  const [rig, upstream] = await Promise.all([startRig(), startUpstream()]);
  const websockets = new WebSocketServer({ server: upstream.server });
  const gateway = await rig.anotherGateway("other");
  try {
    await rig.activate({
      "wiki.yaml": manifest("wiki", upstream.url, "  classification: public\n"),
      "policy.rules": RULES,
    });
    const cookie = await rig.enter("wiki");
    const head = await rig.control.state.head();
    await gateway.view.waitFor(head.number, 5_000);
    const via = gateway.gateway.port;
    const page = { accept: "text/html" };
    assert.equal((await rig.ask("wiki", "/", { headers: { cookie }, via })).status, 200);
    const host = `wiki.postern.localhost:${rig.gateway.port}`;
    const socket = new WebSocket(`ws://127.0.0.1:${via}/`, { headers: { host, cookie } });
    await once(socket, "open");
    const reached = upstream.seen.length;

    const closing = once(socket, "close");
    gateway.shutOut(WHY);
    const [code, reason] = (await closing) as [number, Buffer];
    assert.equal(code, 1013);
    assert.match(reason.toString("utf8"), /may not let anybody in/);

    for (const [where, headers] of [
      ["wiki", { ...page, cookie }],
      ["wiki", page],
      ["nowhere", page],
      ["login", page],
    ] as const) {
      const answer = await rig.ask(where, "/", { headers, via });
      assert.equal(answer.status, 503, `${where}: ${answer.body}`);
      assert.match(answer.body, /its membership was revoked by ada[\s\S]*postern gateway token/);
    }
    const problem = await rig.ask("wiki", "/", { headers: { cookie, accept: "application/json" }, via });
    assert.equal((JSON.parse(problem.body) as { code: string }).code, "member.revoked");
    assert.match(JSON.stringify(rig.spool.of("decision").at(-1)), /postern\/membership-ended/);
    assert.equal(upstream.seen.length, reached, "nothing reaches an application");
    await until("the completion", () =>
      rig.spool.of("completion").some((record) => record["ended"] === "membership-ended"),
    );
    assert.equal(
      (await rig.ask("wiki", "/", { headers: { cookie } })).status,
      200,
      "the other gateways go on",
    );
  } finally {
    await gateway.close();
    websockets.close();
    await rig.close();
    await upstream.close();
  }
});
