import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { administrationEvent, completionEvent, decisionEvent, type EventOrigin, loginEvent } from "#events";
import { type ManualClock, manualClock, PosternError, systemIds } from "#kernel";
import { chainStart, recordHash, type SpoolRecord } from "#link";
import { type EventLog, type LoggedEvent, openLog } from "#log";
import type { Decision, Input } from "#policy";
import { openStore, type Store } from "#store";

const NOW = 1_790_000_000_000;
const CONTROL: EventOrigin = { role: "control", name: "local", version: "1.2.3" };
const GATEWAY: EventOrigin = { role: "gateway", name: "local", version: "1.2.3" };

let folder: string;
let number = 0;
let store: Store;
let log: EventLog;
let clock: ManualClock;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "log-"));
});
beforeEach(async () => {
  await store?.close();
  clock = manualClock(NOW);
  store = await openStore({ path: join(folder, `${++number}.db`), clock, ids: systemIds });
  log = await openLog({ store, origin: CONTROL, boot: "boot_c", clock });
});
after(async () => {
  await store.close();
  await rm(folder, { recursive: true, force: true });
});

function made(id: string, effect: "allow" | "deny"): Decision {
  const rule = { rule: "r", source: "policy.rules:3" };
  return {
    id,
    effect,
    version: "v".repeat(64),
    rules: effect === "allow" ? [rule] : [],
    reasons: [{ ...rule, message: effect === "allow" ? "Everybody may" : "Your device is managed" }],
    obligations: {},
    ...(effect === "deny"
      ? {
          failed: [
            {
              fact: "device.managed",
              plain: "Your device is managed",
              actual: "not known",
              source: "policy.rules:3",
            },
          ],
        }
      : {}),
  };
}

function input(subject: string, resource: string, path = "/"): Input {
  return {
    type: "user",
    user: { id: `usr_${subject}`, name: subject },
    subject: { type: "user", id: `usr_${subject}`, name: subject },
    action: "read",
    resource: { name: resource, kind: "application", classification: "internal" },
    request: { method: "GET", path, source_ip: "127.0.0.1" },
    time: { now_ns: 1_790_000_000_123_456_789n },
  };
}

function decided(
  id: string,
  effect: "allow" | "deny",
  subject: string,
  resource: string,
  path = "/",
  time = NOW,
): string {
  const http = { method: "GET", url: `http://${resource}.postern.localhost:7400${path}` };
  const record = {
    time,
    decision: made(id, effect),
    input: input(subject, resource, path),
    source: { ip: "127.0.0.1" },
    http,
  };
  return JSON.stringify(decisionEvent(GATEWAY, record));
}

/** A chained batch of one boot, from a sequence on. */
function chain(events: readonly string[], boot = "boot_g", from?: SpoolRecord): SpoolRecord[] {
  const source = "gateway:local";
  let sequence = from?.sequence ?? 0;
  let previous = from === undefined ? chainStart(source, boot) : recordHash(from);
  return events.map((event) => {
    const record = { source, boot, sequence: ++sequence, previous, event };
    previous = recordHash(record);
    return record;
  });
}

async function count(kind: string): Promise<number> {
  const rows = await store.db.selectFrom("event").select("id").where("kind", "=", kind).execute();
  return rows.length;
}

test("a batch is taken once, however often and in whatever pieces it is sent", async () => {
  const records = chain([1, 2, 3, 4].map((i) => decided(`dec_${i}`, "allow", "ada", "wiki")));
  assert.deepEqual(await log.ingest(records.slice(0, 3)), { accepted: { boot_g: 3 } });
  assert.deepEqual(await log.ingest(records), { accepted: { boot_g: 4 } });
  assert.deepEqual(await log.ingest(records.slice(1, 2)), { accepted: { boot_g: 4 } });
  assert.equal(await count("decision"), 4);
  assert.equal(await count("component"), 0);
});

test("the same sequence of another boot is another record", async () => {
  await log.ingest(chain([decided("dec_1", "allow", "ada", "wiki")]));
  await log.ingest(chain([decided("dec_2", "allow", "ada", "wiki")], "boot_h"));
  assert.equal(await count("decision"), 2);
});

