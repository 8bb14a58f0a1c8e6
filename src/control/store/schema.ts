import type { Generated } from "kysely";

/** Times are milliseconds since the Unix epoch. JSON columns hold canonical or compact JSON text. */
export interface Schema {
  /** The instance's own settings: one row a name. */
  instance: { name: string; value: string };
  /** One row: the epoch of the change log and the number of its last change. */
  counter: { id: number; epoch: string; number: number };
  /** One row: what identifies the history that the database is in, and since when. Empty on SQLite. */
  history: { id: number; name: string; since: number };
  /** Who leads in a task: each leader has a term of its own. */
  leader: { task: string; term: number; since: number };
  /** The change log: what each numbered transaction put in place or took away, as JSON `EntityChange[]`. */
  change: { number: number; at: number; entities: string };
  /** What the change log adds up to: the state that enforcement points receive as a snapshot. */
  entity: { kind: string; key: string; value: string; number: number };
  user: {
    id: string;
    /** Login name, unique, lower case. */
    name: string;
    display_name: string;
    role: string;
    /** JSON array of texts. */
    groups: string;
    disabled: number;
    created_at: number;
    updated_at: number;
  };
  /** Passkeys (WebAuthn Level 3 §4 credential record). */
  credential: {
    /** base64url credential id. */
    id: string;
    user_id: string;
    /** COSE public key, base64url. */
    public_key: string;
    sign_count: number;
    /** JSON array. */
    transports: string;
    aaguid: string;
    backed_up: number;
    name: string;
    created_at: number;
    last_used_at: number | null;
  };
  session: {
    /** Public identifier of the session; no secret. */
    id: string;
    /** SHA-256 of the bearer id in the browser's cookie at the login host. */
    bearer_hash: string;
    /** oidc-provider's payload without any bearer id. */
    payload: string;
    user_id: string | null;
    created_at: number;
    authenticated_at: number | null;
    amr: string;
    mfa_verified_at: number | null;
    last_seen_at: number;
    idle_expires_at: number;
    absolute_expires_at: number;
    source_ip: string | null;
    user_agent: string | null;
  };
  /** One application cookie: SHA-256 of its value, and the session and host it is good for. */
  entry: { cookie_hash: string; session_id: string; host: string; created_at: number };
  /** One-time links for the first administrator and for invited people. Tokens rest as SHA-256. */
  enrolment: {
    token_hash: string;
    kind: "setup" | "invite";
    user_id: string | null;
    created_at: number;
    expires_at: number;
    /** SHA-256 of the secret in the cookie of the first browser that opened it. */
    browser_hash: string | null;
    /** The WebAuthn challenge under way. */
    challenge: string | null;
    used_at: number | null;
  };
  /** oidc-provider's storage other than sessions. `id` is a SHA-256; the payload holds no bearer id. */
  oidc: {
    model: string;
    id: string;
    payload: string;
    grant_id: string | null;
    uid: string | null;
    consumed_at: number | null;
    expires_at: number | null;
  };
  /** Signing keys and cookie keys, sealed under the master key. */
  secret: { name: string; sealed: string; created_at: number };
  /** Every policy set that was ever active: `files` is JSON `SourceFile[]`. */
  policy_version: { version: string; files: string; created_at: number };
  /** Activations in order; the last one is active. */
  policy_activation: { activation: number; version: string; at: number; actor: string };
  /** With `hostStyle: port`: which application listens where. */
  application_port: { name: string; port: number };
  /** Gateways and agents: what each last said of itself. */
  component: {
    role: string;
    name: string;
    boot: string;
    version: string;
    hostname: string | null;
    os_release: string | null;
    /** Null while disconnected. */
    connected_since: number | null;
    last_seen_at: number;
    /** 1 when it comes over the Unix socket and needs no certificate. */
    local: number | null;
    /** The control node that it is or was last connected to. */
    node: string | null;
    address: string | null;
    /** Of the certificate that it comes with, as `member_certificate.serial`. */
    serial: string | null;
    certificate_not_after: number | null;
    /** When it said what follows. */
    reported_at: number | null;
    /** What its view has applied. */
    epoch: string | null;
    number: number | null;
    view_age_ms: number | null;
    skew_ms: number | null;
    blocked: string | null;
    live_connections: number | null;
    unshipped_records: number | null;
  };
  /** Control's certificate authorities: one, or two while it is rotated. */
  authority: {
    /** SHA-256 of the certificate, in hex. */
    id: string;
    /** PEM. */
    certificate: string;
    /** PKCS#8, sealed. */
    key_sealed: string;
    not_after: number;
    created_at: number;
    signs_members: number;
    signs_control: number;
    /** When it last began to be published, or to sign for somebody more. */
    phase_since: number;
  };
  /** Gateways and agents that joined. */
  member: {
    role: "gateway" | "agent";
    name: string;
    state: "joined" | "revoked";
    /** When it joined last: certificates from before are worth nothing. */
    joined_at: number;
    revoked_at: number | null;
    /** Its certificate was seen in use from two places. */
    clone_since: number | null;
    /** JSON array of texts. */
    clone_addresses: string | null;
  };
  /** Certificates of members until they end. */
  member_certificate: {
    /** Lower-case hexadecimal without leading zeros. */
    serial: string;
    role: "gateway" | "agent";
    name: string;
    /** `authority.id` of who signed it. */
    authority: string;
    issued_at: number;
    not_after: number;
    /** When a request first came with it. */
    used_at: number | null;
    /** The start of the process that renewed it. */
    renewed_boot: string | null;
    revoked: number;
  };
  /** Starts of a member's process in the order in which they were first seen; the last few. */
  member_boot: {
    role: "gateway" | "agent";
    name: string;
    boot: string;
    ordinal: number;
    first_seen_at: number;
    address: string | null;
    /** 1 once the log says that it went on after a later one had begun. */
    reported: number;
  };
  /** One-use tokens to join with. They rest as SHA-256. */
  join_token: {
    token_hash: string;
    role: "gateway" | "agent";
    name: string;
    /** `authority.id` of the one that whoever joins is told to expect. */
    authority: string;
    created_at: number;
    created_by: string;
    expires_at: number;
    used_at: number | null;
  };
  /** Control nodes, each row kept by its own. */
  control_node: {
    name: string;
    url: string | null;
    version: string;
    boot: string;
    started_at: number;
    last_seen_at: number;
    /** The head of the change log as it last read it. */
    number: number;
    /** JSON array of the `authority.id`s that its listener takes certificates of. */
    trusts: string;
    /** `authority.id` behind its own certificate. */
    presents: string;
  };
  /** Public keys with which gateways sign assertions and prove themselves to the token endpoint. */
  gateway_key: { kid: string; gateway: string; jwk: string; announced_at: number };
  /** The event log, in the order of ingest. */
  event: {
    id: Generated<number>;
    source: string;
    boot: string;
    sequence: number;
    /** SHA-256 of the record before it in its boot. */
    previous: string;
    /** The event's own time. */
    time: number;
    class_uid: number;
    /** Which kind of event of ours: `decision`, `completion`, `login`, `administration`, `component`. */
    kind: string;
    decision_id: string | null;
    effect: string | null;
    /** Application or act. */
    resource: string | null;
    /** User name or service. */
    subject: string | null;
    body: string;
  };
  /** How far each boot of each source has been ingested, and the hash to expect next. */
  event_source: { source: string; boot: string; sequence: number; hash: string };
}
