/**
 * `http.send` (OPA "HTTP"): the request object is held to what OPA takes, then `world` sends it. What is wrong with a request
 * is an answer instead of a failure where it says `raise_error: false`.
 */
import { BuiltinError } from "../errors.ts";
import {
  isNumber,
  isObject,
  member,
  numberText,
  type RegoObjectValue,
  sortedEntries,
  stringify,
  type Value,
} from "../values/index.ts";
import { type Evaluation, failure, type Implementations, objectOperand } from "./builtin.ts";
import { checkParameters } from "./http-parameters.ts";

const NAME = "http.send";

function send(evaluation: Evaluation, operand: Value): Value {
  const request = objectOperand(NAME, 1, operand);
  checkParameters(NAME, request);
  const raise = member(request, "raise_error") ?? true;
  if (typeof raise !== "boolean") throw failure(NAME, "invalid value for raise_error field");
  const memo = evaluation.memo(NAME);
  const key = stringify(request);
  const known = memo.get(key);
  if (known !== undefined) return known;
  if (evaluation.world === undefined) throw failure(NAME, "no network is allowed here");
  const answer = checked(request, raise) ?? evaluation.world.send(request);
  memo.set(key, answer);
  return answer;
}

/** The answer that says what is wrong with the request, or undefined where nothing is. */
function checked(request: RegoObjectValue, raise: boolean): Value | undefined {
  try {
    for (const [name, check] of CHECKS) {
      const value = member(request, name);
      if (value !== undefined) check(name, value);
    }
    if (
      member(request, "force_cache") === true &&
      member(request, "force_cache_duration_seconds") === undefined
    )
      throw failure(NAME, "'force_cache' set but 'force_cache_duration_seconds' parameter is missing");
    return undefined;
  } catch (error) {
    if (raise || !(error instanceof BuiltinError)) throw error;
    return { error: { code: "eval_http_send_internal_error", message: error.message }, status_code: 0 };
  }
}

type Check = (name: string, value: Value) => void;

const text: Check = (name, value) => {
  if (typeof value !== "string") throw failure(NAME, `"${name}" must be a string`);
};
const flag: Check = (_name, value) => {
  if (typeof value !== "boolean")
    throw failure(NAME, `strconv.ParseBool: parsing ${JSON.stringify(stringify(value))}: invalid syntax`);
};
const cacheFlag: Check = (name, value) => {
  if (typeof value !== "boolean") throw failure(NAME, `invalid value for "${name}" field`);
};

const METHOD = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]*$/;
const method: Check = (name, value) => {
  text(name, value);
  const upper = (value as string).toUpperCase();
  if (!METHOD.test(upper)) throw failure(NAME, `net/http: invalid method ${JSON.stringify(upper)}`);
};

const headers: Check = (_name, value) => {
  if (!isObject(value)) throw failure(NAME, "invalid type for headers key");
  for (const [, item] of sortedEntries(value))
    if (typeof item !== "string")
      throw failure(NAME, `invalid type for headers value ${JSON.stringify(stringify(item))}`);
};

/** Go's durations (time.ParseDuration). */
const DURATION = /^[+-]?(?:0|(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/;
const timeout: Check = (_name, value) => {
  if (typeof value === "string") {
    if (!/^\d+$/.test(value) && !DURATION.test(value))
      throw failure(NAME, `invalid timeout value ${JSON.stringify(value)}: time: invalid duration`);
    return;
  }
  if (!isNumber(value))
    throw new BuiltinError("eval_type_error", `${NAME}: operand 1 'timeout' must be one of {string, number}`);
  if (!/^-?\d+$/.test(numberText(value)))
    throw failure(NAME, `invalid timeout number value ${numberText(value)}, must be int64`);
};

const attempts: Check = (name, value) => {
  if (!isNumber(value) || !/^\d+$/.test(numberText(value)))
    throw failure(NAME, `invalid value ${stringify(value)} for field "${name}"`);
};

const CHECKS: readonly (readonly [name: string, check: Check])[] = [
  ["max_retry_attempts", attempts],
  ["cache", cacheFlag],
  ["force_cache", cacheFlag],
  ["method", method],
  ["url", text],
  ["raw_body", text],
  ["headers", headers],
  ["timeout", timeout],
  ["enable_redirect", flag],
  ["tls_use_system_certs", flag],
  ["tls_insecure_skip_verify", flag],
  ["tls_ca_cert", text],
  ["tls_ca_cert_file", text],
  ["tls_ca_cert_env_variable", text],
  ["tls_client_cert", text],
  ["tls_client_cert_file", text],
  ["tls_client_cert_env_variable", text],
  ["tls_client_key", text],
  ["tls_client_key_file", text],
  ["tls_client_key_env_variable", text],
  ["tls_server_name", text],
];

export const HTTP: Implementations = { [NAME]: send };
