/** Open connections, from their opening to every way they end. Long because all of them share one gateway. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { type ClientRequest, type IncomingMessage, request } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, beforeEach, test } from "node:test";
import { WebSocket, WebSocketServer } from "ws";
import {
  ADA,
  manifest,
  type Rig,
  RULES,
  sessionOf,
  startRig,
  startUpstream,
  type TestUpstream,
  until,
} from "./rig.test.ts";

let rig: Rig;
let upstream: TestUpstream;
let websockets: WebSocketServer;
let cookie: string;

before(async () => {
  [rig, upstream] = await Promise.all([startRig(), startUpstream()]);
  websockets = new WebSocketServer({ server: upstream.server, path: "/ws" });
  websockets.on("connection", (socket) =>
    socket.on("message", (data) => socket.send(data, { binary: false })),
  );
});
beforeEach(async () => {
  await rig.activate(files());
  rig.control.state.put({ kind: "session", key: "ses_ada", value: sessionOf(ADA) });
  rig.control.state.put({ kind: "user", key: ADA.id, value: ADA });
  rig.control.beat();
  cookie = await rig.enter("wiki");
});
after(async () => {
  await rig?.close();
  websockets?.close();
  await upstream?.close();
});

function files(rules = ""): { [path: string]: string } {
  return {
    "wiki.yaml": manifest("wiki", upstream.url, "  classification: internal\n"),
    "policy.rules": RULES + rules,
  };
}

function origin(host = "wiki"): string {
  return `http://${host}.postern.localhost:${rig.gateway.port}`;
}

async function openSocket(headers: { [name: string]: string } = {}): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${rig.gateway.port}/ws`, {
    headers: { host: new URL(origin()).host, cookie, origin: origin(), ...headers },
  });
  await new Promise<void>((resolve, reject) => {
    socket.once("open", resolve);
    socket.once("error", reject);
  });
  socket.on("error", () => undefined);
  return socket;
}

async function closed(socket: WebSocket): Promise<void> {
  if (socket.readyState !== WebSocket.CLOSED) await once(socket, "close");
}

interface Stream {
  readonly sent: ClientRequest;
  readonly response: IncomingMessage;
  readonly chunks: string[];
  /** `ended` in good order, or `cut`. */
  readonly over: Promise<"ended" | "cut">;
}

async function openStream(path = "/stream"): Promise<Stream> {
  const sent = request({
    host: "127.0.0.1",
    port: rig.gateway.port,
    path,
    headers: { host: new URL(origin()).host, cookie },
    agent: false,
  });
  sent.on("error", () => undefined);
  sent.end();
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  const chunks: string[] = [];
  response.setEncoding("utf8").on("data", (chunk: string) => chunks.push(chunk));
  const over = new Promise<"ended" | "cut">((resolve) => {
    response.on("end", () => resolve("ended"));
    response.on("error", () => resolve("cut"));
  });
  return { sent, response, chunks, over };
}

/** Answers with a stream that goes on until it is cut; resolves `cut` when that reaches the application. */
function streamFromUpstream(): { cut: Promise<void> } {
  let cut: () => void;
  const done = new Promise<void>((resolve) => {
    cut = resolve;
  });
  upstream.handle = (_request, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write("data: 1\n\n");
    response.on("close", () => cut());
  };
  return { cut: done };
}

function endings(): unknown[] {
  return rig.spool.of("completion").map((record) => record["ended"]);
}

test("a WebSocket passes both ways, and is recorded", async () => {
  const socket = await openSocket();
  const answer = once(socket, "message");
  socket.send("hello");
  assert.equal(String((await answer)[0]), "hello");
  const large = once(socket, "message");
  socket.send("x".repeat(3_000_000));
  assert.equal(String((await large)[0]).length, 3_000_000);
  const before = rig.spool.of("completion").length;
  socket.close();
  await closed(socket);
  await until("its completion", () => rig.spool.of("completion").length > before);
  assert.match(JSON.stringify(rig.spool.of("decision").at(-1)), /"action":"connect"/);
});

