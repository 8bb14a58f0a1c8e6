/** For the tests of commands: a world whose output is kept. */
import { runCommandLine } from "./command-line.ts";
import type { World } from "./world.ts";

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command line in this process, as a program would see it: no terminal, no colour. */
export async function runLine(
  line: readonly string[],
  options: {
    readonly environment?: World["environment"];
    readonly folder?: string;
    readonly stopped?: Promise<void>;
    readonly lines?: readonly string[];
  } = {},
): Promise<Ran> {
  let stdout = "";
  let stderr = "";
  const code = await runCommandLine(line, {
    stdout: {
      write: (text) => {
        stdout += text;
      },
      isTerminal: false,
    },
    stderr: {
      write: (text) => {
        stderr += text;
      },
      isTerminal: false,
    },
    environment: options.environment ?? {},
    folder: options.folder ?? process.cwd(),
    colour: false,
    async *lines() {
      yield* options.lines ?? [];
    },
    stopped: async () => {
      await (options.stopped ?? new Promise<void>(() => undefined));
      return "SIGINT";
    },
  });
  return { code, stdout, stderr };
}
