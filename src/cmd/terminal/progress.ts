import type { World } from "../world.ts";

/** One line on a person's standard error that says how far something is; taken away when it is done. */
export interface ProgressLine {
  show(text: string): void;
  done(): void;
}

/** Programs, and people whose standard error goes elsewhere, see nothing of it. */
export function progressLine(world: World, json: boolean): ProgressLine {
  const seen = !json && world.stderr.isTerminal;
  return {
    show: (text) => {
      if (seen) world.stderr.write(`\r\u001b[K${text}`);
    },
    done: () => {
      if (seen) world.stderr.write("\r\u001b[K");
    },
  };
}
