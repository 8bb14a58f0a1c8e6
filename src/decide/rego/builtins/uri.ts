/** URIs as Go's net/url reads them (RFC 3986). */
import { objectOf, type Value } from "../values/index.ts";
import { failure, type Implementations, stringOperand } from "./builtin.ts";

interface Parts {
  readonly scheme: string;
  readonly host: string;
  readonly port: string;
  readonly path: string;
  readonly rawPath: string;
  readonly query: string;
  readonly fragment: string;
}

/** Undefined where a `%` is not followed by two hexadecimal digits. */
function decoded(text: string): string | undefined {
  if (/%(?![0-9a-fA-F]{2})/.test(text)) return undefined;
  if (!text.includes("%")) return text;
  const bytes = text.replace(/[^%]+|%([0-9a-fA-F]{2})/g, (whole, hexadecimal?: string) =>
    hexadecimal === undefined
      ? Buffer.from(whole).toString("latin1")
      : String.fromCharCode(Number.parseInt(hexadecimal, 16)),
  );
  return Buffer.from(bytes, "latin1").toString("utf8");
}

function parse(text: string): Parts | string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is refused
  if (/[\x00-\x1f\x7f]/.test(text)) return "invalid control character in URL";
  const hash = text.indexOf("#");
  const fragment = decoded(hash < 0 ? "" : text.slice(hash + 1));
  if (fragment === undefined) return "invalid URL escape";
  let rest = hash < 0 ? text : text.slice(0, hash);
  const nothing = { scheme: "", host: "", port: "", path: "", rawPath: "", query: "", fragment };
  if (rest === "*") return { ...nothing, path: "*", rawPath: "*" };
  let scheme = "";
  const colon = /^([a-zA-Z][a-zA-Z0-9+.-]*):/.exec(rest);
  if (colon !== null) {
    scheme = (colon[1] as string).toLowerCase();
    rest = rest.slice(colon[0].length);
  } else if (rest.startsWith(":")) return "missing protocol scheme";
  const mark = rest.indexOf("?");
  const query = mark < 0 ? "" : rest.slice(mark + 1);
  if (mark >= 0) rest = rest.slice(0, mark);
  if (!rest.startsWith("/")) {
    if (scheme !== "") return { ...nothing, scheme, query };
    const segment = rest.split("/")[0] as string;
    if (segment.includes(":")) return "first path segment in URL cannot contain colon";
  }
  let host = "";
  let port = "";
  if (rest.startsWith("//")) {
    const slash = rest.indexOf("/", 2);
    const authority = rest.slice(2, slash < 0 ? undefined : slash);
    rest = slash < 0 ? "" : rest.slice(slash);
    const found = hostOf(authority);
    if (typeof found === "string") return found;
    ({ host, port } = found);
  }
  const path = decoded(rest);
  if (path === undefined) return "invalid URL escape";
  return { scheme, host, port, path, rawPath: path, query, fragment };
}

function hostOf(authority: string): { readonly host: string; readonly port: string } | string {
  const at = authority.lastIndexOf("@");
  if (at >= 0 && !/^[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$/.test(authority.slice(0, at)))
    return "net/url: invalid userinfo";
  const rest = authority.slice(at + 1);
  if (rest.startsWith("[")) {
    const close = rest.lastIndexOf("]");
    if (close < 0) return "missing ']' in host";
    const after = rest.slice(close + 1);
    if (!/^(?::\d*)?$/.test(after)) return "invalid port after host";
    return { host: rest.slice(1, close), port: after.slice(1) };
  }
  const colon = rest.lastIndexOf(":");
  const port = colon < 0 ? "" : rest.slice(colon + 1);
  if (!/^\d*$/.test(port)) return "invalid port after host";
  const name = colon < 0 ? rest : rest.slice(0, colon);
  if (/[ "<>\\^`{|}]/.test(name)) return "invalid character in host name";
  const host = decoded(name);
  return host === undefined ? "invalid URL escape" : { host, port };
}

export const URI: Implementations = {
  "uri.parse": (_, value) => {
    const text = stringOperand("uri.parse", 1, value);
    const parts = parse(text);
    if (typeof parts === "string") throw failure("uri.parse", parts);
    const members: [string, Value][] = [
      ["scheme", parts.scheme],
      ["hostname", parts.host],
      ["port", parts.port],
      ["path", parts.path],
      ["raw_path", parts.rawPath],
      ["raw_query", parts.query],
      ["fragment", parts.fragment],
    ];
    return objectOf(members.filter(([, item]) => item !== ""));
  },
  "uri.is_valid": (_, value) => typeof value === "string" && value !== "" && typeof parse(value) !== "string",
};
