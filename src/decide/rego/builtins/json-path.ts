/** Paths into documents, as the JSON built-ins take them: texts with slashes (RFC 6901, its first slash left out at will) or steps. */
import { BuiltinError } from "../errors.ts";
import { isArray, isNumber, isObject, isSet, member, typeName, type Value } from "../values/index.ts";
import { intOf } from "./numbers.ts";

/** The steps of a path. @throws BuiltinError for what is no path */
export function stepsOf(name: string, path: Value): readonly Value[] {
  if (isArray(path)) return path;
  if (typeof path !== "string")
    throw new BuiltinError(
      "eval_type_error",
      `${name}: operand 2 must be one of {set, array} containing string paths or array of path segments but got ${typeName(path)}`,
    );
  if (path === "") return [];
  return path
    .replace(/^\/+/, "")
    .split("/")
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** One step into a value; undefined where there is nothing. */
export function at(value: Value, step: Value): Value | undefined {
  if (isArray(value)) return isNumber(step) ? value[Number(intOf(step) ?? -1)] : undefined;
  if (isSet(value)) return value.has(step) ? step : undefined;
  return isObject(value) ? member(value, step) : undefined;
}