test("a gap is an event, and what came after it is kept", async () => {
  const records = chain([1, 2, 3].map((i) => decided(`dec_${i}`, "allow", "ada", "wiki")));
  await log.ingest([records[0], records[2]]);
  assert.equal(await count("decision"), 2);
  const [event] = await log.events({ kind: "component", limit: 10 });
  assert.match(String(event?.event["message"]), /1 records of gateway:local are missing before number 3/);
});

test("an altered record breaks the chain, and the log says so", async () => {
  const records = chain([1, 2].map((i) => decided(`dec_${i}`, "deny", "mallory", "payroll")));
  const [first, second] = records;
  assert.ok(first && second);
  await log.ingest([{ ...first, event: decided("dec_1", "allow", "mallory", "payroll") }, second]);
  const [event] = await log.events({ kind: "component", limit: 10 });
  assert.match(String(event?.event["message"]), /does not follow/);
});

test("what is no batch of records changes nothing", async () => {
  const [good] = chain([decided("dec_1", "allow", "ada", "wiki")]);
  assert.ok(good);
  const bad: unknown[] = [
    null,
    {},
    [{ ...good, sequence: 0 }],
    [{ ...good, sequence: 1.5 }],
    [{ ...good, source: "control:local" }],
    [{ ...good, previous: "x" }],
    [{ ...good, extra: 1 }],
    [{ ...good, event: "[]" }],
    [{ ...good, event: "{" }],
    [{ ...good, event: "{}" }],
    [good, { ...good, sequence: 2, event: '{"time":1}' }],
  ];
  for (const batch of bad) {
    await assert.rejects(
      log.ingest(batch),
      (error: unknown) => error instanceof PosternError,
      JSON.stringify(batch),
    );
  }
  assert.equal(await count("decision"), 0);
});

test("control's own events are in the log exactly when their transaction commits", async () => {
  const event = loginEvent(CONTROL, {
    time: NOW,
    act: "sign-in",
    outcome: "success",
    user: { id: "u", name: "ada" },
    source: {},
  });
  await store.write(async (tx) => await log.append(tx, event));
  await assert.rejects(
    store.write(async (tx) => {
      await log.append(tx, event);
      throw new Error("no");
    }),
  );
  await store.write(async (tx) => await log.append(tx, event));
  const rows = await store.db
    .selectFrom("event")
    .select(["sequence", "previous", "body"])
    .orderBy("id")
    .execute();
  assert.deepEqual(
    rows.map((row) => row.sequence),
    [1, 2],
  );
  const [first, second] = rows;
  assert.ok(first && second);
  assert.equal(second.previous, recordHash({ previous: first.previous, sequence: 1, event: first.body }));
});

test("a decision is found with the whole input it was made from, to the nanosecond, and how its request ended", async () => {
  const end = completionEvent(GATEWAY, {
    time: NOW + 40,
    decision: "dec_1",
    application: "wiki",
    user: { id: "usr_ada", name: "ada" },
    source: { ip: "127.0.0.1" },
    http: { method: "GET", url: "http://wiki.postern.localhost:7400/a", status: 200 },
    durationMs: 39.6,
    bytesIn: 0,
    bytesOut: 512,
  });
  await log.ingest(chain([decided("dec_1", "deny", "ada", "wiki", "/a"), JSON.stringify(end)]));
  const found = await log.decision("dec_1");
  assert.deepEqual(found?.input, input("ada", "wiki", "/a"));
  assert.deepEqual(found?.decision, made("dec_1", "deny"));
  assert.equal(found?.item.status, 200);
  assert.equal(found?.item.durationMs, 40);
  assert.equal(await log.decision("dec_none"), undefined);
});

