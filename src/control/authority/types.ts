import type { AdministrationRecord } from "#events";
import type { LinkCredentials, MemberRole } from "#link";

/** Who had something done, and how that was authorised. */
export type Actor = Pick<AdministrationRecord, "actor" | "decision" | "source">;

/** What a gateway or agent asks a certificate for. */
export interface MemberRequest {
  readonly role: MemberRole;
  /** One DNS label (RFC 1123 §2.1). */
  readonly name: string;
  /** PKCS#10 (RFC 2986) in PEM. */
  readonly csr: string;
}

/** A certificate that was just signed. Times are milliseconds since the Unix epoch, in whole seconds. */
export interface IssuedCertificate {
  /** PEM: the certificate, then the authority that signed it. */
  readonly certificate: string;
  /** Lower-case hexadecimal without leading zeros. */
  readonly serial: string;
  readonly notBefore: number;
  readonly notAfter: number;
}

/**
 * Where a rotation stands:
 * - `steady`: one authority, and none on its way;
 * - `published`: the next one is in the bundle and signs nothing, until everybody connected trusts it;
 * - `members`: it signs for gateways and agents, until all of them have a certificate of it;
 * - `control`: it signs for control nodes too, until all of them present it; then the old one is gone.
 */
export type RotationPhase = "steady" | "published" | "members" | "control";

export interface Rotation {
  readonly phase: RotationPhase;
  /** When this phase began; when the authority was made, in the first phase of all. */
  readonly since: number;
  /** What must happen before the next phase, each a clause such as `gateway edge-1 to see it`. */
  readonly waitingFor: readonly string[];
  /** SHA-256 of the certificates of the authorities that count, in hex, oldest first. */
  readonly authorities: readonly { readonly id: string; readonly notAfter: number }[];
}

export interface Authority {
  readonly trustDomain: string;
  /** What a joining member checks control by: `sha256:` and the SHA-256 of the SubjectPublicKeyInfo, in hex, of the authority behind control's certificate. */
  pin(): Promise<string>;
  /** The authorities that count, PEM, oldest first. */
  bundle(): Promise<readonly string[]>;
  /**
   * Signs a certificate of 24 hours for a gateway or agent; joins the write that it is called in, if any.
   * @throws PosternError `input.invalid` or `input.too_large` for a request that is not whole or whose key is weak
   */
  issueMember(request: MemberRequest): Promise<IssuedCertificate>;
  /** This node's own certificate, as it stands; its key is in memory alone. */
  controlCredentials(): LinkCredentials;
  /** Of the same credentials, by SHA-256 of certificates in hex: the authorities that they trust, and the one that signed them. */
  standing(): { readonly trusts: readonly string[]; readonly presents: string };
  /** Calls back when `controlCredentials` has changed. Returns what ends that. */
  onChange(listener: () => void): () => void;
  /**
   * Begins a rotation: a new authority is published. The elected leader does the rest.
   * @throws PosternError `conflict` while one is under way
   */
  rotate(by: Actor): Promise<Rotation>;
  rotation(): Promise<Rotation>;
  close(): Promise<void>;
}
