import type { World } from "../world.ts";

/** One JSON value on one line, for programs. */
export function printJson(world: World, value: unknown): void {
  world.stdout.write(`${JSON.stringify(value)}\n`);
}
