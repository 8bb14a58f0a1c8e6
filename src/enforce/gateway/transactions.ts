import { createCipheriv, createDecipheriv } from "node:crypto";
import { type Clock, fromBase64Url, type IdSource, parseJson, sha256Hex, toBase64Url } from "#kernel";
import { type Cookie, dropCookie, setCookie, TRANSACTION_COOKIE } from "./cookies.ts";
import { LOGIN_TRANSACTION, MOST_LOGIN_TRANSACTIONS } from "./limits.ts";

/** A login under way: what the callback is held against. */
export interface Transaction {
  readonly state: string;
  readonly nonce: string;
  /** RFC 7636 §4.1 */
  readonly verifier: string;
  /** Path and query to go back to. */
  readonly back: string;
  /** The site where it began; no other may finish it. */
  readonly host: string;
  /** Milliseconds since the Unix epoch. */
  readonly expiresAt: number;
}

/**
 * Keeps logins under way with the browser that began them, sealed by AES-256-GCM under the key that all gateways of the
 * instance share, so that any of them can finish what another began: one host-only cookie a login, named after its
 * state, so that tabs do not disturb each other.
 */
export interface Transactions {
  /** The `Set-Cookie` values that begin one, and drop those that have ended or are too many. */
  begin(transaction: Omit<Transaction, "expiresAt">, held: readonly Cookie[]): string[];
  /** The transaction of that state, if this browser began it at this host and in time. */
  find(state: string, host: string, held: readonly Cookie[]): Transaction | undefined;
  /** The `Set-Cookie` value that ends it. */
  end(state: string): string;
}

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** @param key 256 bits */
export function makeTransactions(key: Uint8Array, clock: Clock, ids: IdSource): Transactions {
  function seal(name: string, transaction: Transaction): string {
    const nonce = ids.random(NONCE_BYTES);
    const cipher = createCipheriv("aes-256-gcm", key, nonce);
    cipher.setAAD(Buffer.from(name));
    const sealed = Buffer.concat([cipher.update(JSON.stringify(transaction), "utf8"), cipher.final()]);
    return toBase64Url(Buffer.concat([nonce, sealed, cipher.getAuthTag()]));
  }

  /** Undefined for whatever was not sealed by a gateway of ours under this name, or is over. */
  function open({ name, value }: Cookie): Transaction | undefined {
    let text: string;
    try {
      const bytes = fromBase64Url(value);
      const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, NONCE_BYTES), {
        authTagLength: TAG_BYTES,
      });
      decipher.setAAD(Buffer.from(name));
      decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
      const sealed = bytes.subarray(NONCE_BYTES, -TAG_BYTES);
      text = Buffer.concat([decipher.update(sealed), decipher.final()]).toString("utf8");
    } catch {
      return undefined; // forged, cut, or of another instance: as good as none
    }
    const transaction = parseTransaction(parseJson(text, "a login transaction"));
    if (transaction === undefined) return undefined;
    return clock.now() < transaction.expiresAt ? transaction : undefined;
  }

  return {
    begin(begun, held) {
      const transaction = { ...begun, expiresAt: clock.now() + LOGIN_TRANSACTION };
      const kept = held
        .filter(({ name }) => name.startsWith(TRANSACTION_COOKIE) && isCookieName(name))
        .map((cookie) => ({ name: cookie.name, expiresAt: open(cookie)?.expiresAt ?? 0 }))
        .sort((a, b) => b.expiresAt - a.expiresAt);
      const over = kept.filter(({ expiresAt }, i) => expiresAt === 0 || i >= MOST_LOGIN_TRANSACTIONS - 1);
      const name = cookieName(begun.state);
      return [
        setCookie(name, seal(name, transaction), LOGIN_TRANSACTION / 1000),
        ...over.map((old) => dropCookie(old.name)),
      ];
    },
    find(state, host, held) {
      const name = cookieName(state);
      const own = held.filter((cookie) => cookie.name === name);
      const [cookie] = own;
      if (cookie === undefined || own.length > 1) return undefined;
      const transaction = open(cookie);
      return transaction?.state === state && transaction.host === host ? transaction : undefined;
    },
    end: (state) => dropCookie(cookieName(state)),
  };
}

/** Gateways of two versions may share the key. */
function parseTransaction(value: unknown): Transaction | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { state, nonce, verifier, back, host, expiresAt } = value as { readonly [member: string]: unknown };
  if (
    typeof state !== "string" ||
    typeof nonce !== "string" ||
    typeof verifier !== "string" ||
    typeof back !== "string" ||
    typeof host !== "string" ||
    typeof expiresAt !== "number"
  )
    return undefined;
  return { state, nonce, verifier, back, host, expiresAt };
}

function cookieName(state: string): string {
  return `${TRANSACTION_COOKIE}${sha256Hex(state).slice(0, 24)}`;
}

/** A name comes from the browser, and goes into a header again only when it is one of ours. */
function isCookieName(name: string): boolean {
  return /^[0-9a-f]{24}$/.test(name.slice(TRANSACTION_COOKIE.length));
}