test("pages of decisions are newest first, whole and without repetition while more arrive", async () => {
  const events = Array.from({ length: 25 }, (_, i) =>
    decided(`dec_${i}`, i % 3 === 0 ? "deny" : "allow", "ada", "wiki"),
  );
  const records = chain(events);
  await log.ingest(records);
  const seen: string[] = [];
  let before: string | undefined;
  do {
    const page = await log.decisions({ limit: 7, ...(before === undefined ? {} : { before }) });
    seen.push(...page.items.map((item) => item.id));
    before = page.next;
    await log.ingest(chain([decided(`late_${seen.length}`, "allow", "bob", "wiki")], `boot_${seen.length}`));
  } while (before !== undefined);
  assert.deepEqual(
    seen,
    Array.from({ length: 25 }, (_, i) => `dec_${24 - i}`),
  );
});

test("filters narrow, and a search is text, not a pattern", async () => {
  await log.ingest(
    chain([
      decided("dec_1", "allow", "ada", "wiki", "/100%25"),
      decided("dec_2", "deny", "bob", "payroll", "/a_b"),
      decided("dec_3", "deny", "ada", "payroll", "/axb"),
    ]),
  );
  const ids = async (query: Parameters<EventLog["decisions"]>[0]): Promise<string[]> =>
    (await log.decisions(query)).items.map((item) => item.id);
  assert.deepEqual(await ids({ effect: "deny" }), ["dec_3", "dec_2"]);
  assert.deepEqual(await ids({ subject: "bob" }), ["dec_2"]);
  assert.deepEqual(await ids({ resource: "payroll", subject: "ada" }), ["dec_3"]);
  assert.deepEqual(await ids({ search: "a_b" }), ["dec_2"]);
  assert.deepEqual(await ids({ search: "%" }), ["dec_1"]);
  assert.deepEqual(await ids({ search: "' or 1=1 --" }), []);
  assert.deepEqual(await ids({ since: NOW + 1 }), []);
  assert.deepEqual(await ids({ before: "nonsense" }), []);
});

test("a follower gets every event from its place on, in order, and none after it ends", async () => {
  await log.ingest(chain([decided("dec_1", "allow", "ada", "wiki")]));
  const seen: LoggedEvent[] = [];
  const stop = log.follow(0, (event) => void seen.push(event));
  const records = chain(
    Array.from({ length: 450 }, (_, i) => decided(`more_${i}`, "allow", "ada", "wiki")),
    "boot_h",
  );
  for (let i = 0; i < records.length; i += 150) await log.ingest(records.slice(i, i + 150));
  const end = performance.now() + 10_000;
  while (seen.length < 451 && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.deepEqual(
    seen.map((event) => event.id),
    Array.from({ length: 451 }, (_, i) => i + 1),
  );
  stop();
  await log.ingest(chain([decided("last", "allow", "ada", "wiki")], "boot_i"));
  await log.events({ limit: 1 });
  assert.equal(seen.length, 451);
});

test("decisions are counted by the hour", async () => {
  const hour = 3_600_000;
  const start = Math.floor(NOW / hour) * hour;
  await log.ingest(
    chain([
      decided("dec_1", "allow", "ada", "wiki", "/", start - hour),
      decided("dec_2", "allow", "ada", "wiki", "/", start),
      decided("dec_3", "deny", "ada", "wiki", "/", start + hour - 1),
      decided("dec_4", "deny", "ada", "wiki", "/", start + hour),
    ]),
  );
  assert.deepEqual(await log.hourly(start), [
    { from: start, allowed: 1, denied: 1 },
    { from: start + hour, allowed: 0, denied: 1 },
  ]);
});

test("acts carry who, what and the decision into the columns they are found by", async () => {
  const event = administrationEvent(CONTROL, {
    time: NOW,
    act: "policy.apply",
    outcome: "success",
    actor: { type: "owner", id: "owner", name: "owner" },
    target: { type: "policy", id: "v1" },
    decision: "dec_9",
    source: {},
  });
  await store.write(async (tx) => await log.append(tx, event));
  const row = await store.db.selectFrom("event").selectAll().executeTakeFirstOrThrow();
  assert.deepEqual(
    [row.kind, row.decision_id, row.resource, row.subject],
    ["administration", "dec_9", "policy.apply", "owner"],
  );
  assert.equal(await log.decision("dec_9"), undefined, "an act is not the decision that allowed it");
});
