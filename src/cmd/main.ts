import { runCommandLine } from "./command-line.ts";
import { processWorld } from "./world.ts";

process.exitCode = await runCommandLine(process.argv.slice(2), processWorld());
