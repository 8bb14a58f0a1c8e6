import type { Notify } from "#kernel";
import type { World } from "../world.ts";

/** Events that say nothing to a person while all is well. */
const MARKS: ReadonlyMap<string, string> = new Map([
  ["progress", "  "],
  ["ready", ""],
  ["stopping", ""],
]);

/** How a role that runs by itself speaks: to people and their journal on standard error, or with `--json` one JSON line a notice. */
export function announceRole(role: string, world: World, json: boolean): Notify {
  if (json) return (notice) => world.stdout.write(`${JSON.stringify(notice)}\n`);
  return (notice) => {
    const message = notice.event === "ready" ? `The ${role} is running${whereOf(notice)}` : notice.message;
    if (message !== undefined) world.stderr.write(`${MARKS.get(notice.event) ?? "warning: "}${message}\n`);
    if (notice.event === "ready" && typeof notice["setup"] === "string")
      world.stderr.write("There is no administrator yet: postern setup-link prints a link that makes one\n");
  };
}

function whereOf(notice: { readonly [member: string]: unknown }): string {
  const { console, link, listening } = notice;
  const parts = [
    typeof listening === "string" ? ` on ${listening}` : "",
    typeof console === "string" ? `; the console is ${console}` : "",
    typeof link === "string" ? `; gateways and agents reach it at ${link}` : "",
  ];
  return parts.join("");
}
