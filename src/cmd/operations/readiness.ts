import { PosternError } from "#kernel";
import type { Outcome, ReadinessCheck } from "./part.ts";

/** A check that has not answered in this time has failed: whoever asks gives up soon after. */
const CHECK_MS = 2_000;
/** Who asks this soon after another gets the same answer, so that asking often costs nothing. */
const SHARED_MS = 500;

export interface CheckAnswer {
  readonly name: string;
  readonly outcome: Outcome;
}

export interface Readiness {
  readonly ready: boolean;
  readonly checks: readonly CheckAnswer[];
}

/** Looks at everything that serving needs, all at the same time. */
export function readinessOf(
  checks: readonly ReadinessCheck[],
  clock: { monotonic(): number },
  checkMs: number = CHECK_MS,
): () => Promise<Readiness> {
  let last: { readonly at: number; readonly answer: Promise<Readiness> } | undefined;
  return async () => {
    const now = clock.monotonic();
    if (last === undefined || now - last.at >= SHARED_MS) last = { at: now, answer: lookAt(checks, checkMs) };
    return await last.answer;
  };
}

async function lookAt(checks: readonly ReadinessCheck[], checkMs: number): Promise<Readiness> {
  const answers = await Promise.all(
    checks.map(async ({ name, look }) => ({ name, outcome: await inTime(look, checkMs) })),
  );
  return { ready: answers.every(({ outcome }) => outcome.ok), checks: answers };
}

async function inTime(look: ReadinessCheck["look"], checkMs: number): Promise<Outcome> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Outcome>((resolve) => {
    timer = setTimeout(
      () => resolve({ ok: false, why: `no answer in ${checkMs} ms`, remedy: "postern doctor" }),
      checkMs,
    );
  });
  try {
    return await Promise.race([(async () => await look())(), late]);
  } catch (error) {
    const known = error instanceof PosternError;
    return {
      ok: false,
      why: error instanceof Error ? error.message : String(error),
      remedy: (known ? error.details.remedy : undefined) ?? "postern doctor",
    };
  } finally {
    clearTimeout(timer);
  }
}
