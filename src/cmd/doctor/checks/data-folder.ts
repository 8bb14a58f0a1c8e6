/** Who owns the data folder and who may look in: whoever reads it has the keys, whoever writes it has the instance. */
import { lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { type DoctorCheck, type Finding, fine, problem } from "../check.ts";

/** Their content is for this user alone, in a folder that is too. */
const PRIVATE = /^(postern\.db(-wal|-shm|\..*)?|database|master\.key|member\.json|setup-link)$/;

export const dataFolder: DoctorCheck = {
  name: "data-folder",
  title: "Data folder",
  async examine({ data, run, used }) {
    const found = lstatSync(data, { throwIfNoEntry: false });
    if (found === undefined) {
      return await Promise.resolve([
        problem(`${data} does not exist`, "start Postern (npm start), or name the folder with --data DIR"),
      ]);
    }
    const findings: Finding[] = [...folderFindings(data)];
    const runFound = lstatSync(run, { throwIfNoEntry: false });
    if (runFound !== undefined) findings.push(...folderFindings(run));
    if (findings.length === 0) findings.push(...fileFindings(data));
    if (findings.length === 0)
      findings.push(used ? fine(`${data}, yours alone`) : problem(`${data} holds no instance`, "npm start"));
    return findings;
  },
};

function folderFindings(path: string): Finding[] {
  const { uid, mode } = lstatSync(path);
  const findings: Finding[] = [];
  if (!lstatSync(path).isDirectory()) return [problem(`${path} is not a folder`, "move it away")];
  if (uid !== process.getuid?.())
    findings.push(
      problem(
        `${path} belongs to user ${uid}, and you are ${process.getuid?.()}`,
        `run doctor and Postern as its owner: sudo -u '#${uid}' postern doctor --data ${path}`,
      ),
    );
  if ((mode & 0o077) !== 0)
    findings.push(problem(`${path} is open to other users (${octal(mode)})`, `chmod 700 ${path}`));
  return findings;
}

function fileFindings(data: string): Finding[] {
  return readdirSync(data)
    .filter((name) => PRIVATE.test(name))
    .flatMap((name) => {
      const path = join(data, name);
      const { mode, uid } = lstatSync(path);
      if (uid !== process.getuid?.())
        return [problem(`${path} belongs to user ${uid}`, `chown ${process.getuid?.()} ${path}, as root`)];
      return (mode & 0o077) === 0
        ? []
        : [problem(`${path} can be read by other users (${octal(mode)})`, `chmod 600 ${path}`)];
    });
}

function octal(mode: number): string {
  return (mode & 0o777).toString(8);
}
