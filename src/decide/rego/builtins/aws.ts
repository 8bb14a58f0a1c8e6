/** `providers.aws.sign_req`: requests signed by AWS Signature Version 4 ("Signing AWS API requests"). */
import { createHash, createHmac } from "node:crypto";
import { BuiltinError } from "../errors.ts";
import {
  entries,
  isObject,
  member,
  numberText,
  objectOf,
  type RegoObjectValue,
  sortedEntries,
  stringify,
  type Value,
} from "../values/index.ts";
import {
  type Evaluation,
  type Implementations,
  numberOperand,
  objectOperand,
  operandError,
} from "./builtin.ts";
import { DataError, reading } from "./data-error.ts";
import { escapedPath, parseUrl, type Url } from "./go-url.ts";
import { checkParameters, parameterError } from "./http-parameters.ts";
import { marshal } from "./json-text.ts";

const NAME = "providers.aws.sign_req";
const UNSIGNED = "UNSIGNED-PAYLOAD";

interface Credentials {
  readonly accessKey: string;
  readonly secretKey: string;
  readonly service: string;
  readonly region: string;
  readonly sessionToken: string;
  readonly unsignedPayload: boolean;
}

function signRequest(_evaluation: Evaluation, request: Value, config: Value, time: Value): Value {
  const requestObject = objectOperand(NAME, 1, request);
  const credentials = credentialsOf(objectOperand(NAME, 2, config));
  const number = numberOperand(NAME, 3, time);
  checkParameters(NAME, requestObject);
  const { method, url } = targetOf(requestObject);
  const date = dateOf(numberText(number));
  const given = givenHeaders(requestObject);
  const signed = signedHeaders(
    method,
    parse(url),
    payloadHash(requestObject, credentials),
    given,
    credentials,
    date,
  );
  const headers = objectOf([...given, ...Object.entries(signed)]);
  return objectOf([...entries(requestObject), ["headers", headers]]);
}

const REQUIRED = ["aws_access_key", "aws_region", "aws_secret_access_key", "aws_service"] as const;

function credentialsOf(config: RegoObjectValue): Credentials {
  const missing = REQUIRED.filter((key) => member(config, key) === undefined);
  if (missing.length > 0)
    throw parameterError(NAME, 2, "missing required AWS config parameters(s)", missing.map(stringify));
  const invalid = REQUIRED.filter((key) => typeof member(config, key) !== "string");
  if (invalid.length > 0)
    throw parameterError(
      NAME,
      2,
      "invalid values for required AWS config parameters(s)",
      invalid.map(stringify),
    );
  const text = (key: string): string => {
    const value = member(config, key);
    return typeof value === "string" ? value : "";
  };
  const unsigned = member(config, "disable_payload_signing");
  if (unsigned !== undefined && typeof unsigned !== "boolean")
    throw new BuiltinError(
      "eval_type_error",
      `${NAME}: operand 2 invalid value for 'disable_payload_signing' in AWS config`,
    );
  return {
    accessKey: text("aws_access_key"),
    secretKey: text("aws_secret_access_key"),
    service: text("aws_service"),
    region: text("aws_region"),
    sessionToken: text("aws_session_token"),
    unsignedPayload: unsigned ?? false,
  };
}

function targetOf(request: RegoObjectValue): { readonly method: string; readonly url: string } {
  const method = member(request, "method");
  const url = member(request, "url");
  if (typeof method === "string" && typeof url === "string") return { method, url };
  const invalid = ["method", "url"].filter((key) => typeof member(request, key) !== "string");
  throw parameterError(NAME, 1, "invalid values for required request parameters(s)", invalid.map(stringify));
}

function parse(url: string): Url {
  try {
    return parseUrl(url);
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    throw new DataError(`parse ${JSON.stringify(url)}: ${error.message}`);
  }
}

/** `20151228T140825Z`, of nanoseconds since the Unix epoch. */
function dateOf(text: string): string {
  const match = /^(-?\d+)(?:\.0+)?$/.exec(text);
  const time = match === null ? undefined : BigInt(match[1] as string);
  if (time === undefined || BigInt.asIntN(64, time) !== time)
    throw new BuiltinError(
      "eval_type_error",
      `${NAME}: operand 3 could not convert time_ns value into a unix timestamp`,
    );
  const milliseconds = Number((time - (((time % 1_000_000n) + 1_000_000n) % 1_000_000n)) / 1_000_000n);
  return new Date(milliseconds).toISOString().replaceAll(/[-:]|\.\d+/g, "");
}

/** The headers of the request; names and values that are no strings count as empty. */
function givenHeaders(request: RegoObjectValue): readonly (readonly [string, string])[] {
  const headers = member(request, "headers");
  if (headers === undefined) return [];
  if (!isObject(headers)) throw operandError(NAME, 0, "object", headers);
  const text = (value: Value): string => (typeof value === "string" ? value : "");
  return sortedEntries(headers).map(([key, value]) => [text(key), text(value)]);
}

function payloadHash(request: RegoObjectValue, { unsignedPayload }: Credentials): string {
  if (unsignedPayload) return UNSIGNED;
  const body = member(request, "body");
  const raw = member(request, "raw_body");
  if (raw !== undefined) return sha256(typeof raw === "string" ? raw : "");
  return sha256(body === undefined ? "" : marshal(body));
}

const IGNORED = new Set(["authorization", "user-agent", "x-amzn-trace-id"]);
/** Services that want the payload's hash among the headers. */
const HASHING = new Set(["s3", "glacier"]);

/** The headers that signing adds. Those of the request are signed too, and over what is added where both name one. */
function signedHeaders(
  method: string,
  url: Url,
  hash: string,
  given: readonly (readonly [string, string])[],
  credentials: Credentials,
  date: string,
): Record<string, string> {
  const added: Record<string, string> = { host: url.host, "x-amz-date": date };
  if (HASHING.has(credentials.service) || credentials.unsignedPayload) added["x-amz-content-sha256"] = hash;
  if (credentials.sessionToken !== "") added["x-amz-security-token"] = credentials.sessionToken;
  const headers = new Map(Object.entries(added));
  for (const [key, value] of given) {
    const name = key.toLowerCase();
    if (!IGNORED.has(name)) headers.set(name, value);
  }
  const names = [...headers.keys()].sort();
  const lines = names.map((name) => `${name}:${headers.get(name) ?? ""}\n`).join("");
  const canonical = [method, escapedPath(url), url.rawQuery, lines, names.join(";"), hash].join("\n");
  const { accessKey, region, service } = credentials;
  const scope = `${date.slice(0, 8)}/${region}/${service}/aws4_request`;
  const signature = hmac(
    signingKey(credentials, date.slice(0, 8)),
    ["AWS4-HMAC-SHA256", date, scope, sha256(canonical)].join("\n"),
  ).toString("hex");
  const authorization = `AWS4-HMAC-SHA256 Credential=${accessKey}/${scope},SignedHeaders=${names.join(";")},Signature=${signature}`;
  return { ...added, Authorization: authorization };
}

function signingKey({ secretKey, region, service }: Credentials, day: string): Buffer {
  const parts = [day, region, service, "aws4_request"];
  return parts.reduce<Buffer>((key, part) => hmac(key, part), Buffer.from(`AWS4${secretKey}`));
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

export const AWS: Implementations = { [NAME]: reading(NAME, signRequest) };
