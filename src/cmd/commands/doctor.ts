import { systemClock } from "#kernel";
import { type Command, DATA_FLAG, defineCommand } from "../command.ts";
import type { Finding, Verdict } from "../doctor/check.ts";
import { CHECKS } from "../doctor/checks.ts";
import { type Examined, examine, worst } from "../doctor/examine.ts";
import { patientOf } from "../doctor/patient.ts";
import { dataFolder, runFolder } from "../places.ts";
import { CONTROL_FLAGS } from "../supervisor/control-flags.ts";
import { controlSettings } from "../supervisor/settings-from-flags.ts";
import { columns, printable } from "../terminal/columns.ts";
import { EXIT } from "../terminal/exit-codes.ts";
import { type Paint, paint } from "../terminal/paint.ts";
import { printJson } from "../terminal/print.ts";
import { packageVersion } from "../version.ts";

export const doctor: Command = defineCommand({
  name: "doctor",
  details:
    "For the owner of the data folder, of an instance, a control node, a gateway or an agent. It works when nothing else does, and never\nchanges anything. Ends with 1 when something is a problem; warnings are none.",
  arguments: [],
  flags: {
    ...DATA_FLAG,
    "master-key-file": CONTROL_FLAGS["master-key-file"],
    "master-key-command": CONTROL_FLAGS["master-key-command"],
  },
  examples: [
    { command: "postern doctor", what: "what is wrong?" },
    { command: "postern doctor --data ~/.local/share/postern-gateway", what: "with a gateway that joined?" },
    { command: `postern doctor --json | jq '.checks[] | select(.verdict != "ok")'`, what: "for programs" },
  ],
  async run({ flags, json }, world) {
    const data = dataFolder(flags.data, world);
    const { masterKey } = controlSettings(flags, data, world);
    const version = packageVersion();
    const patient = patientOf({ data, run: runFolder(data), version, clock: systemClock, masterKey });
    const showing = !json && world.stderr.isTerminal;
    try {
      const examined = await examine(CHECKS, patient, ({ title }) => {
        if (showing) world.stderr.write(`\r\u001b[Klooking at: ${title.toLowerCase()}`);
      });
      if (showing) world.stderr.write("\r\u001b[K");
      const verdict = worst(examined);
      if (json) printJson(world, { ok: verdict !== "problem", verdict, data, version, checks: examined });
      else world.stdout.write(describe(examined, data, paint(world.colour)));
      return verdict === "problem" ? EXIT.failed : EXIT.done;
    } finally {
      await patient.close();
    }
  },
});

function describe(examined: readonly Examined[], data: string, colours: Paint): string {
  const all = examined.flatMap(({ findings }) => findings);
  const problems = all.filter(({ verdict }) => verdict === "problem").length;
  const warnings = all.filter(({ verdict }) => verdict === "warning").length;
  const counted = [count(problems, "problem"), count(warnings, "warning")].filter((part) => part !== "");
  const first = counted.length === 0 ? "All is well" : `${counted.join(" and ")} found`;
  const rows = examined.flatMap(({ title, findings }) =>
    findings.flatMap((finding, i) => findingRows(i === 0 ? title : "", finding, colours)),
  );
  const [worstFinding] = [...all]
    .filter(({ remedy }) => remedy !== undefined)
    .sort((a, b) => Number(b.verdict === "problem") - Number(a.verdict === "problem"));
  const next =
    problems > 0 && worstFinding?.remedy !== undefined
      ? `Begin with: ${printable(worstFinding.remedy)}`
      : "See what runs: postern status";
  return `${first}, in ${data}\n${columns(rows, "  ")}${next}\n`;
}

function findingRows(title: string, { verdict, found, remedy }: Finding, colours: Paint): string[][] {
  const row = [glyph(verdict, colours), title, found];
  return remedy === undefined ? [row] : [row, ["", "", `try: ${remedy}`]];
}

function glyph(verdict: Verdict, colours: Paint): string {
  if (verdict === "ok") return colours.good("✓");
  return verdict === "warning" ? colours.warn("! warning") : colours.bad("✕ problem");
}

function count(n: number, what: string): string {
  return n === 0 ? "" : `${n} ${what}${n === 1 ? "" : "s"}`;
}
