import type { FlagValues } from "../command.ts";

/** The flags of every command that compiles Rego. */
export const REGO_FLAGS = {
  "v0-compatible": { kind: "switch", what: "read modules in the syntax before Rego v1" },
  strict: { kind: "switch", what: "refuse what OPA's strict mode refuses: unused imports, variables, …" },
  "allow-net": {
    kind: "list",
    value: "HOSTS",
    what: "hosts that http.send and net.lookup_ip_addr may ask, with commas between; none by default",
  },
} as const;

export type RegoFlags = FlagValues<typeof REGO_FLAGS>;

/** The hosts that policies may ask. */
export function regoHosts(flags: RegoFlags): readonly string[] {
  return (flags["allow-net"] ?? []).flatMap((hosts) => hosts.split(",").map((host) => host.trim()));
}

/** How modules are read: in the syntax that was asked for, or in that of printed guides where only that parses. */
export function readingOf(flags: RegoFlags): {
  readonly dialect: "v0" | "v1";
  readonly guide: true;
  readonly strict: boolean;
} {
  return {
    dialect: flags["v0-compatible"] === true ? "v0" : "v1",
    guide: true,
    strict: flags.strict === true,
  };
}
