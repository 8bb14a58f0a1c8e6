import type { AdministrationRecord, RequestSource } from "#events";
import type { Input, RequestFacts } from "#policy";
import type { Me } from "./types.ts";

/** Who asks, as one of the doors established. */
export interface Caller {
  readonly actor: AdministrationRecord["actor"];
  readonly source: RequestSource;
  /** The session through which a person asks. */
  readonly session?: string;
  readonly me: Pick<Me, "id" | "name" | "displayName" | "role" | "session" | "csrf">;
  /**
   * What is to be decided when this caller does something. Person and session are read anew, so that what has changed
   * since the request came in counts.
   * @throws PosternError `unauthenticated` when the session has ended meanwhile
   */
  input(action: string): Promise<Input>;
}

/** What a request says of itself, for the policy and the log. */
export interface RequestSaid {
  readonly source: RequestSource;
  readonly facts: RequestFacts;
}

/** Every administrative act and record is of this one resource. */
export const POSTERN: Input["resource"] = { name: "postern", kind: "postern", classification: "restricted" };
