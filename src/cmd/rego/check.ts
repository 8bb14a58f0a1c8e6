import { compile, SourceError, type SourceFinding } from "#rego";
import { EXIT, type ExitCode } from "../terminal/exit-codes.ts";
import { describeFinding, failureJson } from "../terminal/failure.ts";
import { usage } from "../terminal/parse.ts";
import { printJson } from "../terminal/print.ts";
import type { World } from "../world.ts";
import { describeSourceError } from "./failures.ts";
import { loadingOf, type RegoFlags, readingOf } from "./flags.ts";
import { loadPaths } from "./load.ts";
import { schemasOf } from "./schemas.ts";

/** Compiles the modules of files and folders and says what is wrong with them. */
export function checkRego(
  paths: readonly string[],
  flags: RegoFlags & { readonly format?: string; readonly pure?: true },
  json: boolean,
  world: World,
): ExitCode {
  const { modules } = loadPaths(paths, world.folder, { ...loadingOf(flags), documents: false });
  const files = Object.keys(modules).length;
  if (files === 0) {
    throw usage("there is no .rego file", paths.join(", "), "postern policy check -f FOLDER checks a set");
  }
  const texts = new Map(Object.entries(modules));
  const editor = flags.format === "json";
  try {
    const { warnings } = compile(
      modules,
      {},
      {
        ...readingOf(flags),
        ...schemasOf(flags.schema, world.folder),
        pure: flags.pure === true,
      },
    );
    if (editor) printJson(world, { errors: [], warnings: warnings.map(asOpa) });
    else if (json) printJson(world, { files, warnings });
    for (const warning of warnings) world.stderr.write(`${describeFinding(warning, texts)}\n`);
    if (!editor && !json) world.stdout.write(`No errors in ${files} file${files === 1 ? "" : "s"}\n`);
    return EXIT.done;
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    if (editor) {
      const of = (severity: SourceFinding["severity"]): object[] =>
        error.findings.filter((finding) => finding.severity === severity).map(asOpa);
      printJson(world, { errors: of("error"), warnings: of("warning") });
      return EXIT.failed;
    }
    world.stderr.write(describeSourceError(error, texts, readingOf(flags)));
    if (json) printJson(world, failureJson(error));
    return EXIT.failed;
  }
}

/** A finding as `opa check --format json` prints it, and how long it is. */
function asOpa({ message, code, file, line, column, length, hint }: SourceFinding): object {
  return {
    message,
    code,
    location: { file, row: line, col: column },
    length,
    ...(hint === undefined ? {} : { hint }),
  };
}
