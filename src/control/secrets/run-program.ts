import { spawn } from "node:child_process";
import { PosternError } from "#kernel";

const TIME_LIMIT_MS = 30_000;
const MOST_OUTPUT_BYTES = 4_096;
const MOST_ERROR_BYTES = 2_048;

/**
 * Runs a program without a shell and returns what it writes to its standard output. It has the environment of this
 * process, where such programs look for their own access, and nothing to read.
 * @throws PosternError `state.damaged` with what it wrote to its standard error, when it cannot be started, fails, takes
 * too long or writes too much. What it wrote to its standard output is in no error: that is the secret.
 */
export async function outputOf(
  argv: readonly [program: string, ...rest: string[]],
  limitMs: number = TIME_LIMIT_MS,
): Promise<string> {
  const [program, ...rest] = argv;
  return await new Promise<string>((resolve, reject) => {
    const child = spawn(program, rest, { shell: false, stdio: ["ignore", "pipe", "pipe"] });
    const output: Buffer[] = [];
    let size = 0;
    let said = "";
    const late = AbortSignal.timeout(limitMs);

    function fail(what: string, cause?: unknown): void {
      child.kill("SIGKILL");
      // also when something that it started holds them open
      child.stdout.destroy();
      child.stderr.destroy();
      reject(
        new PosternError("state.damaged", `the program for the master key ${what}${quoted(said)}`, {
          where: program,
          remedy: "run it by hand as this user: it must write the key to its standard output",
          ...(cause === undefined ? {} : { cause }),
        }),
      );
    }

    late.addEventListener("abort", () => fail(`gave no answer within ${limitMs / 1_000} s`), { once: true });
    child.stdout.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size > MOST_OUTPUT_BYTES) fail("wrote more than a key");
      else output.push(chunk);
    });
    child.stderr.on("data", (chunk: Buffer) => {
      if (said.length < MOST_ERROR_BYTES) said += chunk.toString("utf8").slice(0, MOST_ERROR_BYTES);
    });
    child.on("error", (cause) => fail("cannot be started", cause));
    child.on("close", (code, signal) => {
      if (code === 0) resolve(Buffer.concat(output).toString("utf8"));
      else fail(signal === null ? `ended with ${code}` : `was ended by ${signal}`);
    });
  });
}

/** On one line, and nothing in it that moves a cursor. */
function quoted(said: string): string {
  const line = said.replace(/\p{C}+/gu, " ").trim();
  return line === "" ? "" : `: ${line}`;
}
