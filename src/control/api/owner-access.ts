import type { Clock } from "#kernel";
import { type Caller, POSTERN, type RequestSaid } from "./caller.ts";

const OWNER = { id: "owner", name: "owner", role: "owner" };

/** The caller on the owner's socket, whose folder (0700) is the authentication. */
export function ownerCaller(said: RequestSaid, clock: Clock): Caller {
  const { id, name, role } = OWNER;
  return {
    actor: { type: "owner", id, name },
    source: said.source,
    me: { id, name, displayName: "Owner of the data folder", role, csrf: "" },
    input: async (action) =>
      await Promise.resolve({
        type: "user",
        user: OWNER,
        subject: { type: "user", ...OWNER },
        action,
        resource: POSTERN,
        request: said.facts,
        time: { now_ns: BigInt(clock.now()) * 1_000_000n },
      }),
  };
}
