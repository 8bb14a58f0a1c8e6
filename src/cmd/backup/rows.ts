/** What people look for in a backup, by the table that holds it. */
const NAMES: readonly (readonly [table: string, one: string, many: string])[] = [
  ["user", "person", "people"],
  ["session", "session", "sessions"],
  ["policy_version", "policy version", "policy versions"],
  ["member", "member", "members"],
  ["event", "record", "records"],
];

/** Such as `2 people, 1 session, 3 policy versions, 0 members, 812 records`. */
export function describeRows(rows: ReadonlyMap<string, number>): string {
  return NAMES.map(([table, one, many]) => {
    const count = rows.get(table) ?? 0;
    return `${count} ${count === 1 ? one : many}`;
  }).join(", ");
}
