/** Ends of certificates: this member's own, and those of control's authorities. */
import { X509Certificate } from "node:crypto";
import { type DoctorCheck, type Finding, fine, problem, warning } from "../check.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** A member's lives a day, and is renewed at half of it. */
const LATE_RENEWAL_MS = 6 * HOUR_MS;
/** An authority is rotated long before. */
const LATE_ROTATION_MS = 30 * DAY_MS;

export const certificates: DoctorCheck = {
  name: "certificates",
  title: "Certificates",
  async examine(patient) {
    const now = patient.clock.now();
    const member = patient.member();
    if (member !== undefined) {
      const { role, name, certificate } = member;
      const end = Date.parse(new X509Certificate(certificate).validTo);
      const until = `${role} ${name}: until ${new Date(end).toISOString()}`;
      if (end <= now)
        return [
          problem(`${until}, so it has ended`, `join again: postern ${role} token ${name}, at control`),
        ];
      return [
        end - now < LATE_RENEWAL_MS
          ? warning(
              `${until}, and it was not renewed`,
              `see that it runs and reaches control: postern ${role} run`,
            )
          : fine(until),
      ];
    }
    const reader = await patient.readable();
    const rows = (await reader?.rows("select not_after from authority order by not_after")) ?? [];
    const findings: Finding[] = [];
    for (const row of rows) {
      const end = Number(row["not_after"]);
      const until = `control's authority: until ${new Date(end).toISOString().slice(0, 10)}`;
      if (end <= now) findings.push(problem(`${until}, so it has ended`, "postern authority rotate"));
      else if (end - now < LATE_ROTATION_MS && rows.length === 1)
        findings.push(warning(until, "postern authority rotate"));
      else findings.push(fine(until));
    }
    return findings;
  },
};
