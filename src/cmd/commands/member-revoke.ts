import type { MemberRole } from "#link";
import { type Command, DATA_FLAG, defineCommand } from "../command.ts";
import { ownerOf } from "../owner/client.ts";
import { findComponent } from "../owner/components.ts";
import { checkRevoked } from "../owner/deployment-shapes.ts";
import { EXIT } from "../terminal/exit-codes.ts";
import { moment } from "../terminal/moments.ts";
import { printJson } from "../terminal/print.ts";

const WHAT: { readonly [role in MemberRole]: string } = {
  gateway:
    "Within a second control drops it, it ends all open connections, and from then on it denies every request.\nWhoever signed in there stays signed in at the other gateways.",
  agent: "Within a second control drops it and tells it nothing more.",
};

/** `postern gateway revoke` and `postern agent revoke`: shuts a machine out. */
export function revokeCommand(role: MemberRole): Command {
  return defineCommand({
    name: `${role} revoke`,
    details: `${WHAT[role]}\nIts certificates and tokens end; a new token lets the name join again.`,
    arguments: [{ name: "NAME", what: `the ${role}'s name, as postern ${role} list shows it` }],
    flags: DATA_FLAG,
    examples: [
      {
        command: `postern ${role} revoke ${role === "gateway" ? "edge-1" : "web-1"}`,
        what: "when a machine is lost or gone",
      },
    ],
    async run({ flags, words: [name = ""], json }, world) {
      const owner = ownerOf(flags, world);
      const { condition } = await findComponent(owner, role, name);
      const path = `members/${role}/${encodeURIComponent(name)}/revoke`;
      const { value, raw } = await owner.post(path, {}, checkRevoked);
      if (json) printJson(world, raw);
      else
        world.stdout.write(
          `${condition === "revoked" ? `${name} was revoked already, at ${moment(value.revokedAt)}` : `${name} is revoked; its connections end within a second, and control tells it nothing more`}\nLet the name join again: postern ${role} token ${name}\n`,
        );
      return EXIT.done;
    },
  });
}