test("a WebSocket that another site opens is refused, and so is one without a session, and no opening", async () => {
  await assert.rejects(openSocket({ origin: "http://evil.example" }), /403/);
  assert.match(JSON.stringify(rig.spool.of("decision").at(-1)), /postern\/websocket-origin/);
  await assert.rejects(openSocket({ origin: "null" }), /403/);
  await assert.rejects(openSocket({ origin: origin("payroll") }), /403/);
  await assert.rejects(openSocket({ origin: `${origin()}/` }), /403/);
  await assert.rejects(openSocket({ cookie: "a=1" }), /401/);
  const plain = await rig.raw(
    `GET /ws HTTP/1.1\r\nHost: ${new URL(origin()).host}\r\nCookie: ${cookie}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
  );
  assert.match(plain, /^HTTP\/1\.1 400 /);
});

test("another upgrade than to a WebSocket is not passed on", async () => {
  let seen: IncomingMessage | undefined;
  upstream.handle = (incoming, response) => {
    seen = incoming;
    response.end("plain");
  };
  const answer = await rig.raw(
    `GET / HTTP/1.1\r\nHost: ${new URL(origin()).host}\r\nCookie: ${cookie}\r\nConnection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n`,
  );
  assert.match(answer, /^HTTP\/1\.1 200 [\s\S]*plain/);
  assert.equal(seen?.headers.upgrade, undefined);
});

test("an upstream that takes no WebSocket is a 502", async () => {
  upstream.handle = (_request, response) => void response.end("no");
  const socket = new WebSocket(`ws://127.0.0.1:${rig.gateway.port}/other`, {
    headers: { host: new URL(origin()).host, cookie },
  });
  const [error] = (await once(socket, "error")) as [Error];
  assert.match(error.message, /502/);
});

for (const [what, end] of [
  ["its session ends", () => rig.control.state.put({ kind: "session", key: "ses_ada", value: null })],
  [
    "its person is disabled",
    () => rig.control.state.put({ kind: "user", key: ADA.id, value: { ...ADA, disabled: true } }),
  ],
  [
    "its session goes on as another person's",
    () =>
      rig.control.state.put({
        kind: "session",
        key: "ses_ada",
        value: { ...sessionOf(ADA), user: "usr_bob" },
      }),
  ],
] as const) {
  test(`when ${what}, an open WebSocket and a stream are cut on both sides`, async () => {
    const { cut } = streamFromUpstream();
    const [socket, stream] = [await openSocket(), await openStream()];
    await until("the upstream's socket", () => websockets.clients.size === 1);
    end();
    await closed(socket);
    assert.equal(await stream.over, "cut");
    await cut;
    await until("the upstream's socket to close", () => websockets.clients.size === 0);
    await until("two completions that say so", () =>
      endings()
        .slice(-2)
        .every((ended) => ended === "session-ended"),
    );
  });
}

test("a WebSocket that is ended is told so in plain words by a Close frame, and its application hears nothing more", async () => {
  const socket = await openSocket();
  await until("the upstream's socket", () => websockets.clients.size === 1);
  const [theirs] = websockets.clients;
  const heard: string[] = [];
  theirs?.on("message", (data: Buffer) => heard.push(data.toString("utf8")));
  const close = once(socket, "close");
  rig.control.state.put({ kind: "session", key: "ses_ada", value: null });
  const [code, reason] = (await close) as [number, Buffer];
  assert.equal(code, 1008);
  assert.match(reason.toString("utf8"), /^Your session has ended\./);
  await until("the upstream's socket to close", () => websockets.clients.size === 0);
  assert.deepEqual(heard, []);
});

test("in the middle of a frame a WebSocket is cut without one", async () => {
  const socket = await openSocket();
  await until("the upstream's socket", () => websockets.clients.size === 1);
  // the beginning of a frame of 1,000 bytes, written past the library
  const raw = (socket as unknown as { _socket: { bytesRead: number } })._socket;
  const [theirs] = websockets.clients;
  const before = raw.bytesRead;
  (theirs as unknown as { _socket: { write(bytes: Buffer): void } } | undefined)?._socket.write(
    Buffer.concat([Buffer.from([0x82, 126, 0x03, 0xe8]), Buffer.alloc(10)]),
  );
  await until("its beginning", () => raw.bytesRead >= before + 14);
  const close = once(socket, "close");
  rig.control.state.put({ kind: "session", key: "ses_ada", value: null });
  assert.equal(((await close) as [number])[0], 1006);
});

test("a client that takes no Close frame is cut all the same", async () => {
  const socket = await openSocket();
  await until("the upstream's socket", () => websockets.clients.size === 1);
  socket.pause();
  const completions = rig.spool.of("completion").length;
  rig.control.state.put({ kind: "session", key: "ses_ada", value: null });
  await until("its completion", () => rig.spool.of("completion").length > completions);
  socket.resume();
  await closed(socket);
});

