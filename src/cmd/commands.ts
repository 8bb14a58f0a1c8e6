import type { Command } from "./command.ts";

/** A command as the overview lists it; its file is loaded only when it is asked for, so that each starts quickly and stays small. */
export interface CommandEntry {
  readonly name: string;
  /** One line, beginning with a verb. */
  readonly purpose: string;
  /** Started by `postern up`, not by people. */
  readonly internal?: boolean;
  load(): Promise<Command>;
}

export const COMMANDS: readonly CommandEntry[] = [
  {
    name: "up",
    purpose: "start everything on this machine",
    load: async () => (await import("./commands/up.ts")).up,
  },
  {
    name: "status",
    purpose: "show what runs, the active policy and what was decided lately",
    load: async () => (await import("./commands/status.ts")).status,
  },
  {
    name: "doctor",
    purpose: "find what is wrong, and say what to do",
    load: async () => (await import("./commands/doctor.ts")).doctor,
  },
  {
    name: "backup",
    purpose: "write all state to one file",
    load: async () => (await import("./commands/backup.ts")).backup,
  },
  {
    name: "restore",
    purpose: "put the state of a backup into effect",
    load: async () => (await import("./commands/restore.ts")).restore,
  },
  {
    name: "db migrate-to",
    purpose: "move the state to PostgreSQL, while everything runs",
    load: async () => (await import("./commands/db-migrate-to.ts")).dbMigrateTo,
  },
  {
    name: "db status",
    purpose: "show where the state is, and who works on it",
    load: async () => (await import("./commands/db-status.ts")).dbStatus,
  },
  {
    name: "setup-link",
    purpose: "print a new link that makes the first administrator",
    load: async () => (await import("./commands/setup-link.ts")).setupLink,
  },
  {
    name: "app add",
    purpose: "protect an application",
    load: async () => (await import("./commands/app-add.ts")).appAdd,
  },
  {
    name: "app list",
    purpose: "list the applications",
    load: async () => (await import("./commands/app-list.ts")).appList,
  },
  {
    name: "app remove",
    purpose: "stop serving an application",
    load: async () => (await import("./commands/app-remove.ts")).appRemove,
  },
  {
    name: "apply",
    purpose: "put rules and applications from files into effect",
    load: async () => (await import("./commands/apply.ts")).apply,
  },
  {
    name: "policy show",
    purpose: "show the active policy set",
    load: async () => (await import("./commands/policy-show.ts")).policyShow,
  },
  {
    name: "policy check",
    purpose: "check files without a running instance",
    load: async () => (await import("./commands/policy-check.ts")).policyCheck,
  },
  {
    name: "policy eval",
    purpose: "evaluate a query of Rego over files",
    load: async () => (await import("./commands/policy-eval.ts")).policyEval,
  },
  {
    name: "policy test",
    purpose: "run the tests that are written in Rego",
    load: async () => (await import("./commands/policy-test.ts")).policyTest,
  },
  {
    name: "policy fmt",
    purpose: "format policies written in Rego",
    load: async () => (await import("./commands/policy-fmt.ts")).policyFmt,
  },
  {
    name: "policy decide",
    purpose: "decide one input under files, and say why",
    load: async () => (await import("./commands/policy-decide.ts")).policyDecide,
  },
  {
    name: "explain",
    purpose: "say why a request was decided as it was",
    load: async () => (await import("./commands/explain.ts")).explain,
  },
  {
    name: "audit tail",
    purpose: "print the event log as it grows",
    load: async () => (await import("./commands/audit-tail.ts")).auditTail,
  },
  {
    name: "user invite",
    purpose: "let somebody in: print a link for a new person",
    load: async () => (await import("./commands/user-invite.ts")).userInvite,
  },
  {
    name: "user list",
    purpose: "list the people",
    load: async () => (await import("./commands/user-list.ts")).userList,
  },
  {
    name: "user disable",
    purpose: "shut a person out at once",
    load: async () => (await import("./commands/user-disable.ts")).userDisable,
  },
  {
    name: "user enable",
    purpose: "let a disabled person in again",
    load: async () => (await import("./commands/user-enable.ts")).userEnable,
  },
  {
    name: "session list",
    purpose: "list who is signed in",
    load: async () => (await import("./commands/session-list.ts")).sessionList,
  },
  {
    name: "session end",
    purpose: "end a session and its open connections",
    load: async () => (await import("./commands/session-end.ts")).sessionEnd,
  },
  {
    name: "control run",
    purpose: "run a control node by itself, for several machines",
    load: async () => (await import("./commands/control-run.ts")).controlRun,
  },
  {
    name: "control list",
    purpose: "list the control nodes",
    load: async () => (await import("./commands/control-list.ts")).controlList,
  },
  {
    name: "gateway token",
    purpose: "let a machine join as a gateway: print the line to run there",
    load: async () => (await import("./commands/member-token.ts")).tokenCommand("gateway"),
  },
  {
    name: "gateway join",
    purpose: "make this machine a gateway of an instance elsewhere",
    load: async () => (await import("./commands/join.ts")).joinCommand("gateway"),
  },
  {
    name: "gateway run",
    purpose: "run a gateway that has joined",
    load: async () => (await import("./commands/gateway-run.ts")).gatewayRun,
  },
  {
    name: "gateway list",
    purpose: "list the gateways, and how each is",
    load: async () => (await import("./commands/member-list.ts")).listCommand("gateway"),
  },
  {
    name: "gateway revoke",
    purpose: "shut a gateway out at once",
    load: async () => (await import("./commands/member-revoke.ts")).revokeCommand("gateway"),
  },
  {
    name: "agent token",
    purpose: "let a machine join as a host: print the line to run there",
    load: async () => (await import("./commands/member-token.ts")).tokenCommand("agent"),
  },
  {
    name: "agent join",
    purpose: "make this machine a host of an instance elsewhere",
    load: async () => (await import("./commands/join.ts")).joinCommand("agent"),
  },
  {
    name: "agent run",
    purpose: "run the agent of a host that has joined",
    load: async () => (await import("./commands/agent-run.ts")).agentRun,
  },
  {
    name: "agent list",
    purpose: "list the agents, and how each is",
    load: async () => (await import("./commands/member-list.ts")).listCommand("agent"),
  },
  {
    name: "agent revoke",
    purpose: "shut a host's agent out at once",
    load: async () => (await import("./commands/member-revoke.ts")).revokeCommand("agent"),
  },
  {
    name: "authority show",
    purpose: "show the authority that all parts know each other by",
    load: async () => (await import("./commands/authority-show.ts")).authorityShow,
  },
  {
    name: "authority rotate",
    purpose: "replace that authority while everything runs",
    load: async () => (await import("./commands/authority-rotate.ts")).authorityRotate,
  },
  {
    name: "version",
    purpose: "print the version",
    load: async () => (await import("./commands/version.ts")).version,
  },
  {
    name: "help",
    purpose: "explain a command",
    load: async () => (await import("./commands/help.ts")).help,
  },
  ...(["control", "gateway", "agent", "demo"] as const).map((role) => ({
    name: `child ${role}`,
    purpose: `run the ${role} of an instance`,
    internal: true,
    load: async () => (await import("./commands/child.ts")).childCommand(role),
  })),
];
