import type { FlagValues } from "../command.ts";
import { usage } from "../terminal/parse.ts";
import { milliseconds } from "./duration.ts";
import type { LoadOptions } from "./load.ts";

/** The flags of every command that compiles Rego. */
export const REGO_FLAGS = {
  "v0-compatible": { kind: "switch", what: "read modules in the syntax before Rego v1" },
  strict: {
    kind: "switch",
    short: "S",
    what: "refuse what OPA's strict mode refuses: unused imports, variables, …",
  },
  ignore: {
    kind: "list",
    value: "NAMES",
    what: "files and folders to pass over by name, with commas between: .*,*_test.rego",
  },
  schema: {
    kind: "value",
    short: "s",
    value: "PATH",
    what: "JSON schemas for types: a file for every input, or a folder of those that annotations name",
  },
} as const;

/** The flags of commands that evaluate. */
export const EVALUATION_FLAGS = {
  "allow-net": {
    kind: "list",
    value: "HOSTS",
    what: "hosts that http.send, net.lookup_ip_addr and schemas may ask, with commas between; none by default",
  },
} as const;

export type RegoFlags = FlagValues<typeof REGO_FLAGS>;

/** The hosts that policies may ask. @throws PosternError `usage.invalid` for what is no name of one */
export function regoHosts(flags: FlagValues<typeof EVALUATION_FLAGS>): readonly string[] {
  const hosts = parts(flags["allow-net"]);
  const wrong = hosts.find((host) => !/^(?:[A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\])$/.test(host));
  if (wrong !== undefined)
    throw usage(
      `--allow-net takes names of hosts, without scheme and port, not "${wrong}"`,
      undefined,
      "--allow-net api.example.com",
    );
  return hosts;
}

/** How folders are read. */
export function loadingOf({ ignore }: Pick<RegoFlags, "ignore">): LoadOptions {
  return { ignore: parts(ignore) };
}

function parts(lists: readonly string[] | undefined): readonly string[] {
  return (lists ?? []).flatMap((list) => list.split(",").map((part) => part.trim()));
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

/** Milliseconds of `--timeout`: seconds, or a duration such as `500ms`. @throws PosternError `usage.invalid` */
export function timeoutOf(text: string): number {
  const ms = /^\d{1,9}(\.\d+)?$/.test(text) ? 1_000 * Number(text) : milliseconds(text);
  if (ms === undefined || ms <= 0)
    throw usage(
      `--timeout is a number of seconds, or a duration such as 500ms or 2m, not "${text}"`,
      undefined,
      "--timeout 30",
    );
  return ms;
}
