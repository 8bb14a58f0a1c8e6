import { newId, PosternError, systemClock, systemIds } from "#kernel";
import type { MemberRole } from "#link";
import { joinControl } from "#membership";
import { type Command, defineCommand } from "../command.ts";
import { makePrivateFolder, memberFolder } from "../places.ts";
import { columns } from "../terminal/columns.ts";
import { EXIT } from "../terminal/exit-codes.ts";
import { moment } from "../terminal/moments.ts";
import { usage } from "../terminal/parse.ts";
import { printJson } from "../terminal/print.ts";
import { packageVersion } from "../version.ts";
import { MEMBER_FLAGS } from "./member-flags.ts";

/** `postern gateway join` and `postern agent join`: makes this machine a member of an instance. */
export function joinCommand(role: MemberRole): Command {
  return defineCommand({
    name: `${role} join`,
    details: `Makes a key here, and gets a certificate for it from control with a token of "postern ${role} token NAME".\nThe token is sent only to a control whose authority is the pinned one.`,
    arguments: [{ name: "URL", what: "where control takes gateways and agents, https://HOST:7443" }],
    flags: {
      data: MEMBER_FLAGS[role].data,
      token: { kind: "value", value: "TOKEN", what: "the token; - reads it from standard input" },
      "ca-pin": { kind: "value", value: "sha256:HEX", what: "the hash of control's authority" },
    },
    examples: [
      {
        command: `postern ${role} join https://control.example.net:7443 --token … --ca-pin sha256:…`,
        what: `as "postern ${role} token NAME" printed it`,
      },
    ],
    async run({ flags, words, json }, world) {
      const { token, "ca-pin": pin } = flags;
      if (token === undefined)
        throw usage("--token is missing", `postern ${role} join`, `postern ${role} token NAME, at control`);
      if (pin === undefined)
        throw usage("--ca-pin is missing", `postern ${role} join`, `postern ${role} token NAME, at control`);
      const folder = memberFolder(role, flags.data, world);
      makePrivateFolder(folder);
      const member = await joinControl({
        url: words[0] ?? "",
        token: token === "-" ? await fromStandardInput() : token,
        pin,
        role,
        folder,
        boot: newId("boot", systemClock.now(), systemIds),
        version: packageVersion(),
        clock: systemClock,
      });
      const { name, trustDomain, notAfter, controls } = member;
      if (json) printJson(world, { role, name, trustDomain, notAfter, controls, data: folder });
      else {
        world.stdout.write(
          `This machine is the ${role} "${name}" of ${trustDomain}.\n\n${columns(
            [
              ["Control", controls.join(", ")],
              ["Certificate", `until ${moment(notAfter)}, renewed by itself`],
              ["Data", folder],
            ],
            "  ",
          )}\nStart it: postern ${role} run${flags.data === undefined ? "" : ` --data ${folder}`}\n`,
        );
      }
      return EXIT.done;
    },
  });
}

/** So that a token need not stand in a shell's history. */
async function fromStandardInput(): Promise<string> {
  let text = "";
  process.stdin.setEncoding("utf8");
  for await (const chunk of process.stdin as AsyncIterable<string>) {
    text += chunk;
    if (text.length > 10_000)
      throw new PosternError("input.too_large", "what came on standard input is no token");
  }
  return text.trim();
}
