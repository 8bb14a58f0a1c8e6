import { PosternError } from "#kernel";
import type { View } from "#view";

/** A control that starts with us may need a moment before its first snapshot. */
const FIRST_SNAPSHOT_MS = 20_000;

/**
 * Waits until there is state to decide by.
 * @throws PosternError `not_running` when none comes in time, `member.revoked` when control lets this member in no more
 */
export async function firstSnapshot(view: Pick<View, "ready" | "ended" | "onStanding">): Promise<void> {
  const refused = Promise.withResolvers<never>();
  const look = (): void => {
    const why = view.ended();
    if (why !== undefined) {
      refused.reject(
        new PosternError("member.revoked", `control does not let this machine in: ${why}`, {
          remedy:
            "join anew, with a token of postern gateway token NAME or postern agent token NAME at control",
        }),
      );
    }
  };
  const stop = view.onStanding(look);
  const timer = setTimeout(
    () =>
      refused.reject(
        new PosternError("not_running", "control sent no state in time", { remedy: "see what control says" }),
      ),
    FIRST_SNAPSHOT_MS,
  );
  look();
  try {
    await Promise.race([view.ready, refused.promise]);
  } finally {
    clearTimeout(timer);
    stop();
  }
}
