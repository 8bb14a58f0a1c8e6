/** Text on its way to a person or a program. */
export interface Output {
  write(text: string): void;
  readonly isTerminal: boolean;
}

/** What a command sees of the process it runs in; a test gives its own. */
export interface World {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly environment: { readonly [name: string]: string | undefined };
  /** The folder that relative paths are meant from. */
  readonly folder: string;
  /** Whether standard output may be coloured. */
  readonly colour: boolean;
  /** Standard input, line by line. */
  lines(): AsyncIterable<string>;
  /** Resolves when the person (Ctrl-C) or the system asks the command to end. */
  stopped(): Promise<NodeJS.Signals>;
}

/** The scripts of our package.json that hand their arguments on; npm runs them in the package's folder, not in the caller's. */
const SCRIPTS = new Set(["start", "postern"]);

/** The process as it is. This is the only place that reads its environment. */
export function processWorld(): World {
  const environment = { ...process.env };
  const script =
    environment["npm_package_name"] === "postern" ? environment["npm_lifecycle_event"] : undefined;
  const caller = environment["INIT_CWD"];
  const stdout = outputOf(process.stdout);
  return {
    stdout,
    stderr: outputOf(process.stderr),
    environment,
    folder: script !== undefined && SCRIPTS.has(script) && caller ? caller : process.cwd(),
    colour: stdout.isTerminal && !environment["NO_COLOR"] && environment["TERM"] !== "dumb",
    lines: () => linesOf(process.stdin),
    stopped: () =>
      new Promise((resolve) => {
        process.once("SIGINT", resolve);
        process.once("SIGTERM", resolve);
      }),
  };
}

/** A line ends with a line feed and nothing else: `node:readline` would also take U+2028, which JSON texts may hold. */
async function* linesOf(stream: NodeJS.ReadStream): AsyncGenerator<string> {
  stream.setEncoding("utf8");
  let rest = "";
  for await (const part of stream) {
    const lines = (rest + String(part)).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
  if (rest !== "") yield rest;
}

function outputOf(stream: NodeJS.WriteStream): Output {
  // a reader that has gone (`| head`) is no failure of ours
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
  return {
    write: (text) => {
      stream.write(text);
    },
    isTerminal: stream.isTTY === true,
  };
}
