import { type DatabaseStatus, describeDatabase } from "../backup/database-status.ts";
import { type Command, DATA_FLAG, defineCommand } from "../command.ts";
import { databaseOf, maskedDatabase } from "../database.ts";
import { bytes } from "../doctor/amounts.ts";
import { openReader } from "../doctor/database-reader.ts";
import { dataFolder } from "../places.ts";
import { columns } from "../terminal/columns.ts";
import { EXIT } from "../terminal/exit-codes.ts";
import { ago, moment } from "../terminal/moments.ts";
import { printJson } from "../terminal/print.ts";

export const dbStatus: Command = defineCommand({
  name: "db status",
  details: "Reads the database itself, whether control runs or not.",
  arguments: [],
  flags: DATA_FLAG,
  examples: [
    { command: "postern db status", what: "where is the state, and who works on it?" },
    { command: "postern db status --json | jq .position", what: "for programs" },
  ],
  async run({ flags, json }, world) {
    const address = databaseOf(dataFolder(flags.data, world));
    const reader = await openReader(address);
    try {
      const status = await describeDatabase(reader);
      const database = maskedDatabase(address);
      if (json) printJson(world, { database, ...status });
      else world.stdout.write(describe(database, status, Date.now()));
      return EXIT.done;
    } finally {
      await reader.close();
    }
  },
});

function describe(database: string, status: DatabaseStatus, now: number): string {
  const { kind, version, sizeBytes, position, migrations, nodes, leaders } = status;
  const name = kind === "sqlite" ? "SQLite" : "PostgreSQL";
  return (
    `The state is in ${name} ${version}\n` +
    columns(
      [
        ["Database", database],
        ["Size", bytes(sizeBytes)],
        ["Position", `change ${position.number} of ${position.epoch}`],
        ["Schema", migrations.at(-1) ?? "none"],
        ...nodes.map((node, i) => [
          i === 0 ? "Control nodes" : "",
          `${node.name}, ${node.version}, since ${moment(node.startedAt)}, last seen ${ago(node.lastSeenAt, now)}`,
        ]),
        ...leaders.map((leader, i) => [i === 0 ? "Leader terms" : "", `${leader.task}: term ${leader.term}`]),
      ],
      "  ",
    ) +
    (kind === "sqlite"
      ? "Move it to PostgreSQL while it runs: postern db migrate-to postgres://USER@HOST/DATABASE\n"
      : "Keep it safe: postern backup FILE\n")
  );
}
