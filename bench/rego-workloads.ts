import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** One policy with its data, and inputs to ask it about. */
export interface Workload {
  readonly name: string;
  readonly policy: string;
  readonly v0: boolean;
  /** JSON text. */
  readonly data: string;
  readonly query: string;
  /** JSON texts by name; the one that the workload's figure is of has the name "". */
  readonly inputs: ReadonlyMap<string, string>;
}

/** Reads the workloads of a folder: each a folder of `policy.rego`, `data.json`, `input*.json` and `query.txt`. */
export function readWorkloads(folder: string): readonly Workload[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort()
    .map((name) => {
      const read = (file: string): string => readFileSync(join(folder, name, file), "utf8");
      const inputs = readdirSync(join(folder, name))
        .flatMap((file) => {
          const found = /^input(?:-(.+))?\.json$/.exec(file);
          return found === null ? [] : [[found[1] ?? "", read(file)] as const];
        })
        .sort(([a], [b]) => (a < b ? -1 : 1));
      return {
        name,
        policy: read("policy.rego"),
        // The README of the workloads says that this one alone is v0.
        v0: name === "typical",
        data: read("data.json"),
        query: read("query.txt").trim(),
        inputs: new Map(inputs),
      };
    });
}

/** The rules of `rules-10`, so many of them; the input is one that the last rule allows. */
export function rulesWorkload(count: number): Workload {
  const rules = Array.from(
    { length: count },
    (_, i) =>
      `allow if { input.path == "/r/${i + 1}"; input.method == "GET"; input.role == "role_${i + 1}" }`,
  );
  return {
    name: `rules-${count}`,
    policy: `package authz\n\ndefault allow := false\n\n${rules.join("\n")}\n`,
    v0: false,
    data: "{}",
    query: "data.authz.allow",
    inputs: new Map([["", JSON.stringify({ path: `/r/${count}`, method: "GET", role: `role_${count}` })]]),
  };
}

const BIG_BYTES = 10_000_000;

/** A look-up of one person among as many as 10 MB of JSON hold. */
export function bigDataWorkload(): Workload {
  const people: string[] = [];
  for (let i = 0, bytes = 0; bytes < BIG_BYTES; i++) {
    const person = `"user_${i}":${JSON.stringify({
      email: `user_${i}@example.com`,
      department: `department_${i % 40}`,
      roles: [`role_${i % 20}`, `role_${(i * 7) % 20}`, `role_${(i * 13) % 20}`],
      level: i % 10,
      active: i % 17 !== 0,
      manager: `user_${Math.floor(i / 8)}`,
    })}`;
    people.push(person);
    bytes += person.length + 1;
  }
  const middle = Math.floor(people.length / 2);
  const chosen = middle % 17 === 0 ? middle + 1 : middle;
  return {
    name: "bigdata",
    policy: [
      "package authz",
      "",
      "default allow := false",
      "",
      "allow if {",
      "\tperson := data.people[input.user]",
      "\tperson.active == true",
      "\tinput.role in person.roles",
      "}",
      "",
    ].join("\n"),
    v0: false,
    data: `{"people":{${people.join(",")}}}`,
    query: "data.authz.allow",
    inputs: new Map([["", JSON.stringify({ user: `user_${chosen}`, role: `role_${chosen % 20}` })]]),
  };
}
