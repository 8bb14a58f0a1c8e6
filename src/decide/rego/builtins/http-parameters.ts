/** The members of a request object that `http.send` and `providers.aws.sign_req` take (OPA "HTTP"). */

import { BuiltinError } from "../errors.ts";
import { member, type RegoObjectValue, sortedKeys, stringify } from "../values/index.ts";

const ALLOWED: ReadonlySet<unknown> = new Set([
  "method",
  "url",
  "body",
  "raw_body",
  "headers",
  "enable_redirect",
  "timeout",
  "force_json_decode",
  "force_yaml_decode",
  "raise_error",
  "max_retry_attempts",
  "cache",
  "force_cache",
  "force_cache_duration_seconds",
  "cache_ignored_headers",
  "caching_mode",
  "tls_use_system_certs",
  "tls_ca_cert",
  "tls_ca_cert_file",
  "tls_ca_cert_env_variable",
  "tls_client_cert",
  "tls_client_cert_file",
  "tls_client_cert_env_variable",
  "tls_client_key",
  "tls_client_key_file",
  "tls_client_key_env_variable",
  "tls_insecure_skip_verify",
  "tls_server_name",
]);

/** Fails, as built-in `name`, on members that are not known and on those that are missing. */
export function checkParameters(name: string, request: RegoObjectValue): void {
  const unknown = sortedKeys(request).filter((key) => !ALLOWED.has(key));
  if (unknown.length > 0)
    throw parameterError(name, 1, "invalid request parameters(s)", unknown.map(stringify));
  const missing = ["method", "url"].filter((key) => member(request, key) === undefined);
  if (missing.length > 0)
    throw parameterError(name, 1, "missing required request parameters(s)", missing.map(stringify));
}

/** `name: operand 1 missing …: {"method", "url"}`. */
export function parameterError(
  name: string,
  operand: number,
  what: string,
  members: readonly string[],
): BuiltinError {
  return new BuiltinError("eval_type_error", `${name}: operand ${operand} ${what}: {${members.join(", ")}}`);
}
