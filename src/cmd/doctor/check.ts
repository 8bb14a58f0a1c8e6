/**
 * What `postern doctor` is made of. A check looks at one thing and says what it found; it never changes anything, and it
 * works whatever else is broken: with control down, the database away, the disk full. What a check needs of the others'
 * subjects it takes from the patient, and where that cannot be had it says nothing, since the check whose subject it is
 * says so.
 */
import type { Patient } from "./patient.ts";

/** `problem`: something does not work, or is open to others. `warning`: it will not for long, or could be better. */
export type Verdict = "ok" | "warning" | "problem";

export interface Finding {
  readonly verdict: Verdict;
  /** One clause without a full stop. */
  readonly found: string;
  /** What to do, as a command or an instruction in the imperative; never missing unless all is well. */
  readonly remedy?: string;
}

export interface DoctorCheck {
  /** Stable, for programs. */
  readonly name: string;
  /** For people: what is looked at. */
  readonly title: string;
  /** No findings: there is nothing of the kind here. Whatever it throws is a problem of its own. */
  examine(patient: Patient): Promise<readonly Finding[]>;
}

export function fine(found: string): Finding {
  return { verdict: "ok", found };
}

export function warning(found: string, remedy: string): Finding {
  return { verdict: "warning", found, remedy };
}

export function problem(found: string, remedy: string): Finding {
  return { verdict: "problem", found, remedy };
}
