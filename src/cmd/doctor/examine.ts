import { PosternError } from "#kernel";
import type { DoctorCheck, Finding, Verdict } from "./check.ts";
import type { Patient } from "./patient.ts";

/** One check that hangs must not keep the others from being made. */
const CHECK_MS = 20_000;

export interface Examined {
  readonly name: string;
  readonly title: string;
  readonly verdict: Verdict;
  readonly findings: readonly Finding[];
}

/** Makes all checks in order; those with nothing to look at are left out. */
export async function examine(
  checks: readonly DoctorCheck[],
  patient: Patient,
  onCheck: (check: DoctorCheck) => void,
  checkMs: number = CHECK_MS,
): Promise<readonly Examined[]> {
  const examined: Examined[] = [];
  for (const check of checks) {
    onCheck(check);
    const findings = await examineOne(check, patient, checkMs);
    if (findings.length > 0)
      examined.push({ name: check.name, title: check.title, verdict: worst(findings), findings });
  }
  return examined;
}

async function examineOne(
  check: DoctorCheck,
  patient: Patient,
  checkMs: number,
): Promise<readonly Finding[]> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<readonly Finding[]>((resolve) => {
    timer = setTimeout(
      () =>
        resolve([
          {
            verdict: "problem",
            found: `this was not seen in ${Math.round(checkMs / 1000)} s`,
            remedy: "look at the load of this machine, of its disk and of the database; then ask again",
          },
        ]),
      checkMs,
    );
  });
  try {
    return await Promise.race([check.examine(patient), late]);
  } catch (error) {
    return [failed(error)];
  } finally {
    clearTimeout(timer);
  }
}

/** What a check could not do is a finding too. */
function failed(error: unknown): Finding {
  const message = error instanceof Error ? error.message : String(error);
  if (!(error instanceof PosternError))
    return {
      verdict: "problem",
      found: `this cannot be looked at: ${message}`,
      remedy: "see that you own the data folder",
    };
  const { where, remedy } = error.details;
  return {
    verdict: "problem",
    found: where === undefined ? message : `${message} (${where})`,
    remedy: remedy ?? "postern doctor --json, and see the documentation",
  };
}

const ORDER: readonly Verdict[] = ["ok", "warning", "problem"];

export function worst(findings: readonly { readonly verdict: Verdict }[]): Verdict {
  return ORDER[Math.max(0, ...findings.map(({ verdict }) => ORDER.indexOf(verdict)))] ?? "ok";
}