test("data of an open WebSocket is use of its session; signs of life are not", async () => {
  const socket = await openSocket();
  upstream.handle = (_request, response) => void response.end("ok");
  assert.ok(rig.gateway.liveConnections > 0);
  rig.clock.advance(20_000);
  const asked = async (): Promise<number> => {
    await rig.ask("wiki", "/", { headers: { cookie } });
    const decision = rig.spool.of("decision").at(-1) as { input: { session: { idle_minutes?: number } } };
    return decision.input.session.idle_minutes ?? -1;
  };
  const first = await asked();
  rig.clock.advance(20_000);
  socket.ping();
  await once(socket, "pong");
  const idle = await asked();
  assert.ok(idle > 0.3, `a ping is no use, ${idle} (${first} before)`);
  rig.clock.advance(20_000);
  socket.send("typed");
  await once(socket, "message");
  assert.ok((await asked()) < 0.1, "what is typed is");
  socket.close();
  await closed(socket);
  await rig.clocksAgree();
});

test("when policy changes, what is no longer allowed is cut and recorded, and the rest goes on", async () => {
  streamFromUpstream();
  const [socket, stream] = [await openSocket(), await openStream()];
  await rig.activate(files('\n# reason: Nothing streams today\nDENY IF action == "read"\n'));
  assert.equal(await stream.over, "cut");
  await until("the completion", () => endings().at(-1) === "policy-changed");
  assert.match(JSON.stringify(rig.spool.of("decision").at(-1)), /Nothing streams today/);
  const answer = once(socket, "message");
  socket.send("still here");
  assert.equal(String((await answer)[0]), "still here");
  await rig.activate({ "policy.rules": RULES });
  await closed(socket);
});

test("time alone ends a connection: its session's limit, or a view that is too old", async () => {
  const first = await openSocket();
  rig.control.state.put({
    kind: "session",
    key: "ses_ada",
    value: { ...sessionOf(ADA), idleExpiresAt: rig.clock.now() + 10_000 },
  });
  await rig.settled();
  rig.clock.advance(31_000);
  await closed(first);
  await rig.clocksAgree();

  rig.control.state.put({ kind: "session", key: "ses_ada", value: sessionOf(ADA) });
  await rig.settled();
  const second = await openSocket();
  rig.clock.advance(301_000);
  await closed(second);
  await rig.clocksAgree();
  await until("the completion", () => endings().at(-1) === "view-stale");
});

test("events arrive one by one, as they are sent", async () => {
  const writers: ((text: string) => void)[] = [];
  upstream.handle = (_request, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.flushHeaders();
    writers.push(
      (text) => void response.write(text),
      () => void response.end(),
    );
  };
  const stream = await openStream();
  assert.equal(stream.chunks.length, 0, "headers came before the first event");
  for (const event of ["data: 1\n\n", "data: 2\n\n", "data: 3\n\n"]) {
    writers[0]?.(event);
    await until(event, () => stream.chunks.join("").endsWith(event));
  }
  writers[1]?.("");
  assert.equal(await stream.over, "ended");
});

test("a large upload waits for an application that reads slowly, and nobody holds it in memory", async () => {
  let paused: IncomingMessage | undefined;
  let received = 0;
  upstream.handle = (incoming, response) => {
    incoming.on("data", (chunk: Buffer) => {
      received += chunk.length;
    });
    incoming.on("end", () => response.end(String(received)));
    incoming.pause();
    paused = incoming;
  };
  const total = 256 * 1024 * 1024;
  const chunk = Buffer.alloc(1024 * 1024, 7);
  const sent = request({
    host: "127.0.0.1",
    port: rig.gateway.port,
    method: "PUT",
    path: "/upload",
    headers: { host: new URL(origin()).host, cookie, "content-length": total },
    agent: false,
  });
  let written = 0;
  const writeOne = async (): Promise<"drained"> => {
    written += chunk.length;
    if (!sent.write(chunk)) await once(sent, "drain");
    return "drained";
  };
  // what sockets hold on the way is taken; then it has to stand still
  const SOCKETS = 64 * 1024 * 1024;
  let last = writeOne();
  for (;;) {
    const pause = new Promise<"stuck">((resolve) => setTimeout(resolve, 250, "stuck"));
    if ((await Promise.race([last, pause])) === "stuck" && paused !== undefined) break;
    if (written > SOCKETS) break;
    if ((await Promise.race([last, Promise.resolve("waiting")])) === "drained") last = writeOne();
  }
  assert.ok(written < SOCKETS, `${written} bytes went somewhere while the application read nothing`);

  paused?.resume();
  await last;
  while (written < total) await writeOne();
  sent.end();
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  response.resume();
  await once(response, "end");
  assert.equal(received, total);
});

