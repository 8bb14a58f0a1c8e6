import assert from "node:assert/strict";
import { test } from "node:test";
import { compileSet } from "./compile-set.ts";
import { matchAction } from "./match-action.ts";

const text = `apiVersion: postern.dev/v1
kind: Application
metadata: { name: n }
spec:
  upstream: http://localhost:1
  classification: public
  actions:
    - { name: deploy, methods: [POST], pathPrefix: /deploy }
    - { name: administer, methods: [GET, POST], pathPrefix: /admin/ }
    - { name: erase, methods: [DELETE] }
`;
const application = compileSet([{ path: "a.yaml", text }]).applications.get("n");
assert.ok(application);

const cases: readonly (readonly [string, string, string])[] = [
  ["POST", "/deploy", "deploy"],
  ["POST", "/deploy/now", "deploy"],
  ["POST", "/deployment", "write"],
  ["GET", "/deploy", "read"],
  ["GET", "/admin/users", "administer"],
  ["GET", "/admin", "read"],
  ["DELETE", "/", "erase"],
  ["GET", "/", "read"],
  ["HEAD", "/", "read"],
  ["OPTIONS", "/", "read"],
  ["PATCH", "/", "write"],
  ["PROPFIND", "/", "write"],
  ["get", "/", "write"],
  ["CONNECT", "/socket", "connect"],
];
for (const [method, path, action] of cases)
  test(`${method} ${path} is ${action}`, () => assert.equal(matchAction(application, method, path), action));
