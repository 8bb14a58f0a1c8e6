import assert from "node:assert/strict";
import { test } from "node:test";
import type { ComponentReport } from "#link";
import { reportView } from "./index.ts";
import { beat, begun, change, type Rig, SNAPSHOT } from "./rig.test.ts";

function reporting(): Rig & { readonly reports: ComponentReport[]; readonly stop: () => void } {
  const made = begun();
  const { view, control, timers } = made;
  const stop = reportView({
    view,
    link: control,
    boot: "boot",
    version: "0.1.0",
    schedule: timers,
    notify: (notice) => made.notices.push(notice),
    extra: () => ({ liveConnections: 3, unshippedRecords: 2 }),
  });
  return { ...made, stop, reports: control.sent as ComponentReport[] };
}

const turn = async (): Promise<void> => await new Promise((resolve) => setImmediate(resolve));

test("it says at once and every five seconds how it is doing", async () => {
  const made = reporting();
  const { control, timers, reports } = made;
  assert.equal(reports.length, 1);
  assert.deepEqual(reports.at(0), {
    ...{ boot: "boot", version: "0.1.0", position: { epoch: "e1", number: 5 }, skewSeconds: 0 },
    ...{ liveConnections: 3, unshippedRecords: 2 },
  });
  await turn();
  control.say(beat(made, 5));
  timers.pass(5_000);
  await turn();
  assert.equal(reports.length, 2);
  assert.equal(reports.at(1)?.viewAgeSeconds, 5);
  made.stop();
  timers.pass(20_000);
  assert.equal(reports.length, 2);
});

test("what cannot be applied is reported at once, and so is that it is whole again", async () => {
  const { control, reports } = reporting();
  await turn();
  control.say(change(6, [{ kind: "policy", key: "active", value: null }]));
  await turn();
  assert.equal(reports.length, 2);
  assert.match(String(reports[1]?.blocked), /no policy set is active/);
  assert.deepEqual(reports[1]?.position, { epoch: "e1", number: 5 });
  control.say({ type: "snapshot", epoch: "e1", number: 6, entities: SNAPSHOT });
  await turn();
  assert.equal(reports.length, 3);
  assert.deepEqual([reports[2]?.blocked, reports[2]?.position?.number], [undefined, 6]);
});

test("a reason is no longer than control takes", async () => {
  const { control, reports } = reporting();
  await turn();
  control.say({
    ...change(6),
    unknown: Array.from({ length: 3 }, () => ({ kind: "x".repeat(9_000), key: "y".repeat(9_000) })),
  } as never);
  await turn();
  assert.ok((reports.at(-1)?.blocked?.length ?? 0) > 10 && (reports.at(-1)?.blocked?.length ?? 0) <= 1_000);
});

test("reports that are not taken are told of once, and sent on; none overtakes another", async () => {
  const made = reporting();
  const { control, timers, reports, notices } = made;
  await turn();
  const said = (): number => notices.filter(({ event }) => event === "report-unsent").length;
  control.answer = async () => await Promise.reject(new Error("control is gone"));
  for (let i = 0; i < 4; i++) {
    timers.pass(5_000);
    await turn();
  }
  assert.deepEqual([reports.length, said()], [5, 1]);
  let take: (() => void) | undefined;
  control.answer = async () => await new Promise((resolve) => (take = () => resolve({})));
  timers.pass(15_000);
  await turn();
  assert.equal(reports.length, 6, "it sent another before the first was taken");
  take?.();
  await turn();
  assert.equal(reports.length, 7, "what came up meanwhile was not said");
});
