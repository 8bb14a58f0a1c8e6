/** The program itself: the Node that it needs, and what its build makes. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type DoctorCheck, fine, problem } from "../check.ts";

const ROOT = fileURLToPath(new URL("../../../..", import.meta.url));
const NEEDED = 24;

export const runtime: DoctorCheck = {
  name: "runtime",
  title: "Program",
  async examine({ version }) {
    const major = Number(process.versions.node.split(".", 1)[0]);
    const built = [join("dist", "cmd", "main.js"), join("dist", "console")].filter(
      (path) => !existsSync(join(ROOT, path)),
    );
    return await Promise.resolve([
      major === NEEDED
        ? fine(`Postern ${version} on Node ${process.versions.node}`)
        : problem(
            `Postern ${version} needs Node ${NEEDED}, and this is Node ${process.versions.node}`,
            "npm ci, which brings the right one, and start with npm start or bin/postern.js",
          ),
      ...(built.length === 0 ? [] : [problem(`${built.join(" and ")} are not built`, "npm run build")]),
    ]);
  },
};
