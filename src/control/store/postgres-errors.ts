import { PosternError } from "#kernel";

/** SQLSTATE classes and codes (PostgreSQL Appendix A) that say the database, not the statement, is at fault. */
const UNREACHABLE = /^(08|57P0[1-5]|53|3D000|28|58|42501|3F000)/;
/** `lock_not_available`, `query_canceled` (a timeout of ours), `idle_in_transaction_session_timeout`. */
const BUSY: ReadonlySet<string> = new Set(["55P03", "57014", "25P03"]);
/** `insufficient_privilege`; `invalid_schema_name`, where the user may not even look into the schema. */
const FORBIDDEN: ReadonlySet<string> = new Set(["42501", "3F000"]);
/** `read_only_sql_transaction`: a standby, or a primary that was demoted. */
const READ_ONLY = "25006";

const NETWORK: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOENT",
  "EACCES",
]);
/** Codes of Node's TLS, and of OpenSSL's verification beneath it. */
const TLS =
  /^(ERR_TLS_|ERR_SSL_|CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|INVALID_CA|HOSTNAME_MISMATCH|EPROTO)/;
const NO_TLS = /server does not support SSL/i;
/** `character_not_in_repertoire`: U+0000, which no text of PostgreSQL holds. */
const NO_TEXT = "22021";
/** What the driver says without a code. */
const LOST =
  /connection terminated|timeout exceeded when trying to connect|query read timeout|connection error|not queryable|was destroyed|client was closed|client has encountered|pool after calling end|sasl|client password must be/i;

/** What was going on when the error came. */
export interface Circumstance {
  /** All connections of the pool were in use. */
  readonly crowded?: boolean;
  /** The connection broke while it was asked to commit. */
  readonly commit?: boolean;
}

/** Whether running the same transaction again may go well: `serialization_failure`, `deadlock_detected`. */
export function isContention(error: unknown): boolean {
  const code = codeOf(error);
  return code === "40001" || code === "40P01";
}

/** Says of an error of the driver what it means to whoever runs Postern; any other error is given back as it is. */
export function explained(error: unknown, where: string, circumstance: Circumstance = {}): unknown {
  if (!(error instanceof Error) || error instanceof PosternError) return error;
  const code = codeOf(error);
  if (circumstance.crowded === true && /timeout exceeded/i.test(error.message)) {
    return new PosternError("state.busy", "all connections to the database are in use for too long", {
      where,
      remedy: "try again; if it stays so: postern doctor",
      cause: error,
    });
  }
  if (code !== undefined && BUSY.has(code)) {
    return new PosternError("state.busy", "the database is held by another write for too long", {
      where,
      remedy: "try again; if it stays so: postern doctor",
      cause: error,
    });
  }
  if (code === NO_TEXT)
    return new PosternError("input.invalid", "a text holds a character that cannot be kept", {
      cause: error,
    });
  const tls = NO_TLS.test(error.message) || (code !== undefined && TLS.test(code));
  const unreachable =
    tls ||
    code === READ_ONLY ||
    (code !== undefined && (UNREACHABLE.test(code) || NETWORK.has(code))) ||
    LOST.test(error.message);
  if (!unreachable) return error;
  const reason = tls ? `TLS: ${error.message}` : reasonOf(error, code);
  return new PosternError(
    "state.unreachable",
    circumstance.commit === true
      ? `the database went away during a commit, which it may have kept (${reason})`
      : `the database does not answer (${reason})`,
    { where, remedy: tls ? TLS_REMEDY : remedyOf(code, error.message), cause: error },
  );
}

const TLS_REMEDY =
  "give the address ?sslmode=verify-full and, for a private authority, &sslrootcert=FILE; the name in the certificate must be the host's";

function reasonOf(error: Error, code: string | undefined): string {
  if (isRefusal(error.message, code)) return "it does not let this user in";
  if (code === "3D000") return "there is no database of that name";
  if (code === "53300") return "it takes no more connections";
  if (code !== undefined && FORBIDDEN.has(code)) return `this user may not: ${error.message}`;
  if (code === READ_ONLY) return "it is read-only";
  // of an error with several causes, as for a host with two addresses, the first says enough
  const first = error instanceof AggregateError ? (error.errors[0] as unknown) : error;
  return first instanceof Error ? first.message : error.message;
}

function remedyOf(code: string | undefined, message: string): string {
  if (isRefusal(message, code)) return "look at user and password in --database, and at pg_hba.conf";
  if (code === "3D000") return "make it: createdb NAME, owned by the user that --database names";
  if (code !== undefined && FORBIDDEN.has(code))
    return "make that user the owner: alter database NAME owner to USER";
  if (code === "53300") return "raise max_connections; each control node takes up to 12";
  if (code === READ_ONLY) return "name the primary in --database, or promote this one";
  return "see whether PostgreSQL runs and is reached from here; Postern goes on by itself when it is back";
}

function isRefusal(message: string, code: string | undefined): boolean {
  return code?.startsWith("28") === true || /sasl|client password must be/i.test(message);
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}
