import { PosternError } from "#kernel";

/** SQLSTATE classes and codes (PostgreSQL Appendix A) that say the database, not the statement, is at fault. */
const UNREACHABLE = /^(08|57P0[1-5]|53|3D000|28|58)/;
/** `lock_not_available`, `query_canceled` (a timeout of ours), `idle_in_transaction_session_timeout`. */
const BUSY = new Set(["55P03", "57014", "25P03"]);

/** `read_only_sql_transaction`: a standby, or a primary that was demoted. */
const READ_ONLY = "25006";

const NETWORK = new Set([
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
/** What the driver says without a code. */
const LOST =
  /connection terminated|timeout exceeded when trying to connect|connection error|not queryable|was destroyed|client was closed|client has encountered/i;

/** Whether running the same transaction again may go well: `serialization_failure`, `deadlock_detected`. */
export function isContention(error: unknown): boolean {
  const code = codeOf(error);
  return code === "40001" || code === "40P01";
}

/** Says of an error of the driver what it means to whoever runs Postern; any other error is given back as it is. */
export function explained(error: unknown, where: string): unknown {
  if (!(error instanceof Error) || error instanceof PosternError) return error;
  const code = codeOf(error);
  if (code !== undefined && BUSY.has(code)) {
    return new PosternError("state.busy", "the database is held by another write for too long", {
      where,
      remedy: "try again; if it stays so: postern doctor",
      cause: error,
    });
  }
  if (
    code === READ_ONLY ||
    (code !== undefined && (UNREACHABLE.test(code) || NETWORK.has(code))) ||
    LOST.test(error.message)
  ) {
    return new PosternError("state.unreachable", `the database does not answer (${reasonOf(error, code)})`, {
      where,
      remedy: remedyOf(code),
      cause: error,
    });
  }
  return error;
}

function reasonOf(error: Error, code: string | undefined): string {
  if (code?.startsWith("28") === true) return "it does not let this user in";
  if (code === "3D000") return "there is no database of that name";
  if (code === "53300") return "it takes no more connections";
  if (code === READ_ONLY) return "it is read-only";
  // of an error with several causes, as for a host with two addresses, the first says enough
  const first = error instanceof AggregateError ? (error.errors[0] as unknown) : error;
  return first instanceof Error ? first.message : error.message;
}

function remedyOf(code: string | undefined): string {
  if (code?.startsWith("28") === true) return "look at user and password in --database, and at pg_hba.conf";
  if (code === "3D000") return "make it: createdb NAME, owned by the user that --database names";
  if (code === "53300") return "raise max_connections; each control node takes up to 13";
  return "see whether PostgreSQL runs and is reached from here; Postern goes on by itself when it is back";
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}
