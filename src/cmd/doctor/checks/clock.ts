/** The clocks: ages are measured on the one that never jumps, and ends of sessions and certificates on the other. */
import { type DoctorCheck, type Finding, fine, problem, warning } from "../check.ts";

const WATCH_MS = 200;
const WARN_SECONDS = 5;
const DENY_SECONDS = 30;

export const clock: DoctorCheck = {
  name: "clock",
  title: "Clock",
  async examine(patient) {
    const findings: Finding[] = [...(await steadiness(patient.clock))];
    const reader = await patient.readable();
    if (reader?.kind === "postgres") {
      const before = patient.clock.now();
      const [row] = await reader.rows("select (extract(epoch from clock_timestamp()) * 1000)::bigint as now");
      const theirs = Number(row?.["now"]);
      findings.push(...apart("PostgreSQL's", ((before + patient.clock.now()) / 2 - theirs) / 1000));
    }
    const [newest] = (await reader?.rows("select max(time) as time from event").catch(() => [])) ?? [];
    const ahead = (Number(newest?.["time"] ?? 0) - patient.clock.now()) / 1000;
    if (ahead > DENY_SECONDS)
      findings.push(
        problem(
          `the newest record of the log is ${Math.round(ahead)} s in the future: this clock went back`,
          "set it by NTP: timedatectl set-ntp true",
        ),
      );
    for (const role of ["gateway", "agent"] as const) {
      const skew = (await patient.role(role))?.facts["skewSeconds"];
      if (typeof skew === "number") findings.push(...apart(`control's, as the ${role} sees it,`, skew));
    }
    return findings.length > 0 ? findings : [fine("steady")];
  },
};

/** Both clocks over a moment: wall time that runs off from the monotonic clock is being stepped. */
async function steadiness(given: { now(): number; monotonic(): number }): Promise<Finding[]> {
  const wall = given.now();
  const steady = given.monotonic();
  await new Promise((resolve) => setTimeout(resolve, WATCH_MS));
  const apartMs = given.now() - wall - (given.monotonic() - steady);
  if (given.monotonic() <= steady)
    return [
      problem(
        "the monotonic clock stands still",
        "this machine cannot measure ages: look at its clock source",
      ),
    ];
  return Math.abs(apartMs) <= 50
    ? []
    : [
        warning(
          `wall time moved ${Math.round(apartMs)} ms against the monotonic clock while it was watched`,
          "let NTP slew the clock, not step it: chronyc tracking, or timedatectl timesync-status",
        ),
      ];
}

function apart(whose: string, seconds: number): Finding[] {
  const far = Math.abs(seconds);
  const found = `${far.toFixed(1)} s ${seconds > 0 ? "ahead of" : "behind"} ${whose}`.replace(/,$/, "");
  const remedy = "set both clocks by NTP: timedatectl set-ntp true";
  if (far > DENY_SECONDS) return [problem(`${found}: requests are denied`, remedy)];
  return far > WARN_SECONDS
    ? [warning(found, remedy)]
    : [fine(`${far.toFixed(1)} s from ${whose}`.replace(/,$/, ""))];
}
