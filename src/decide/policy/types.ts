import type { Diagnostic } from "#kernel";

/** The closed, ordered list of classifications (from least to most sensitive). */
export const CLASSIFICATIONS = ["public", "internal", "confidential", "restricted"] as const;
export type Classification = (typeof CLASSIFICATIONS)[number];

/**
 * What a decision is made from. A fact that is not known is absent: never null, never a word such as
 * "unknown". The table `FACTS` gives each one's type, unit and source; `checkInput` holds an input to it.
 */
export interface Input {
  readonly type: "user" | "service";
  readonly user?: UserFacts;
  readonly service?: { readonly identity?: string; readonly name?: string };
  /** Who asks, in the terms that both a person and a service have. */
  readonly subject?: {
    readonly type: "user" | "service";
    readonly id: string;
    readonly name?: string;
    readonly role?: string;
    readonly groups?: readonly string[];
  };
  readonly device?: DeviceFacts;
  readonly session?: { readonly id: string; readonly age_hours?: number; readonly idle_minutes?: number };
  /** What is done: `read`, `write`, `connect`, a name that the application's manifest declares, or an administrative act such as `policy.apply`. */
  readonly action: string;
  readonly resource: ResourceFacts;
  readonly request?: RequestFacts;
  readonly tls?: { readonly verified?: boolean; readonly version?: string };
  readonly context?: { readonly view_age_seconds?: number };
  readonly time: TimeFacts;
}

export interface UserFacts {
  readonly id: string;
  /** Login name. */
  readonly name: string;
  readonly email?: string;
  readonly role?: string;
  readonly groups?: readonly string[];
  /** True when this session began with a factor that counts as multi-factor, such as a passkey with user verification. */
  readonly mfa_verified?: boolean;
  /** Hours since that factor was last verified. */
  readonly mfa_age_hours?: number;
  /** Exact nanoseconds since the Unix epoch. */
  readonly approval_expiry_ns?: number | bigint;
}

export interface DeviceFacts {
  readonly id?: string;
  readonly managed?: boolean;
  readonly posture?: string;
  /** 0 to 100. */
  readonly compliance_score?: number;
  readonly disk_encrypted?: boolean;
  readonly os_patched?: boolean;
}

export interface ResourceFacts {
  readonly name: string;
  readonly kind: "application" | "postern";
  readonly classification: Classification;
  readonly env?: string;
  /** 0 to 100: the trust score that this resource asks for. */
  readonly sensitivity_score?: number;
  readonly labels?: { readonly [name: string]: string };
}

export interface RequestFacts {
  readonly method?: string;
  /** The path that will be forwarded, without the query. */
  readonly path?: string;
  readonly host?: string;
  readonly source_ip?: string;
  readonly user_agent?: string;
}

/** The moment of the decision. Everything but `now_ns` is in the policy set's time zone and absent when the set states none. */
export interface TimeFacts {
  /** Exact nanoseconds since the Unix epoch. */
  readonly now_ns: bigint;
}

/** A file of a policy set, as somebody wrote it. `path` is relative to the set's folder, with `/`. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** A file of which only some documents are shown: of the others, how many line breaks they hold, and what names them. */
export interface CutFile {
  readonly path: string;
  readonly parts: readonly FilePart[];
}
export type FilePart = { readonly text: string } | { readonly sha256: string; readonly lines: number };

/** A file of a policy set as an enforcement point gets it. */
export type PolicyFile = SourceFile | CutFile;

export type Effect = "allow" | "deny" | "step_up";

/** A rule, and where it stands: `source` is `file:line`. */
export interface RuleReference {
  /** The rule's name when it has one (`# name: …` above it), else its `file:line`. */
  readonly rule: string;
  readonly source: string;
}

/** Why, in one sentence for people; `rule` and `source` for those who write policy. */
export interface Reason extends RuleReference {
  readonly message: string;
}

/** A condition that did not hold, in plain words and with what was seen. Never carries rule text. */
export interface FailedCondition {
  /** The fact it reads, such as `device.managed`. */
  readonly fact: string;
  /** For people: "Your device is managed by the company". */
  readonly plain: string;
  /** What was seen, for people: "not known", "12 hours", "no". */
  readonly actual: string;
  readonly source: string;
}

export interface Decision {
  readonly id: string;
  readonly effect: Effect;
  /** The hash of the policy set that decided. */
  readonly version: string;
  /** The rules that fired. */
  readonly rules: readonly RuleReference[];
  readonly reasons: readonly Reason[];
  readonly obligations: { readonly [name: string]: unknown };
  readonly trust?: {
    readonly score: number;
    readonly required: number;
    readonly factors: readonly TrustFactor[];
  };
  /** On a denial: what did not hold in the allow rule that came nearest. */
  readonly failed?: readonly FailedCondition[];
}

export interface TrustFactor {
  readonly name: string;
  readonly weight: number;
  readonly contribution: number;
  readonly source: string;
}

/** One condition as it was tried, for `explain`. */
export interface TraceStep {
  readonly source: string;
  /** The condition's own text. */
  readonly text: string;
  /** `undefined`: the condition read a fact that is absent. */
  readonly result: "true" | "false" | "undefined" | "error";
  /** Each fact read and its value as text; `absent` when unknown. */
  readonly facts: readonly { readonly fact: string; readonly value: string }[];
}

export interface RuleTrace extends RuleReference {
  readonly effect: "allow" | "deny";
  readonly text: string;
  readonly fired: boolean;
  readonly steps: readonly TraceStep[];
}

export interface Explanation {
  readonly decision: Decision;
  readonly trace: readonly RuleTrace[];
}

/** An application as its manifest describes it, complete with defaults. */
export interface Application {
  readonly name: string;
  readonly title: string;
  readonly description?: string;
  /** `http://host:port`, `https://…`, or `unix:file.sock` relative to the run folder. */
  readonly upstream: string;
  /** The host label under the instance's domain; the name when the manifest gives none. */
  readonly host: string;
  /** `/` unless the manifest gives one; the longest matching prefix of a host wins. */
  readonly pathPrefix: string;
  readonly classification: Classification;
  readonly env?: string;
  readonly sensitivityScore?: number;
  readonly labels: { readonly [name: string]: string };
  /** `full` shows rule text to people who are denied. */
  readonly explain: "conditions" | "full";
  /** Named actions by method and path prefix; the first that matches names `input.action`. */
  readonly actions: readonly {
    readonly name: string;
    readonly methods: readonly string[];
    readonly pathPrefix: string;
  }[];
  /** The gateways that it is on; all of them when absent. */
  readonly gateways?: readonly string[];
  readonly source: string;
}

/** A compiled policy set: immutable, named by the hash of its files. */
export interface PolicySet {
  /** SHA-256 over the parts of its files, 64 hexadecimal digits; of a cut set, that of the whole one. */
  readonly version: string;
  /** Of a cut set, with empty lines where documents are left out. */
  readonly files: readonly SourceFile[];
  readonly timeZone?: string;
  readonly applications: ReadonlyMap<string, Application>;
  readonly rules: readonly (RuleReference & { readonly effect: "allow" | "deny"; readonly text: string })[];
  readonly warnings: readonly Diagnostic[];
}
