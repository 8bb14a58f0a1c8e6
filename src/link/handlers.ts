import type {
  ActivityReport,
  ComponentReport,
  EntityChange,
  EntityKind,
  EntryAccepted,
  EntryRequest,
  JoinRequest,
  KeyAnnouncement,
  LoginClient,
  Membership,
  Position,
  RecordsAccepted,
  RenewRequest,
  ServerCertificate,
  SpoolRecord,
  StateMessage,
  StreamRequest,
} from "./messages.ts";
import type { LinkPeer } from "./peer.ts";

/** Which entities of the state are wanted: in the order of kind and key, after one of them. */
export interface PageRequest {
  /** Absent: all kinds. */
  readonly kinds?: readonly EntityKind[];
  readonly after?: { readonly kind: string; readonly key: string };
  readonly limit: number;
}

/** Entities as they were at one position. */
export interface StatePage extends Position {
  readonly entities: readonly EntityChange[];
}

/** What the link reads state from: control's store. */
export interface StateSource {
  head(): Promise<Position>;
  page(wanted: PageRequest): Promise<StatePage>;
  changesAfter(after: Position, limit: number): Promise<(StateMessage & { type: "change" })[] | undefined>;
  startEpoch(reason: string): Promise<void>;
  onCommit(listener: () => void): () => void;
}

/** What control does with what enforcement points send. Each checks what it is given. */
export interface LinkHandlers {
  /**
   * Whether a peer may go on. `what` is what it asks for; `"stream.held"` is what was let in before, asked about anew.
   * @throws PosternError `member.unknown`, `member.revoked` and the like: it is ended, with that code
   */
  admit(peer: LinkPeer, boot: string, what: string): void;
  /** Calls back when somebody who was let in may no longer be. Returns what ends that. */
  onRevoked(listener: () => void): () => void;
  /** The only one without a certificate. `from` is the address that it comes from. */
  join(request: JoinRequest, from: string | undefined): Promise<Membership>;
  renew(request: RenewRequest, peer: LinkPeer): Promise<Membership>;
  report(report: ComponentReport, peer: LinkPeer): Promise<void>;
  /** All of them are of the peer's own source. */
  records(records: readonly SpoolRecord[], peer: LinkPeer): Promise<RecordsAccepted>;
  /** Of gateways alone, as are activity, keys, certificates and the client to sign people in with. */
  entry(request: EntryRequest, peer: LinkPeer): Promise<EntryAccepted>;
  activity(report: ActivityReport, peer: LinkPeer): Promise<void>;
  /** It is for the peer's own name. */
  key(announcement: KeyAnnouncement, peer: LinkPeer): Promise<void>;
  /** Absent where gateways have certificates of their own. */
  readonly certificate?: () => ServerCertificate;
  readonly loginClient?: () => Promise<LoginClient>;
  connected(who: StreamRequest, peer: LinkPeer): void;
  disconnected(who: StreamRequest, peer: LinkPeer): void;
}
