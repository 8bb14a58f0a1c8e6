import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { type FakeInstance, type FakeOptions, startFake } from "./fake-instance.test.ts";

let instance: FakeInstance | undefined;
afterEach(() => {
  instance?.remove();
  instance = undefined;
});

function start(options: FakeOptions = {}): FakeInstance {
  instance = startFake(options);
  return instance;
}

async function ready(options: FakeOptions = {}): Promise<FakeInstance> {
  const fake = start(options);
  await fake.line((line) => line.event === "ready");
  return fake;
}

async function pidOf(fake: FakeInstance, role: string): Promise<number> {
  await fake.line((line) => line.event === "child-started" && line.role === role);
  return fake.lines.findLast((line) => line.event === "child-started" && line.role === role)?.pid ?? 0;
}

test("control is ready before the others start, and only then the instance is", async () => {
  const fake = await ready();
  const order = fake.lines.map((line) => `${line.event} ${line.role ?? ""}`.trim());
  assert.deepEqual(order.slice(0, 3), ["starting", "child-started control", "child-ready control"]);
  assert.deepEqual(order.slice(3, 5).sort(), ["child-started agent", "child-started gateway"]);
  assert.equal(order.indexOf("ready"), 7);
});

test("a child that is killed comes back after a growing pause, and it is said so", async () => {
  const fake = await ready();
  const pauses: (number | undefined)[] = [];
  for (let i = 0; i < 3; i++) {
    const from = fake.lines.length;
    process.kill(await pidOf(fake, "gateway"), "SIGKILL");
    await fake.line((line) => line.event === "child-exited" && line.role === "gateway", from);
    pauses.push((await fake.line((line) => line.event === "child-restarting", from)).pauseMs);
    await fake.line((line) => line.event === "child-ready" && line.role === "gateway", from);
  }
  assert.deepEqual(pauses, [50, 100, 200]);
});

test("a control that comes back has a new setup link, which is said", async () => {
  const fake = await ready();
  const from = fake.lines.length;
  const before = fake.lines.find((line) => line.event === "ready")?.setup;
  process.kill(await pidOf(fake, "control"), "SIGKILL");
  const again = await fake.line((line) => line.event === "setup-link", from);
  assert.match(again.setup ?? "", /^http:\/\/login\.test\/setup#\d+$/);
  assert.notEqual(again.setup, before);
});

test("SIGTERM to the supervisor alone stops every role in good order", async () => {
  const fake = await ready();
  fake.process.kill("SIGTERM");
  assert.equal(await fake.ended(), 0);
  assert.deepEqual(fake.stopped(), ["stopped agent", "stopped control", "stopped gateway"]);
  assert.equal(fake.lines.at(-1)?.event, "stopped");
});

for (const signal of ["SIGINT", "SIGHUP"] as const) {
  test(`${signal} to the whole group, as a terminal sends it, stops in the same good order`, async () => {
    const fake = await ready();
    process.kill(-(fake.process.pid ?? 0), signal);
    assert.equal(await fake.ended(), 0);
    assert.deepEqual(fake.stopped(), ["stopped agent", "stopped control", "stopped gateway"]);
    assert.ok(!fake.lines.some((line) => line.event === "child-exited"), "a child ended on its own");
  });
}

test("SIGTERM to the whole group, as service managers send it, stops all, and nothing is started again", async () => {
  const fake = await ready();
  process.kill(-(fake.process.pid ?? 0), "SIGTERM");
  assert.equal(await fake.ended(), 0);
  assert.deepEqual(fake.stopped(), ["stopped agent", "stopped control", "stopped gateway"]);
  assert.ok(!fake.lines.some((line) => line.event === "child-restarting"));
});

test("children end when the supervisor is killed with -9", async () => {
  const fake = await ready();
  assert.equal(fake.alive().length, 4);
  fake.process.kill("SIGKILL");
  assert.equal(await fake.ended(), "SIGKILL");
  assert.deepEqual(fake.stopped(), ["stopped agent", "stopped control", "stopped gateway"]);
});

test("a child that does not stop is killed after the grace period", async () => {
  const fake = await ready({ env: { FAKE_AGENT: "hang", FAKE_GRACE: "200" } });
  fake.process.kill("SIGTERM");
  assert.equal(await fake.ended(), 0);
  assert.ok(fake.lines.some((line) => line.event === "warning" && line.role === "agent"));
});

test("asking a second time stops at once", async () => {
  const fake = await ready({ env: { FAKE_CONTROL: "hang", FAKE_GRACE: "60000" } });
  fake.process.kill("SIGINT");
  await fake.line((line) => line.event === "stopping");
  const asked = performance.now();
  const again = setInterval(() => fake.process.kill("SIGINT"), 200);
  assert.equal(await fake.ended(), 0);
  clearInterval(again);
  assert.ok(performance.now() - asked < 4_000, "it waited for the role's own end");
});

test("stopping during the start leaves nothing behind", async () => {
  const fake = start({ env: { FAKE_GATEWAY: "never-ready" } });
  await fake.line((line) => line.event === "child-started" && line.role === "gateway");
  fake.process.kill("SIGTERM");
  assert.equal(await fake.ended(), 0);
  assert.ok(!fake.lines.some((line) => line.event === "ready"));
});

test("a role that cannot start ends the start with its error, and stops what had started", async () => {
  const fake = start({ env: { FAKE_GATEWAY: "fail" } });
  assert.equal(await fake.ended(), 1);
  assert.equal(fake.errors(), "error: the database is damaged\n  x.db\n  try: restore it\n");
  assert.ok(fake.stopped().includes("stopped control"));
});

test("a role that dies before it was ready ends the start too", async () => {
  const fake = start({ env: { FAKE_CONTROL: "crash" } });
  assert.equal(await fake.ended(), 1);
  assert.match(fake.errors(), /^error: the control ended before it was ready \(SIGKILL\)/);
});

test("SIGTERM to npm alone stops everything", async () => {
  const fake = await ready({ npm: true });
  fake.process.kill("SIGTERM");
  await fake.ended();
  assert.deepEqual(fake.stopped(), ["stopped agent", "stopped control", "stopped gateway"]);
});

test("Ctrl-C that npm passes on although the group has it already is one wish to stop, not two", async () => {
  const fake = await ready({ npm: true });
  process.kill(-(fake.process.pid ?? 0), "SIGINT");
  await fake.ended();
  assert.deepEqual(fake.stopped(), ["stopped agent", "stopped control", "stopped gateway"]);
});

test("everything stops when npm is killed with -9", async () => {
  const fake = await ready({ npm: true });
  fake.process.kill("SIGKILL");
  await fake.ended();
  assert.deepEqual(fake.stopped(), ["stopped agent", "stopped control", "stopped gateway"]);
});
