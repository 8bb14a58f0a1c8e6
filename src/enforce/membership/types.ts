import type { Clock, Notify, Schedule } from "#kernel";
import type { LinkClient, LinkCredentials, MemberRole } from "#link";
import type { View } from "#view";

export interface JoinOptions {
  /** A control node's link, such as `https://control-a.example.net:7443`. */
  readonly url: string;
  /** The one-use token. */
  readonly token: string;
  /** `sha256:` and the SHA-256 of the SubjectPublicKeyInfo of control's authority, in hex. */
  readonly pin: string;
  /** What this machine is to be; a token for the other role is refused. */
  readonly role?: MemberRole;
  /** Where the membership will rest. */
  readonly folder: string;
  readonly boot: string;
  readonly version: string;
  readonly clock: Clock;
}

/** What came of joining. */
export interface Joined {
  readonly role: MemberRole;
  readonly name: string;
  readonly trustDomain: string;
  /** When the certificate ends, milliseconds since the Unix epoch. */
  readonly notAfter: number;
  readonly controls: readonly string[];
}

export interface MembershipOptions {
  /** Where `joinControl` put it. */
  readonly folder: string;
  readonly clock: Clock;
  readonly schedule: Schedule;
  readonly notify: Notify;
}

/** What a membership is kept up by. */
export interface MembershipLinks {
  readonly link: Pick<LinkClient, "send">;
  readonly view: Pick<View, "authorities" | "controls" | "blocked" | "onChange" | "onStanding">;
  /** Identifies this start of the process. */
  readonly boot: string;
}

/** Who this machine is in its instance. */
export interface HeldMembership {
  readonly role: MemberRole;
  readonly name: string;
  readonly trustDomain: string;
  /** As they are now: read them anew for each connection. */
  credentials(): LinkCredentials;
  /** Link addresses of all control nodes, as they are known now. */
  controls(): readonly string[];
  /** When its certificate ends, milliseconds since the Unix epoch. */
  certificateNotAfter(): number;
  /** Renews the certificate in time, and follows what the view says of authorities and control nodes into the file. */
  start(links: MembershipLinks): void;
  /** Ends that; a renewal under way is waited for. */
  close(): Promise<void>;
}
