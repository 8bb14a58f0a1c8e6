import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { after, before, describe, test } from "node:test";
import { Worker } from "node:worker_threads";
import {
  BuiltinError,
  compile,
  EvaluationError,
  isObject,
  member,
  objectOf,
  type RegoObjectValue,
  type Value,
} from "#rego";
import { evaluateOptions } from "./evaluation.ts";
import { Network } from "./network.ts";
import { regoWorld } from "./world.ts";

/** Answers with what it was asked. It runs in a thread of its own, since the asking thread sleeps. */
const SERVER = `
const { createServer } = require("node:http");
const { parentPort } = require("node:worker_threads");
let count = 0;
const server = createServer((request, response) => {
  let body = "";
  request.on("data", (part) => { body += part; });
  request.on("end", () => {
    if (request.url === "/slow") return;
    if (request.url === "/away") return response.writeHead(302, { location: "http://elsewhere.invalid/" }).end();
    if (request.url === "/near") return response.writeHead(302, { location: "/there" }).end();
    if (request.url === "/text") return response.writeHead(200, { "content-type": "text/plain" }).end("hello");
    if (request.url === "/yaml") return response.writeHead(200, { "content-type": "application/yaml" }).end("a: 1");
    if (request.url === "/bad") return response.writeHead(200, { "content-type": "application/json" }).end("{");
    response.writeHead(200, { "content-type": "application/json", "x-one": "1" });
    response.end(JSON.stringify({ method: request.method, url: request.url, body, header: request.headers["x-a"] ?? null, count: ++count }).replace(/}$/, ',"big":12345678901234567890}'));
  });
});
server.listen(0, "127.0.0.1", () => parentPort.postMessage(server.address()));
`;

let server: Worker;
let url: string;
before(async () => {
  server = new Worker(SERVER, { eval: true });
  const [address] = (await once(server, "message")) as [AddressInfo];
  url = `http://127.0.0.1:${address.port}`;
});
after(async () => {
  await server.terminate();
});

function send(request: Record<string, Value>, hosts: readonly string[] = ["127.0.0.1"]): RegoObjectValue {
  const response = regoWorld(hosts).send(objectOf(Object.entries(request)));
  assert.ok(isObject(response));
  return response;
}

function bodyOf(response: RegoObjectValue, name: string): Value | undefined {
  const body = member(response, "body");
  return isObject(body) ? member(body, name) : undefined;
}

describe("http.send", () => {
  test("sends method, headers and body, and reads JSON exactly", () => {
    const response = send({ method: "post", url: `${url}/x`, headers: { "x-a": "b" }, body: { k: [1] } });
    assert.equal(member(response, "status"), "200 OK");
    assert.equal(member(response, "status_code"), 200);
    assert.equal(bodyOf(response, "method"), "POST");
    assert.equal(bodyOf(response, "body"), '{"k":[1]}');
    assert.equal(bodyOf(response, "header"), "b");
    assert.equal(bodyOf(response, "big"), 12345678901234567890n);
    const headers = member(response, "headers");
    assert.deepEqual(isObject(headers) && member(headers, "x-one"), ["1"]);
  });

  test("what is no JSON has no body, YAML has one, and force_json_decode makes one", () => {
    const text = send({ method: "get", url: `${url}/text` });
    assert.equal(member(text, "body"), null);
    assert.equal(member(text, "raw_body"), "hello");
    assert.equal(bodyOf(send({ method: "get", url: `${url}/yaml` }), "a"), 1);
    assert.equal(member(send({ method: "get", url: `${url}/bad` }), "body"), null);
    assert.equal(member(send({ method: "get", url: `${url}/text`, force_json_decode: true }), "body"), null);
  });

  test("one request is sent once in one evaluation", () => {
    const query = `x := http.send({"method": "get", "url": "${url}/once"}).body.count
y := http.send({"url": "${url}/once", "method": "get"}).body.count`;
    const policy = compile({});
    const reach = { hosts: ["127.0.0.1"], network: new Network(), random: false };
    const counts = (): Value | undefined => {
      const [solution] = policy.evaluate(query, undefined, evaluateOptions(10_000, reach));
      assert.equal(solution?.bindings["x"], solution?.bindings["y"]);
      return solution?.bindings["x"];
    };
    assert.notEqual(counts(), counts());
  });

  test("no answer is waited for longer than the evaluation has time, which then has none", () => {
    const reach = { hosts: ["127.0.0.1", "localhost"], network: new Network(), random: false };
    const started = performance.now();
    assert.throws(
      () =>
        compile({}).evaluate(
          `http.send({"method": "get", "url": "${url}/slow", "timeout": "1h", "raise_error": false})`,
          undefined,
          evaluateOptions(200, reach),
        ),
      (error) => error instanceof EvaluationError && error.code === "eval_cancel_error",
    );
    assert.ok(performance.now() - started < 5_000);
  });

  test("a redirect is followed when that is asked for, and to no host that is not allowed", () => {
    assert.equal(member(send({ method: "get", url: `${url}/near` }), "status_code"), 302);
    assert.equal(bodyOf(send({ method: "get", url: `${url}/near`, enable_redirect: true }), "url"), "/there");
    assert.throws(() => send({ method: "get", url: `${url}/away`, enable_redirect: true }), {
      message: /unallowed host: elsewhere\.invalid/,
    });
  });

  for (const [what, request, hosts, pattern] of [
    ["a host that is not allowed", { url: "http://127.0.0.1:1/" }, [], /unallowed host: 127\.0\.0\.1/],
    [
      "a name that only begins like one",
      { url: "http://127.0.0.1.evil.test/" },
      ["127.0.0.1"],
      /unallowed host/,
    ],
    ["another scheme", { url: "ftp://127.0.0.1/" }, ["127.0.0.1"], /unsupported protocol scheme "ftp"/],
    ["a port where nobody listens", { url: "http://127.0.0.1:1/" }, ["127.0.0.1"], /ECONNREFUSED/],
    ["no text as URL", { url: 1 }, ["127.0.0.1"], /"url" must be a string/],
  ] as const)
    test(`${what} is an error, or an answer without raise_error`, () => {
      const full = { method: "get", ...request };
      assert.throws(
        () => send(full, hosts),
        (error) =>
          error instanceof BuiltinError && error.code === "eval_builtin_error" && pattern.test(error.message),
      );
      const response = send({ ...full, raise_error: false }, hosts);
      assert.equal(member(response, "status_code"), 0);
      const told = member(response, "error");
      const message = isObject(told) ? member(told, "message") : undefined;
      assert.ok(typeof message === "string");
      assert.match(message, pattern);
    });

  test("a time-out ends the wait", () => {
    assert.throws(() => send({ method: "get", url: `${url}/slow`, timeout: "100ms" }), {
      message: /timed out/,
    });
  });
});

test("net.lookup_ip_addr gives addresses as they are, and asks only for names that are allowed", () => {
  assert.deepEqual(regoWorld([]).lookup("10.0.0.1"), ["10.0.0.1"]);
  assert.throws(() => regoWorld([]).lookup("localhost"), { message: /unallowed host: localhost/ });
  assert.ok(regoWorld(["localhost"]).lookup("localhost").length > 0);
});

test("opa.runtime shows nothing of this process", () => {
  const shown = JSON.stringify(regoWorld([]).runtime());
  for (const value of Object.values(process.env).filter((text) => text !== undefined && text.length > 8))
    assert.ok(!shown.includes(String(value)));
});
