/** `npm run bench -- NAME [--json]`: runs one bench and prints its measurements, as a table or as one JSON array. */
import { parseArgs } from "node:util";
import { capacity } from "./capacity.ts";
import type { Bench } from "./measurement.ts";
import { rego } from "./rego.ts";
import { revoke } from "./revoke.ts";
import { start } from "./start.ts";
import { view } from "./view.ts";

const BENCHES: readonly Bench[] = [start, capacity, revoke, view, rego];

const { values, positionals } = parseArgs({
  options: { json: { type: "boolean", default: false } },
  allowPositionals: true,
});
const bench = BENCHES.find(({ name }) => name === positionals[0]);
if (bench === undefined || positionals.length > 1) {
  const list = BENCHES.map(({ name, purpose }) => `  ${name.padEnd(10)} ${purpose}`).join("\n");
  process.stderr.write(
    `error: which bench?\n${list}\n  try: npm run bench -- ${BENCHES[0]?.name ?? "NAME"} --json\n`,
  );
  process.exitCode = 2;
} else {
  const measured = await bench.run();
  if (values.json) process.stdout.write(`${JSON.stringify(measured)}\n`);
  else {
    const width = Math.max(...measured.map(({ metric }) => metric.length));
    for (const { metric, value, unit } of measured)
      process.stdout.write(`${metric.padEnd(width)} ${value} ${unit}\n`);
  }
}
