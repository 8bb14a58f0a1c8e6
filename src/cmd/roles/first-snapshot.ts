import { PosternError } from "#kernel";

/** A control that starts with us may need a moment before its first snapshot. */
const FIRST_SNAPSHOT_MS = 20_000;

/** Waits until there is state to decide by. @throws PosternError `not_running` when none comes in time */
export async function firstSnapshot(ready: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () =>
        reject(
          new PosternError("not_running", "control sent no state in time", {
            remedy: "see what control says",
          }),
        ),
      FIRST_SNAPSHOT_MS,
    );
  });
  try {
    await Promise.race([ready, late]);
  } finally {
    clearTimeout(timer);
  }
}
