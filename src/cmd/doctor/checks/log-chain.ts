/** The newest records of the log: each must follow the one before it in its source's chain. */
import { chainStart, recordHash } from "#link";
import { ago } from "../../terminal/moments.ts";
import { type DoctorCheck, type Finding, fine, problem, warning } from "../check.ts";

const NEWEST = 2_000;

export const logChain: DoctorCheck = {
  name: "log-chain",
  title: "Log",
  async examine(patient) {
    const reader = await patient.readable();
    if (reader === undefined) return [];
    const rows = await reader.rows(
      `select source, boot, sequence, previous, body, time, kind from event order by id desc limit ${NEWEST}`,
    );
    if (rows.length === 0)
      return [warning("there is no record yet", "start Postern, and open an application")];
    const records = rows.map((row) => ({
      chain: `${String(row["source"])}\n${String(row["boot"])}`,
      source: String(row["source"]),
      boot: String(row["boot"]),
      sequence: Number(row["sequence"]),
      previous: String(row["previous"]),
      event: String(row["body"]),
    }));
    const bySequence = new Map(records.map((record) => [`${record.chain}\n${record.sequence}`, record]));
    const findings: Finding[] = [];
    let followed = 0;
    for (const record of records) {
      const before = bySequence.get(`${record.chain}\n${record.sequence - 1}`);
      const expected =
        record.sequence === 1
          ? chainStart(record.source, record.boot)
          : before === undefined
            ? undefined
            : recordHash(before);
      if (expected === undefined) continue;
      followed += 1;
      if (expected !== record.previous && findings.length < 3)
        findings.push(
          problem(
            `record ${record.sequence} of ${record.source} does not follow the one before it: one of them was altered`,
            "keep this database for inspection, and see who could write it: postern audit tail",
          ),
        );
    }
    const ends = await reader.rows(
      `select s.source from event_source s
       where exists (select 1 from event e where e.source = s.source and e.boot = s.boot and e.sequence > s.sequence)`,
    );
    for (const end of ends)
      findings.push(
        problem(
          `the end of ${String(end["source"])}'s chain was set back`,
          "restore a backup: postern restore",
        ),
      );
    const missing = rows.filter(({ body }) => String(body).includes('"records-missing"')).length;
    if (missing > 0)
      findings.push(
        warning(`records are missing: ${missing} notes of it among the newest`, "postern audit tail --json"),
      );
    if (findings.length > 0) return findings;
    const newest = Number(rows[0]?.["time"]);
    return [
      fine(`${followed} newest records follow one another, the last ${ago(newest, patient.clock.now())}`),
    ];
  },
};
