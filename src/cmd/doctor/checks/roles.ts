/** Whether what should run on this folder runs, and may serve. */

import { duration } from "../../terminal/moments.ts";
import { type DoctorCheck, type Finding, fine, problem, warning } from "../check.ts";

export const roles: DoctorCheck = {
  name: "roles",
  title: "Processes",
  async examine(patient) {
    if (!patient.used) return [];
    const member = patient.member();
    const wanted =
      member === undefined ? (["control", "gateway", "agent"] as const) : ([member.role] as const);
    const start =
      member === undefined
        ? "start Postern: npm start, or postern control run"
        : `postern ${member.role} run`;
    const answers = await Promise.all(
      wanted.map(async (role) => ({ role, answer: await patient.role(role) })),
    );
    const findings: Finding[] = [];
    for (const { role, answer } of answers) {
      if (answer === undefined) continue;
      const { name, version, uptimeSeconds, failed } = answer;
      const who = `${role} ${name}`;
      for (const { name: check, why, remedy } of failed)
        findings.push(problem(`${who} is not ready (${check}): ${why}`, remedy));
      if (version !== patient.version)
        findings.push(
          warning(`${who} runs version ${version}, and this is ${patient.version}`, `restart it: ${start}`),
        );
      if (failed.length === 0) findings.push(fine(`${who} serves, since ${duration(uptimeSeconds * 1000)}`));
    }
    const [main, ...others] = answers;
    if (main?.answer === undefined) {
      const left = others.filter(({ answer }) => answer !== undefined).map(({ role }) => role);
      findings.unshift(
        left.length === 0
          ? problem(`no ${main?.role ?? "process"} runs on this folder`, start)
          : problem(
              `control does not answer; ${left.join(" and ")} go on only as long as what they know is fresh`,
              "see what control says on the terminal or in the journal of postern up",
            ),
      );
    }
    // under postern up all three run; a control node alone has neither of the others
    const gone = others.filter(({ answer }) => answer === undefined).map(({ role }) => role);
    if (main?.answer !== undefined && gone.length === 1)
      findings.push(problem(`${gone[0]} does not answer`, "see what it says on the terminal of postern up"));
    return findings;
  },
};
