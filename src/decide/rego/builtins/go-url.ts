/** URLs as Go reads them (RFC 3986). */
import type { Value } from "../values/index.ts";
import { DataError } from "./data-error.ts";

export interface Url {
  readonly scheme: string;
  readonly opaque: string;
  /** `name:password`, as written; undefined without an `@`. */
  readonly user: string | undefined;
  /** With its port. */
  readonly host: string;
  readonly path: string;
  readonly rawPath: string;
  readonly omitHost: boolean;
  readonly forceQuery: boolean;
  readonly rawQuery: string;
  readonly fragment: string;
  readonly rawFragment: string;
}

const EMPTY: Url = {
  scheme: "",
  opaque: "",
  user: undefined,
  host: "",
  path: "",
  rawPath: "",
  omitHost: false,
  forceQuery: false,
  rawQuery: "",
  fragment: "",
  rawFragment: "",
};

/** @throws DataError on what is no URL */
export function parseUrl(text: string): Url {
  const hash = text.indexOf("#");
  const [before, after] = hash < 0 ? [text, ""] : [text.slice(0, hash), text.slice(hash + 1)];
  const fragment = unescapePart(after);
  const rawFragment = escapePart(fragment, FRAGMENT) === after ? "" : after;
  return { ...parseHierarchy(before), fragment, rawFragment };
}

function parseHierarchy(text: string): Url {
  if (hasControls(text)) throw new DataError("net/url: invalid control character in URL");
  if (text === "*") return { ...EMPTY, path: "*" };
  const [scheme, afterScheme] = splitScheme(text);
  const question = afterScheme.indexOf("?");
  const forceQuery = afterScheme.endsWith("?") && question === afterScheme.length - 1;
  const rest = question < 0 ? afterScheme : afterScheme.slice(0, question);
  const rawQuery = question < 0 ? "" : afterScheme.slice(question + 1);
  const base = { ...EMPTY, scheme, forceQuery, rawQuery };
  if (!rest.startsWith("/")) {
    if (scheme !== "") return { ...base, opaque: rest };
    if ((rest.split("/")[0] ?? "").includes(":"))
      throw new DataError("first path segment in URL cannot contain colon");
  }
  if ((scheme !== "" || !rest.startsWith("///")) && rest.startsWith("//")) {
    const slash = rest.indexOf("/", 2);
    const authority = slash < 0 ? rest.slice(2) : rest.slice(2, slash);
    return { ...base, ...authorityOf(authority), ...pathOf(slash < 0 ? "" : rest.slice(slash)) };
  }
  return { ...base, omitHost: scheme !== "" && rest.startsWith("/"), ...pathOf(rest) };
}

function splitScheme(text: string): readonly [scheme: string, rest: string] {
  const match = /^([A-Za-z][A-Za-z0-9+\-.]*):/.exec(text);
  if (match !== null) return [(match[1] as string).toLowerCase(), text.slice(match[0].length)];
  if (text.startsWith(":")) throw new DataError("missing protocol scheme");
  return ["", text];
}