test("bodies keep their framing, trailers pass but for those of identity, and so do early hints", async () => {
  let seen:
    | { body: string; headers: IncomingMessage["headers"]; trailers: IncomingMessage["trailers"] }
    | undefined;
  upstream.handle = (incoming, response) => {
    let body = "";
    incoming.setEncoding("utf8").on("data", (text: string) => {
      body += text;
    });
    incoming.on("end", () => {
      seen = { body, headers: incoming.headers, trailers: incoming.trailers };
      response.writeEarlyHints({ link: "</style.css>; rel=preload; as=style" });
      response.writeHead(200, { trailer: "X-Sum" });
      response.write("first");
      response.addTrailers({ "X-Sum": "5", "Postern-Assertion": "forged" });
      response.end();
    });
  };
  const answer = await rig.raw(
    `DELETE / HTTP/1.1\r\nHost: ${new URL(origin()).host}\r\nCookie: ${cookie}\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 5\r\nX-Forwarded-User: mallory\r\n\r\n`,
  );
  assert.equal(seen?.body, "hello");
  assert.equal(seen.headers["transfer-encoding"], "chunked");
  assert.deepEqual({ ...seen.trailers }, { "x-sum": "5" });
  assert.match(
    answer,
    /^HTTP\/1\.1 103 Early Hints\r\nLink: <\/style\.css>[\s\S]*HTTP\/1\.1 200 OK[\s\S]*first/i,
  );
  assert.match(answer, /X-Sum: 5/i);
  assert.doesNotMatch(answer, /forged/);
});

test("a client that waits for 100 gets it only once it is let in", async () => {
  upstream.handle = (incoming, response) => {
    incoming.resume().on("end", () => response.end("done"));
  };
  const expecting = (with_: string): string =>
    `POST / HTTP/1.1\r\nHost: ${new URL(origin()).host}\r\nCookie: ${with_}\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n`;
  assert.match(await rig.raw(`${expecting(cookie)}hello`), /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 /);
  assert.match(await rig.raw(expecting("a=1")), /^HTTP\/1\.1 401 /);
});

test("what a client leaves ends at the application, and what an application leaves ends at the client", async () => {
  const { cut } = streamFromUpstream();
  const stream = await openStream();
  stream.sent.destroy();
  await cut;
  await until("the completion", () => endings().at(-1) === "client-closed");

  upstream.handle = (_request, response) => {
    response.writeHead(200, { "content-length": "100" });
    response.write("half");
    setImmediate(() => response.destroy());
  };
  assert.equal(await (await openStream()).over, "cut");
  await until("the completion", () => endings().at(-1) === "upstream-failed");
});

test("an application's tricks with cookies and headers stay with it", async () => {
  upstream.handle = (_request, response) => {
    response.setHeader("set-cookie", [
      "fine=1; Path=/",
      "__Host-postern=stolen; Path=/; Secure",
      "wide=1; Domain=postern.localhost; Path=/",
    ]);
    response.setHeader("clear-site-data", '"*"');
    response.setHeader("postern-assertion", "forged");
    response.end("ok");
  };
  const answer = await rig.ask("wiki", "/", { headers: { cookie } });
  assert.deepEqual(answer.headers["set-cookie"], ["fine=1; Path=/"]);
  assert.equal(answer.headers["clear-site-data"], undefined);
  assert.equal(answer.headers["postern-assertion"], undefined);
});

test("an application that closes a kept connection under a request is asked again, once", async () => {
  const { server } = upstream;
  server.keepAliveTimeout = 0;
  let calls = 0;
  upstream.handle = (incoming, response) => {
    calls += 1;
    if (calls === 2) incoming.socket.destroy();
    else response.end(`answer ${calls}`);
  };
  assert.equal((await rig.ask("wiki", "/", { headers: { cookie } })).body, "answer 1");
  assert.equal((await rig.ask("wiki", "/", { headers: { cookie } })).body, "answer 3");
  calls = 1;
  assert.equal((await rig.ask("wiki", "/", { method: "POST", headers: { cookie }, body: "x" })).status, 502);
});

test("stopping ends what is open within two seconds, and reports activity", async () => {
  streamFromUpstream();
  const [socket, stream] = [await openSocket(), await openStream()];
  const from = performance.now();
  const reports = rig.control.activity.length;
  await rig.gateway.stop();
  assert.ok(performance.now() - from < 2_500);
  await closed(socket);
  assert.equal(await stream.over, "cut");
  assert.equal(rig.control.activity.length, reports + 1);
  assert.ok(Number(rig.control.activity.at(-1)?.sessions["ses_ada"]) > 0);
  await assert.rejects(rig.ask("wiki", "/"), /ECONNREFUSED/);
  assert.ok(upstream.server.address() as AddressInfo);
});
