/** Settings of PostgreSQL that decide whether what was acknowledged is kept, and whether all nodes can connect. */
import { type DoctorCheck, type Finding, fine, problem, warning } from "../check.ts";
import type { Row } from "../database-reader.ts";

const LEAST_VERSION = 15;
/** Connections of one control node, with some for doctor, backups and psql. */
const PER_NODE = 16;

interface Wanted {
  readonly setting: string;
  readonly accepts: (value: string) => boolean;
  readonly verdict: "problem" | "warning";
  readonly means: string;
  readonly remedy: string;
}

const WANTED: readonly Wanted[] = [
  {
    setting: "fsync",
    accepts: (value) => value === "on",
    verdict: "problem",
    means: "a power cut can damage the database",
    remedy: "alter system set fsync = on; select pg_reload_conf();",
  },
  {
    setting: "full_page_writes",
    accepts: (value) => value === "on",
    verdict: "problem",
    means: "a power cut can damage the database",
    remedy: "alter system set full_page_writes = on; select pg_reload_conf();",
  },
  {
    setting: "synchronous_commit",
    accepts: (value) => value !== "off",
    verdict: "problem",
    means: "a crash can lose a revocation that was acknowledged",
    remedy: "alter system set synchronous_commit = on; select pg_reload_conf();",
  },
  {
    setting: "transaction_read_only_server",
    accepts: (value) => value === "off",
    verdict: "problem",
    means: "it is a standby, which takes no writes",
    remedy:
      "name the primary: an address with several hosts and target_session_attrs=read-write, or the new one",
  },
  {
    setting: "server_encoding",
    accepts: (value) => value === "UTF8",
    verdict: "problem",
    means: "not every name can be stored",
    remedy: "create the database anew: createdb -E UTF8 -T template0, then postern restore into it",
  },
];

export const postgres: DoctorCheck = {
  name: "postgresql",
  title: "PostgreSQL",
  async examine({ address, database, used, member }) {
    if (!used || member() !== undefined || "path" in address()) return [];
    // that it does not answer is said by the check of the database
    const reader = await database().catch(() => undefined);
    if (reader?.kind !== "postgres") return [];
    const settings = new Map(
      (
        await reader.rows(
          `select name, setting from pg_settings where name in ('fsync', 'full_page_writes', 'synchronous_commit',
             'server_encoding', 'server_version', 'server_version_num', 'max_connections',
             'superuser_reserved_connections')
           union all select 'transaction_read_only_server', case when pg_is_in_recovery() then 'on' else 'off' end`,
        )
      ).map((row): [string, string] => [String(row["name"]), String(row["setting"])]),
    );
    const [now] = await reader.rows(
      "select count(*) as connections from pg_stat_activity where backend_type = 'client backend'",
    );
    const nodes = await reader.rows("select name from control_node").catch(() => []);
    return [
      ...versionFinding(settings),
      ...settingFindings(settings),
      ...connections(settings, now, nodes.length),
    ];
  },
};

function versionFinding(settings: ReadonlyMap<string, string>): Finding[] {
  const major = Math.floor(Number(settings.get("server_version_num")) / 10_000);
  const found = `version ${settings.get("server_version")}`;
  return [
    major >= LEAST_VERSION
      ? fine(found)
      : problem(
          `${found} is older than ${LEAST_VERSION}, the least that Postern is tried with`,
          "upgrade it: pg_upgrade",
        ),
  ];
}

function settingFindings(settings: ReadonlyMap<string, string>): Finding[] {
  return WANTED.flatMap(({ setting, accepts, verdict, means, remedy }) => {
    const value = settings.get(setting);
    if (value === undefined || accepts(value)) return [];
    return [{ verdict, found: `${setting} is ${value}: ${means}`, remedy }];
  });
}

function connections(settings: ReadonlyMap<string, string>, used: Row | undefined, nodes: number): Finding[] {
  const most =
    Number(settings.get("max_connections")) - Number(settings.get("superuser_reserved_connections"));
  const now = Number(used?.["connections"] ?? 0);
  const needed = Math.max(1, nodes) * PER_NODE;
  const found = `${now} of ${most} connections in use`;
  const remedy = `alter system set max_connections = ${Math.max(100, needed * 2)}; then restart PostgreSQL`;
  if (most - now < 3) return [problem(`${found}: control may not be able to connect`, remedy)];
  if (most < needed)
    return [warning(`${found}; ${nodes} control node${nodes === 1 ? "" : "s"} may need ${needed}`, remedy)];
  return [fine(found)];
}