function authorityOf(authority: string): Pick<Url, "user" | "host"> {
  const at = authority.lastIndexOf("@");
  if (at >= 0 && !/^[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$/.test(authority.slice(0, at)))
    throw new DataError("net/url: invalid userinfo");
  if (at >= 0) unescapePart(authority.slice(0, at));
  return { user: at < 0 ? undefined : authority.slice(0, at), host: hostOf(authority.slice(at + 1)) };
}

function hostOf(host: string): string {
  if (host.startsWith("[")) {
    const end = host.lastIndexOf("]");
    if (end < 0) throw new DataError("missing ']' in host");
    if (!/^(:\d*)?$/.test(host.slice(end + 1))) throw new DataError("invalid port after host");
    return host;
  }
  const colon = host.lastIndexOf(":");
  if (colon >= 0 && !/^:\d*$/.test(host.slice(colon))) throw new DataError("invalid port after host");
  if (/[ "<>\\^`{|}]/.test(host)) throw new DataError("invalid character in host name");
  // Only what is not ASCII may be escaped in a host (RFC 3986 §3.2.2).
  const escaped = /%(?![89A-Fa-f][0-9A-Fa-f]).{0,2}/.exec(host);
  if (escaped !== null) throw new DataError(`invalid URL escape ${JSON.stringify(escaped[0])}`);
  return unescapePart(host);
}

function pathOf(raw: string): Pick<Url, "path" | "rawPath"> {
  const path = unescapePart(raw);
  return { path, rawPath: escapePart(path, PATH) === raw ? "" : raw };
}

const PATH = /[A-Za-z0-9\-_.~$&+/:;=@,]/;
const FRAGMENT = /[A-Za-z0-9\-_.~$&+/:;=@,?!()*]/;

function escapePart(text: string, kept: RegExp): string {
  return [...Buffer.from(text)]
    .map((octet) => {
      const character = String.fromCharCode(octet);
      return kept.test(character) ? character : `%${octet.toString(16).toUpperCase().padStart(2, "0")}`;
    })
    .join("");
}

function unescapePart(text: string): string {
  const broken = /%(?![0-9A-Fa-f]{2}).{0,2}/.exec(text);
  if (broken !== null) throw new DataError(`invalid URL escape ${JSON.stringify(broken[0])}`);
  const bytes: number[] = [];
  const source = Buffer.from(text);
  for (let at = 0; at < source.length; at++) {
    const octet = source[at] as number;
    if (octet !== 0x25) bytes.push(octet);
    else {
      bytes.push(Number.parseInt(source.toString("latin1", at + 1, at + 3), 16));
      at += 2;
    }
  }
  return Buffer.from(bytes).toString("utf8");
}

function hasControls(text: string): boolean {
  for (const character of text) {
    const code = character.charCodeAt(0);
    if (code < 0x20 || code === 0x7f) return true;
  }
  return false;
}

/** Characters that may stand as they are in an escaped path or fragment, besides the escapes themselves. */
const VALID = /^[A-Za-z0-9\-_.~!$&'()*+,;=:@[\]/?%]*$/;

/** The path as it was written where that is a valid way to write it, else escaped. */
export function escapedPath({ path, rawPath }: Url): string {
  return rawPath !== "" && VALID.test(rawPath) ? rawPath : escapePart(path, PATH);
}

function escapedFragment({ fragment, rawFragment }: Url): string {
  return rawFragment !== "" && VALID.test(rawFragment) ? rawFragment : escapePart(fragment, FRAGMENT);
}

/** Go's `url.URL`. */
export function urlValue(url: Url): Value {
  return {
    ForceQuery: url.forceQuery,
    Fragment: url.fragment,
    Host: url.host,
    OmitHost: url.omitHost,
    Opaque: url.opaque,
    Path: url.path,
    RawFragment: url.rawFragment,
    RawPath: url.rawPath,
    RawQuery: url.rawQuery,
    Scheme: url.scheme,
    User: url.user === undefined ? null : {},
  };
}

/** The URL as text, as Go writes it. */
export function urlText(url: Url): string {
  const fragment = url.fragment === "" ? "" : `#${escapedFragment(url)}`;
  const query = url.forceQuery || url.rawQuery !== "" ? `?${url.rawQuery}` : "";
  const scheme = url.scheme === "" ? "" : `${url.scheme}:`;
  if (url.opaque !== "") return scheme + url.opaque + query + fragment;
  const path = escapedPath(url);
  const user = url.user === undefined ? "" : `${url.user}@`;
  const bare = url.host === "" && user === "" && (url.omitHost || url.scheme === "" || path === "");
  const authority = bare ? "" : `//${user}${url.host}`;
  return scheme + authority + path + query + fragment;
}
