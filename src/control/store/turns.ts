import { PosternError, type Schedule } from "#kernel";

/** Lets one at a time go on, in the order in which they came. */
export interface Turns {
  /**
   * Waits for its turn; the returned function ends it.
   * @throws PosternError `state.busy` when it does not come in time
   */
  take(): Promise<() => void>;
}

/** `most` is the longest that somebody waits, in milliseconds. */
export function makeTurns(schedule: Schedule, most: number, where: string): Turns {
  const waiting: (() => void)[] = [];
  let taken = false;

  function end(): void {
    const next = waiting.shift();
    if (next === undefined) taken = false;
    else next();
  }

  return {
    async take() {
      if (taken) {
        await new Promise<void>((resolve, reject) => {
          const cancel = schedule.after(most, () => {
            waiting.splice(waiting.indexOf(begin), 1);
            reject(
              new PosternError("state.busy", "writes before this one hold the database for too long", {
                where,
                remedy: "try again; if it stays so: postern doctor",
              }),
            );
          });
          function begin(): void {
            cancel();
            resolve();
          }
          waiting.push(begin);
        });
      }
      taken = true;
      let over = false;
      return () => {
        if (over) return;
        over = true;
        end();
      };
    },
  };
}
