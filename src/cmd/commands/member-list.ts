import type { Component, MemberTokenItem } from "#api";
import type { MemberRole } from "#link";
import { type Command, DATA_FLAG, defineCommand } from "../command.ts";
import { ownerOf } from "../owner/client.ts";
import { readComponents } from "../owner/components.ts";
import { checkMemberTokens } from "../owner/deployment-shapes.ts";
import { certificateText, conditionText, hostText, viewText } from "../owner/deployment-text.ts";
import { columns } from "../terminal/columns.ts";
import { EXIT } from "../terminal/exit-codes.ts";
import { duration } from "../terminal/moments.ts";
import { type Paint, paint } from "../terminal/paint.ts";
import { printJson } from "../terminal/print.ts";

/** `postern gateway list` and `postern agent list`. */
export function listCommand(role: MemberRole): Command {
  return defineCommand({
    name: `${role} list`,
    arguments: [],
    flags: DATA_FLAG,
    examples: [
      { command: `postern ${role} list`, what: "how each is, and who is to join" },
      {
        command: `postern ${role} list --json | jq '.items[] | select(.condition != "well")'`,
        what: "for a script",
      },
    ],
    async run({ flags, json }, world) {
      const owner = ownerOf(flags, world);
      const { value: components, raw } = await readComponents(owner, role);
      const { value: tokens } = await owner.get("members/tokens", checkMemberTokens);
      const now = Date.now();
      const open = tokens.items.filter(
        (token) => token.role === role && token.usedAt === undefined && token.expiresAt > now,
      );
      if (json) printJson(world, { items: raw, tokens: open });
      else
        world.stdout.write(
          `${summary(role, components)}\n${table(components, paint(world.colour), now)}${open.map((token) => waiting(token, now)).join("")}Add another: postern ${role} token NAME\n`,
        );
      return EXIT.done;
    },
  });
}

function summary(role: MemberRole, components: readonly Component[]): string {
  const revoked = components.filter(({ condition }) => condition === "revoked").length;
  const rest = components.length - revoked;
  const text = `${rest} ${role}${rest === 1 ? "" : "s"}`;
  return revoked === 0 ? text : `${text}, and ${revoked} that ${revoked === 1 ? "is" : "are"} revoked`;
}

function table(components: readonly Component[], colours: Paint, now: number): string {
  if (components.length === 0) return "";
  const heads = ["NAME", "STATE", "VERSION", "VIEW", "OPEN", "UNSENT", "CERTIFICATE", "CONTROL", "HOST"];
  return columns([
    heads.map(colours.strong),
    ...components.map((component) => {
      const here = component.connectedSince !== undefined;
      return [
        component.name,
        conditionText(component, colours, now),
        component.version ?? "",
        viewText(component),
        here ? String(component.liveConnections ?? "") : "",
        here ? String(component.unshippedRecords ?? "") : "",
        component.condition === "revoked" ? "" : certificateText(component, now),
        component.node ?? "",
        hostText(component),
      ];
    }),
  ]);
}

function waiting({ name, createdBy, expiresAt }: MemberTokenItem, now: number): string {
  return `${name} may join with the token that ${createdBy} made, for another ${duration(expiresAt - now)}\n`;
}
