import { BuiltinError, RefusedError } from "../../errors.ts";
import { isObject, member, type RegoObjectValue } from "../../values/index.ts";
import type { World } from "../builtin.ts";
import { DataError } from "../data-error.ts";
import type { Fetch } from "./schema.ts";

/** Schemas of other addresses are asked for over the network, where there is one; `name` is the built-in that asks. */
export function fetching(world: World | undefined, name?: string): Fetch {
  return (address) => {
    if (world === undefined || !/^https?:/i.test(address))
      throw new DataError(`remote reference loading disabled: ${JSON.stringify(address)}`);
    const answer = asked(world, name, address);
    const status = member(answer, "status");
    const body = member(answer, "body") ?? null;
    if (member(answer, "status_code") !== 200 || body === null)
      throw new DataError(
        `Could not read schema from HTTP, response status is ${typeof status === "string" ? status : "unknown"}`,
      );
    return body;
  };
}

/** What the network says; that it cannot be reached is a fault of the schema, that it may not be asked is not. */
function asked(world: World, name: string | undefined, address: string): RegoObjectValue {
  try {
    const answer = world.send({ method: "get", url: address, force_json_decode: true });
    return isObject(answer) ? answer : {};
  } catch (error) {
    if (!(error instanceof BuiltinError)) throw error;
    const message = error.message.replace(/^http\.send: /, "");
    throw error instanceof RefusedError
      ? new RefusedError(name === undefined ? message : `${name}: ${message}`, error.wanted)
      : new DataError(message);
  }
}
