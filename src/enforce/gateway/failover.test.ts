/** Several control nodes behind one gateway: whichever answers is asked, and nothing that changes something is sent twice. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, test } from "node:test";
import type { ControlDialer } from "#link";
import { manifest, type Rig, RULES, startRig, startUpstream, type TestUpstream } from "./rig.test.ts";

/** What stands where a control node's login host and console would. */
interface Node {
  readonly path: string;
  readonly server: Server;
  /** Requests in their order, with what came of their bodies. */
  readonly seen: { readonly method: string; readonly url: string; body: string }[];
  readonly sockets: Set<Socket>;
  handle: (request: IncomingMessage, response: ServerResponse, body: string) => void;
}

let folder: string;
let nodes: [Node, Node];
let rig: Rig;
let upstream: TestUpstream;

/** Tries the nodes in turn, another first each time. */
function dialer(): ControlDialer {
  let turn = 0;
  return {
    async dial() {
      turn += 1;
      let failure: unknown;
      for (let i = 0; i < nodes.length; i++) {
        const node = nodes[(turn + i) % nodes.length];
        try {
          const socket = connect(node?.path ?? "");
          await once(socket, "connect");
          return socket;
        } catch (error) {
          failure = error;
        }
      }
      throw failure;
    },
    close: () => undefined,
  };
}

async function start(name: string): Promise<Node> {
  const node: Node = {
    path: join(folder, `${name}.sock`),
    seen: [],
    sockets: new Set(),
    server: createServer((request, response) => {
      const seen = { method: request.method ?? "", url: request.url ?? "", body: "" };
      node.seen.push(seen);
      request.setEncoding("utf8").on("data", (text: string) => {
        seen.body += text;
      });
      request.on("end", () => node.handle(request, response, seen.body));
      request.on("error", () => undefined);
    }),
    handle: (_request, response) => void response.end(name),
  };
  node.server.on("connection", (socket) => {
    node.sockets.add(socket);
    socket.on("close", () => node.sockets.delete(socket));
  });
  await listen(node);
  return node;
}

async function listen({ server, path }: Node): Promise<void> {
  server.listen(path);
  await once(server, "listening");
}

/** As a process that is killed: nobody listens any more, and every connection is cut. */
async function kill({ server }: Node): Promise<void> {
  const closed = once(server, "close");
  server.close();
  server.closeAllConnections();
  await closed;
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "controls-"));
  nodes = [await start("a"), await start("b")];
  [rig, upstream] = await Promise.all([startRig({ control: dialer() }), startUpstream()]);
  await rig.activate({
    "wiki.yaml": manifest("wiki", upstream.url, "  classification: internal\n"),
    "policy.rules": RULES,
  });
});
beforeEach(() => {
  for (const node of nodes) {
    node.seen.length = 0;
    node.handle = (_request, response) => void response.end("ok");
  }
});
afterEach(async () => {
  for (const node of nodes) if (!node.server.listening) await listen(node);
});
after(async () => {
  await rig?.close();
  await upstream?.close();
  await Promise.all(nodes.map(kill));
  await rm(folder, { recursive: true });
});

const BROWSER = { accept: "text/html" };
const [GETS, POSTS] = [60, 20];

test("while one node after the other is killed, everything that reads is answered", async () => {
  for (const node of nodes) {
    const asked = Array.from({ length: GETS }, async (_, i) => await rig.ask("login", `/page/${i}`));
    await kill(node);
    const more = Array.from({ length: GETS }, async (_, i) => await rig.ask("login", `/page/${i}`));
    const answers = await Promise.all([...asked, ...more]);
    assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200]);
    await listen(node);
  }
});

test("what changes something has a connection of its own, and a node that has gone is passed over", async () => {
  await Promise.all(Array.from({ length: 4 }, async () => await rig.ask("login", "/warm")));
  await kill(nodes[0]);
  const answers = await Promise.all(
    Array.from(
      { length: POSTS },
      async (_, i) => await rig.ask("login", "/form", { method: "POST", body: `n=${i}` }),
    ),
  );
  assert.ok(answers.every(({ status }) => status === 200));
  const bodies = nodes.flatMap(({ seen }) => seen.filter(({ method }) => method === "POST"));
  assert.equal(bodies.length, POSTS);
  assert.equal(new Set(bodies.map(({ body }) => body)).size, POSTS);
});

test("a body is never sent twice, though the node that took it does not answer", async () => {
  for (const node of nodes) node.handle = (request) => void request.socket.destroy();
  const answer = await rig.ask("login", "/form", { method: "POST", body: "once", headers: BROWSER });
  assert.equal(answer.status, 503);
  assert.equal(answer.headers["refresh"], undefined, "nor is it posted again by the page");
  assert.deepEqual(
    nodes.flatMap(({ seen }) => seen.map(({ body }) => body)),
    ["once"],
  );
});

test("what only reads is asked again of another node, but not for ever", async () => {
  nodes[0].handle = (request) => void request.socket.destroy();
  for (let i = 0; i < 6; i++) assert.equal((await rig.ask("login", "/page")).status, 200);
  nodes[1].handle = (request) => void request.socket.destroy();
  for (const node of nodes) node.seen.length = 0;
  const answer = await rig.ask("login", "/page", { headers: BROWSER });
  assert.equal(answer.status, 503);
  assert.equal(nodes[0].seen.length + nodes[1].seen.length, 3);
});

test("once an answer has begun it is not asked for again", async () => {
  for (const node of nodes)
    node.handle = (_request, response) => {
      response.writeHead(200, { "content-length": "100" });
      response.write("half");
      setImmediate(() => response.destroy());
    };
  await assert.rejects(rig.ask("login", "/page"));
  assert.equal(nodes[0].seen.length + nodes[1].seen.length, 1);
});

test("a node that takes a request and says nothing is not waited for long", async () => {
  nodes[0].handle = () => undefined;
  for (let i = 0; nodes[0].seen.length === 0; i++) {
    assert.ok(i < 10, "it is never asked");
    assert.equal((await rig.ask("login", "/page")).status, 200);
  }
});

test("without any control known sessions go on, and login and console say so and come again", async () => {
  const cookie = await rig.enter("wiki");
  const consoleCookie = await rig.enter("console");
  await Promise.all(nodes.map(kill));
  assert.equal((await rig.ask("wiki", "/", { headers: { cookie } })).status, 200);
  for (const [host, headers] of [
    ["login", BROWSER],
    ["console", { ...BROWSER, cookie: consoleCookie }],
  ] as const) {
    const page = await rig.ask(host, "/", { headers });
    assert.equal(page.status, 503, page.body);
    assert.match(page.body, /does not answer\. .*This page tries again by itself/);
    assert.equal(page.headers["refresh"], "5");
    assert.equal(page.headers["retry-after"], "5");
    const problem = await rig.ask(host, "/", { headers: { ...headers, accept: "application/json" } });
    assert.equal(problem.status, 503);
    assert.equal((JSON.parse(problem.body) as { code: string }).code, "not_running");
  }
  await listen(nodes[1]);
  assert.equal((await rig.ask("login", "/", { headers: BROWSER })).status, 200);
});
