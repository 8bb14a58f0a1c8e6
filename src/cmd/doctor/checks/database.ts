/** The database: there, answering, whole, and of this version of Postern. */

import { migrationNames } from "#store";
import { maskedDatabase } from "../../database.ts";
import { type DoctorCheck, type Finding, fine, problem, warning } from "../check.ts";
import type { DatabaseReader } from "../database-reader.ts";

/** On one network a database answers in a few of these; every sign-in and every change waits for several answers. */
const SLOW_MS = 25;
const TRIES = 5;

export const database: DoctorCheck = {
  name: "database",
  title: "Database",
  async examine(patient) {
    if (!patient.used || patient.member() !== undefined) return [];
    const reader = await patient.database();
    return [
      fine(maskedDatabase(patient.address())),
      ...(await wholeness(reader)),
      ...(await version(reader)),
      ...(await latency(reader, patient.clock)),
    ];
  },
};

async function wholeness(reader: DatabaseReader): Promise<Finding[]> {
  if (reader.kind === "sqlite") {
    const [row] = await reader.rows("pragma quick_check(1)");
    const verdict = row?.["quick_check"];
    return verdict === "ok"
      ? []
      : [
          problem(
            `the file is damaged: ${String(verdict)}`,
            "restore a backup: postern restore FILE --replace",
          ),
        ];
  }
  return [];
}

async function version(reader: DatabaseReader): Promise<Finding[]> {
  const rows = await reader.rows("select name from kysely_migration order by name");
  const done = rows.map(({ name }) => String(name));
  const later = done.filter((name) => !migrationNames.includes(name));
  if (later.length > 0)
    return [
      problem(
        `it was written by a later version of Postern (${later.join(", ")})`,
        "run that version, or restore a backup made by this one",
      ),
    ];
  const missing = migrationNames.filter((name) => !done.includes(name));
  return missing.length === 0
    ? []
    : [
        warning(
          `it is of an earlier version (without ${missing.join(", ")})`,
          "restart control, which migrates it",
        ),
      ];
}

async function latency(reader: DatabaseReader, clock: { monotonic(): number }): Promise<Finding[]> {
  const times: number[] = [];
  for (let i = 0; i < TRIES; i++) {
    const before = clock.monotonic();
    await reader.rows("select epoch, number from counter");
    times.push(clock.monotonic() - before);
  }
  const [row] = await reader.rows("select epoch, number from counter");
  const median = times.sort((a, b) => a - b)[Math.floor(TRIES / 2)] ?? 0;
  const found = `at change ${Number(row?.["number"] ?? 0)}, answers in ${median < 10 ? median.toFixed(1) : Math.round(median)} ms`;
  return [
    median > SLOW_MS
      ? warning(found, "move control near its database: it asks several times for each sign-in and change")
      : fine(found),
  ];
}
