import { PosternError } from "#kernel";
import { MOST_HEADERS, MOST_TARGET_CHARACTERS } from "./limits.ts";

/**
 * The one reading of a request that is matched, decided, recorded and forwarded. What another server could read
 * in another way is refused rather than brought into shape (RFC 9112 §3, RFC 3986 §6, CWE-436, CWE-444).
 */
export interface CanonicalRequest {
  readonly method: string;
  /** In lower case, without port. */
  readonly hostname: string;
  /** As it stands in Host: decimal digits, or empty. */
  readonly port: string;
  /** Exactly as it was sent, and as it is forwarded. */
  readonly path: string;
  /** The path with its percent-encoding taken away: what the application reads. */
  readonly plainPath: string;
  /** With its `?`, or empty. */
  readonly query: string;
  /** Path and query. */
  readonly target: string;
}

/** A request that is refused before anything is known about it. */
export class RefusedRequest extends PosternError {
  readonly status: number;
  constructor(status: number, message: string) {
    super("input.malformed", message);
    this.status = status;
  }
}

/**
 * Reads method, target and Host.
 * @param rawHeaders as `IncomingMessage.rawHeaders` has them: names and values in turn
 * @throws RefusedRequest with the status to answer
 */
export function canonicalRequest(
  method: string | undefined,
  target: string | undefined,
  rawHeaders: readonly string[],
): CanonicalRequest {
  if (method === undefined || target === undefined)
    throw new RefusedRequest(400, "the request has no target");
  if (method === "TRACE" || method === "CONNECT")
    throw new RefusedRequest(405, `the method ${method} is not served`);
  if (rawHeaders.length / 2 > MOST_HEADERS) throw new RefusedRequest(431, "there are too many headers");
  if (target.length > MOST_TARGET_CHARACTERS) throw new RefusedRequest(414, "the address is too long");
  checkFraming(rawHeaders);
  const host = readHost(rawHeaders);
  const mark = target.indexOf("?");
  const path = mark < 0 ? target : target.slice(0, mark);
  const query = mark < 0 ? "" : target.slice(mark);
  if (!path.startsWith("/")) throw new RefusedRequest(400, "the target is not a path");
  if (!/^[\x21-\x7e]*$/.test(target) || target.includes("#"))
    throw new RefusedRequest(400, "the address holds characters that no address has");
  return { method, ...host, path, plainPath: plainPath(path), query, target };
}

function values(rawHeaders: readonly string[], name: string): string[] {
  return rawHeaders.filter((_, i) => i % 2 === 1 && rawHeaders[i - 1]?.toLowerCase() === name);
}

/** What Node's parser lets through, though the body that we would pass on might not be the body that was meant. */
function checkFraming(rawHeaders: readonly string[]): void {
  const codings = values(rawHeaders, "transfer-encoding");
  if (codings.length > 1 || codings.some((coding) => coding.trim().toLowerCase() !== "chunked"))
    throw new RefusedRequest(501, "the only transfer coding that is taken is chunked");
  const lengths = values(rawHeaders, "content-length");
  if (lengths.length > 1 || (lengths.length > 0 && codings.length > 0))
    throw new RefusedRequest(400, "the length of the body is said twice");
}

const HOST = /^([a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::([1-9]\d{0,4}))?$/;

/** RFC 9112 §3.2: exactly one Host, and it is what it should be. */
function readHost(rawHeaders: readonly string[]): { hostname: string; port: string } {
  const found = values(rawHeaders, "host");
  const [host] = found;
  if (host === undefined) throw new RefusedRequest(400, "the request names no host");
  if (found.length > 1) throw new RefusedRequest(400, "the request names its host more than once");
  const [, hostname, port = ""] = (host.length <= 260 ? HOST.exec(host.toLowerCase()) : null) ?? [];
  if (hostname === undefined || hostname.includes("..") || Number(port) > 65_535)
    throw new RefusedRequest(400, "the host is malformed");
  return { hostname, port };
}

/** RFC 3986 §2.3: those that mean the same when they are percent-encoded, and which nobody has to encode. */
const UNRESERVED = /%(?:2d|2e|3[0-9]|4[1-9a-f]|5[0-9a]|5f|6[1-9a-f]|7[0-9a]|7e)/i;

/**
 * Takes the percent-encoding away, if what then stands there can be read in one way only.
 * @throws RefusedRequest
 */
function plainPath(path: string): string {
  if (path.includes("%")) {
    if (/%(?![0-9a-f]{2})/i.test(path)) throw ambiguous("a % stands alone");
    if (UNRESERVED.test(path)) throw ambiguous("a plain character is percent-encoded");
  }
  const plain = decodeUtf8(path);
  if (/%(?:[0-9a-f]{2}|u[0-9a-f]{4})/i.test(plain)) throw ambiguous("it is encoded twice");
  if (/%2f/i.test(path)) throw ambiguous("a / is percent-encoded");
  if (/\p{Cc}/u.test(plain)) throw ambiguous("it holds a control character");
  if (plain.includes("\\")) throw ambiguous("it holds a backslash");
  if (plain.includes(";")) throw ambiguous("it holds a semicolon");
  if (plain.includes("//")) throw ambiguous("it holds an empty segment");
  if (plain.split("/").some((segment) => /^\.{1,2}\s*$/.test(segment)))
    throw ambiguous("it holds a segment of dots");
  return plain;
}

function decodeUtf8(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch (cause) {
    if (cause instanceof URIError) throw ambiguous("it is not UTF-8");
    throw cause;
  }
}

function ambiguous(why: string): RefusedRequest {
  return new RefusedRequest(400, `the path can be read in more than one way: ${why}`);
}
