/** Gateways and agents as control knows them: connected, fresh, not blocked, with a certificate that lives, in one place. */
import { parseJson } from "#kernel";
import { REPORT_MS } from "#link";
import { ago } from "../../terminal/moments.ts";
import { type DoctorCheck, type Finding, fine, problem, warning } from "../check.ts";
import type { Row } from "../database-reader.ts";

/** What an enforcement point may be late with its reports. */
const SILENT_MS = 4 * REPORT_MS;
/** Above the tightest bound there is, requests for restricted applications are denied. */
const OLD_VIEW_MS = 10_000;
/** A certificate lives a day and is renewed at half of it: one that ends this soon was not. */
const ENDS_SOON_MS = 6 * 3_600_000;
const MOST_CHANGES_BEHIND = 1_000;

export const members: DoctorCheck = {
  name: "members",
  title: "Gateways, agents",
  async examine(patient) {
    const reader = await patient.readable();
    // without control nobody keeps these rows, and that it does not run is said elsewhere
    if (reader === undefined || (await patient.role("control")) === undefined) return [];
    const rows = await reader.rows(
      `select c.role, c.name, c.connected_since, c.last_seen_at, c.reported_at, c.view_age_ms, c.blocked,
              c.certificate_not_after, c.local, m.state, m.clone_since, m.clone_addresses,
              case when c.epoch = (select epoch from counter) then (select number from counter) - c.number end as behind
       from component c left join member m on m.role = c.role and m.name = c.name
       order by c.role, c.name`,
    );
    const now = patient.clock.now();
    const findings = rows.flatMap((row) => memberFindings(row, now));
    const well = rows.length - new Set(findings.map(({ who }) => who)).size;
    return [
      ...findings.map(({ finding }) => finding),
      ...(well > 0 ? [fine(`${well} of ${rows.length} connected and fresh`)] : []),
    ];
  },
};

function memberFindings(row: Row, now: number): { readonly who: string; readonly finding: Finding }[] {
  const who = `${String(row["role"])} ${String(row["name"])}`;
  const say = (finding: Finding): { readonly who: string; readonly finding: Finding } => ({ who, finding });
  const [role, name] = [String(row["role"]), String(row["name"])];
  const found = [];
  if (row["clone_since"] !== null && row["clone_since"] !== undefined) {
    found.push(
      say(
        problem(
          `the certificate of ${who} is used from two places (${addresses(row["clone_addresses"])})`,
          `postern ${role} revoke ${name}, then join it anew: postern ${role} token ${name}`,
        ),
      ),
    );
  }
  if (row["state"] === "revoked") return found;
  const connected = row["connected_since"] !== null && row["connected_since"] !== undefined;
  if (!connected) {
    const seen = ago(Number(row["last_seen_at"]), now);
    found.push(
      say(
        warning(
          `${who} is not connected, last seen ${seen}`,
          `start it, or if it is gone for good: postern ${role} revoke ${name}`,
        ),
      ),
    );
    return found;
  }
  if (typeof row["blocked"] === "string")
    found.push(
      say(
        problem(
          `${who} takes no more changes: ${row["blocked"]}`,
          "update it to control's version, and restart it",
        ),
      ),
    );
  const reported = Number(row["reported_at"] ?? Number.NaN);
  if (now - reported > SILENT_MS)
    found.push(
      say(warning(`${who} has not reported since ${ago(reported, now)}`, "see what it says; restart it")),
    );
  else if (Number(row["view_age_ms"]) > OLD_VIEW_MS || Number(row["behind"]) > MOST_CHANGES_BEHIND)
    found.push(
      say(
        problem(
          `what ${who} knows is ${Math.round(Number(row["view_age_ms"]) / 1000)} s old, ${Number(row["behind"] ?? 0)} changes behind`,
          "see the network between it and control, and the load of both",
        ),
      ),
    );
  const end = row["certificate_not_after"];
  if (typeof end === "number" && end - now < ENDS_SOON_MS)
    found.push(
      say(
        problem(
          `the certificate of ${who} ends ${new Date(end).toISOString()} and was not renewed`,
          `see what it says; if it ended, join anew: postern ${role} token ${name}`,
        ),
      ),
    );
  return found;
}

/** As control keeps them: a JSON array of texts. */
function addresses(value: unknown): string {
  const list = typeof value === "string" ? parseJson(value, "addresses") : undefined;
  return Array.isArray(list) && list.length > 0 ? list.join(", ") : "addresses unknown";
}
