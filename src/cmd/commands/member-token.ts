import type { CreateMemberToken, MemberToken } from "#api";
import type { MemberRole } from "#link";
import { type Command, DATA_FLAG, defineCommand } from "../command.ts";
import { ownerOf } from "../owner/client.ts";
import { checkMemberToken } from "../owner/deployment-shapes.ts";
import { EXIT } from "../terminal/exit-codes.ts";
import { duration, moment } from "../terminal/moments.ts";
import { printJson } from "../terminal/print.ts";

/** `postern gateway token` and `postern agent token`: lets one machine join. */
export function tokenCommand(role: MemberRole): Command {
  return defineCommand({
    name: `${role} token`,
    details: `Prints the line to run on the machine that is to be ${role === "gateway" ? "a gateway" : "a host"}. Its token works once, for an hour, for this role and name alone.\nAn earlier token of the name that nobody used ends. Control must take other machines: --link of postern up or of postern control run.`,
    arguments: [{ name: "NAME", what: `the ${role}'s name: letters a to z, digits and hyphens` }],
    flags: DATA_FLAG,
    examples: [
      {
        command: `postern ${role} token ${role === "gateway" ? "edge-1" : "web-1"}`,
        what: "the line to run there",
      },
    ],
    async run({ flags, words: [name = ""], json }, world) {
      const body: CreateMemberToken = { role, name };
      const { value, raw } = await ownerOf(flags, world).post("members/tokens", body, checkMemberToken);
      if (json) printJson(world, raw);
      else world.stdout.write(describe(value, Date.now()));
      return EXIT.done;
    },
  });
}

function describe({ role, name, command, expiresAt, urls, replaces }: MemberToken, now: number): string {
  const others = urls.slice(1);
  return (
    `Run this on the machine that is to be ${role} ${name}:\n\n  ${command}\n\n` +
    `It works once, for the name ${name} alone, within ${duration(expiresAt - now)}: until ${moment(expiresAt)}.\n` +
    (replaces
      ? `There is a ${role} ${name}: whoever uses this takes its place, and its certificates end then.\n`
      : "") +
    (others.length === 0 ? "" : `Control can be joined at ${others.join(" and ")} as well.\n`) +
    `Then start it there: postern ${role} run\n`
  );
}
