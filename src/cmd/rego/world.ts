import { isIP } from "node:net";
import {
  BuiltinError,
  EvaluationError,
  entries,
  isObject,
  member,
  objectOf,
  parseValue,
  RefusedError,
  type RegoObjectValue,
  type World as RegoWorld,
  stringify,
  type Value,
} from "#rego";
import { milliseconds } from "./duration.ts";
import { readYaml } from "./load.ts";
import { type Answer, type HttpRequest, type HttpResponse, Network } from "./network.ts";

/** The version whose answers are given, for policies that ask. */
const LANGUAGE_VERSION = "1.22.2";
/** OPA's own for `http.send`. */
const TIMEOUT_MS = 5_000;

/** What a policy may see of the world in a command: these hosts, and nothing of this machine's environment. */
export function regoWorld(
  hosts: readonly string[],
  network: Network = new Network(),
  leftMs: () => number = () => Number.MAX_SAFE_INTEGER,
): RegoWorld {
  /** No answer is waited for longer than the evaluation has time. */
  const asking = <T>(ask: (mostMs: number) => Answer<T>): Answer<T> => {
    const answer = ask(Math.max(1, leftMs()));
    if ("failed" in answer && leftMs() <= 0)
      throw new EvaluationError("eval_cancel_error", "the time for this evaluation is up");
    return answer;
  };
  return {
    send: (request) =>
      send(request, hosts, (asked) =>
        asking((mostMs) => network.http({ ...asked, timeoutMs: Math.min(asked.timeoutMs, mostMs) })),
      ),
    lookup(name) {
      if (isIP(name) !== 0) return [name];
      if (!hosts.includes(name))
        throw new RefusedError(`net.lookup_ip_addr: unallowed host: ${name}`, { host: name });
      const answer = asking((mostMs) => network.lookup(name, mostMs));
      if ("failed" in answer) throw failed(`net.lookup_ip_addr: ${answer.failed}`);
      return answer.value;
    },
    runtime: () => ({ authorization_enabled: false, commit: "", env: {}, version: LANGUAGE_VERSION }),
  };
}

/** What is said of a host that nobody named, here and where a redirect leads to it. */
const UNALLOWED = /unallowed host: (.+)$/;

function send(
  request: RegoObjectValue,
  hosts: readonly string[],
  ask: (asked: HttpRequest) => Answer<HttpResponse>,
): Value {
  const raise = member(request, "raise_error") !== false;
  const fail = (code: string, message: string): Value => {
    const host = UNALLOWED.exec(message)?.[1];
    if (raise && host !== undefined) throw new RefusedError(`http.send: ${message}`, { host });
    if (raise) throw failed(`http.send: ${message}`);
    return objectOf([
      ["error", { code, message }],
      ["status_code", 0],
    ]);
  };
  const asked = requestOf(request, hosts);
  if (typeof asked === "string") return fail("eval_http_send_internal_error", asked);
  const answer = ask(asked);
  if ("failed" in answer) {
    const verb = asked.method.charAt(0) + asked.method.slice(1).toLowerCase();
    return fail("eval_http_send_network_error", `${verb} "${asked.url}": ${answer.failed}`);
  }
  return responseOf(request, answer.value);
}

/** What is to be sent, or why nothing is. */
function requestOf(request: RegoObjectValue, hosts: readonly string[]): HttpRequest | string {
  const url = member(request, "url");
  const method = member(request, "method");
  if (typeof url !== "string") return '"url" must be a string';
  if (typeof method !== "string") return '"method" must be a string';
  const host = URL.canParse(url) ? new URL(url).hostname : undefined;
  if (host === undefined || !hosts.includes(host)) return `unallowed host: ${host ?? url}`;
  const timeoutMs = timeoutOf(member(request, "timeout"));
  if (timeoutMs === undefined) return "invalid value for timeout";
  const body = member(request, "body");
  const rawBody = member(request, "raw_body");
  const given = member(request, "headers");
  const headers = isObject(given) ? entries(given).map((pair) => pair.map(textOf)) : [];
  const text = (name: string): string | undefined => {
    const value = member(request, name);
    return typeof value === "string" ? value : undefined;
  };
  const [ca, cert, key, serverName] = [
    text("tls_ca_cert"),
    text("tls_client_cert"),
    text("tls_client_key"),
    text("tls_server_name"),
  ];
  return {
    method: method.toUpperCase(),
    url,
    headers: Object.fromEntries(headers) as Record<string, string>,
    body: typeof rawBody === "string" ? rawBody : body === undefined ? undefined : stringify(body),
    timeoutMs,
    redirects: member(request, "enable_redirect") === true,
    hosts,
    tls: {
      verify: member(request, "tls_insecure_skip_verify") !== true,
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
      ...(serverName === undefined ? {} : { serverName }),
    },
  };
}

function textOf(value: Value): string {
  return typeof value === "string" ? value : stringify(value);
}

/** A timeout as a text such as `1s` or `500ms`, or as a number of nanoseconds. */
function timeoutOf(value: Value | undefined): number | undefined {
  if (value === undefined) return TIMEOUT_MS;
  if (typeof value === "number" || typeof value === "bigint") return Number(value) / 1e6;
  return typeof value === "string" ? milliseconds(value) : undefined;
}

function responseOf(request: RegoObjectValue, response: HttpResponse): Value {
  const [type = ""] = response.headers["content-type"] ?? [];
  const isJson = /\bjson\b/.test(type) || member(request, "force_json_decode") === true;
  const isYaml = /\b(x-)?yaml\b/.test(type) || member(request, "force_yaml_decode") === true;
  return {
    status: response.status,
    status_code: response.statusCode,
    headers: Object.fromEntries(Object.entries(response.headers)),
    raw_body: response.text,
    body: isJson ? decoded(parseValue, response.text) : isYaml ? decoded(readYaml, response.text) : null,
  };
}

/** A body that is not what it says it is counts as none. */
function decoded(read: (text: string) => Value, text: string): Value {
  try {
    return read(text);
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof EvaluationError) return null;
    throw error;
  }
}

function failed(message: string): BuiltinError {
  return new BuiltinError("eval_builtin_error", message);
}
