// npm run check: types, walls, format, lint, dead code.
import { runGates } from "./checks.js";

process.exitCode = runGates().length === 0 ? 0 : 1;
