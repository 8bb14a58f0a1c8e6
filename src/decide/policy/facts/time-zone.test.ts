import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ADA, setOf, zoneFile } from "../cases/inputs.ts";
import { decide } from "../decide.ts";
import { isTimeZone, zoneClock } from "./time-zone.ts";

const ns = (iso: string): bigint => BigInt(Date.parse(iso)) * 1_000_000n;

function allows(rule: string, timeZone: string, moment: string): boolean {
  const set = setOf(`ALLOW IF ${rule}`, zoneFile(timeZone));
  return decide({ ...ADA, time: { now_ns: ns(moment) } }, set, "dec").effect === "allow";
}

describe("BETWEEN on hours", () => {
  const office: readonly (readonly [string, boolean])[] = [
    ["07:59:59.999", false],
    ["08:00:00", true],
    ["22:00:00", true],
    ["22:59:59.999", true],
    ["23:00:00", false],
    ["00:00:00", false],
  ];
  for (const [time, expected] of office)
    test(`08 AND 22 at ${time} is ${expected}`, () =>
      assert.equal(allows("time.hour BETWEEN 08 AND 22", "UTC", `2026-11-23T${time}Z`), expected));

  const night: readonly (readonly [string, boolean])[] = [
    ["21:59:59", false],
    ["22:00:00", true],
    ["23:59:59", true],
    ["00:00:00", true],
    ["06:59:59", true],
    ["07:00:00", false],
  ];
  for (const [time, expected] of night)
    test(`22 AND 06 at ${time} is ${expected}`, () => {
      assert.equal(allows("time.hour BETWEEN 22 AND 06", "UTC", `2026-11-23T${time}Z`), expected);
      assert.equal(allows("time.hour NOT BETWEEN 22 AND 06", "UTC", `2026-11-23T${time}Z`), !expected);
    });
});

describe("time zones", () => {
  test("the hour is the set's", () => {
    assert.ok(allows("time.hour == 13", "Asia/Kathmandu", "2026-11-23T07:30:00Z"));
    assert.ok(allows("time.hour == 2", "America/New_York", "2026-11-23T07:30:00Z"));
    assert.ok(
      allows(
        'time.weekday == "sunday" AND time.date == "2026-11-22"',
        "America/New_York",
        "2026-11-23T04:59:59Z",
      ),
    );
    assert.ok(
      allows(
        'time.weekday == "monday" AND time.date == "2026-11-23"',
        "America/New_York",
        "2026-11-23T05:00:00Z",
      ),
    );
  });

  test("summer time: hour 2 does not exist in spring and comes twice in autumn", () => {
    const clock = zoneClock("Europe/Berlin");
    const hour = (iso: string): number => clock.at(ns(iso)).hour;
    assert.deepEqual([hour("2026-03-29T00:59:59Z"), hour("2026-03-29T01:00:00Z")], [1, 3]);
    assert.deepEqual(
      [
        "2026-10-24T23:59:59Z",
        "2026-10-25T00:00:00Z",
        "2026-10-25T00:59:59Z",
        "2026-10-25T01:00:00Z",
        "2026-10-25T02:00:00Z",
      ].map(hour),
      [1, 2, 2, 2, 3],
    );
  });

  test("the kept second answers as a fresh clock does, back and forth", () => {
    const kept = zoneClock("Australia/Lord_Howe");
    for (const moment of [
      0n,
      1n,
      999_999_999n,
      ns("2026-04-04T14:59:59Z"),
      ns("2026-04-04T15:00:00Z"),
      ns("2026-04-04T14:59:59Z"),
      0n,
    ])
      assert.deepEqual(kept.at(moment), zoneClock("Australia/Lord_Howe").at(moment));
  });

  test("a moment beyond the calendar is an error, which denies", () => {
    const set = setOf("ALLOW IF time.hour >= 0");
    assert.equal(decide({ ...ADA, time: { now_ns: 10n ** 30n } }, set, "dec").effect, "deny");
  });

  test("names of the IANA database only", () => {
    for (const good of ["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Etc/GMT+5"])
      assert.ok(isTimeZone(good), good);
    for (const bad of ["", "+01:00", "Berlin", "Europe/Berln", "__proto__", "UTC\n"])
      assert.ok(!isTimeZone(bad), bad);
  });
});
