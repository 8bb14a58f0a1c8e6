/** Template strings and prints: parts that may be undefined (OPA policy language, "String Interpolation"). */
import { EvaluationError } from "../errors.ts";
import { isArray, isObject, isSet, typeName, type Value } from "../values/index.ts";
import { arrayOperand, type Implementations, stringOperand } from "./builtin.ts";
import { termText } from "./go-text.ts";

/** A part that was evaluated stands as the set of its results: none is undefined. */
function rendered(part: Value): string {
  if (isArray(part) || isObject(part))
    throw new EvaluationError("eval_internal_error", `illegal argument type: ${typeName(part)}`);
  if (!isSet(part)) return text(part);
  const [only, second] = part.sorted();
  if (second !== undefined)
    throw new EvaluationError("eval_conflict_error", "template-strings must not produce multiple outputs");
  return only === undefined ? "<undefined>" : text(only);
}

/** One line for each combination of what the operands of a print can be; an operand without a value is `<undefined>`. */
function lines(parts: readonly Value[]): readonly string[] {
  let found: readonly (readonly string[])[] = [[]];
  for (const part of parts) {
    const values = isSet(part) && part.size > 0 ? part.sorted().map(text) : ["<undefined>"];
    found = found.flatMap((line) => values.map((value) => [...line, value]));
  }
  return found.map((line) => line.join(" "));
}

function text(value: Value): string {
  return typeof value === "string" ? value : termText(value);
}

export const TEMPLATES: Implementations = {
  "internal.template_string": (_, parts) =>
    arrayOperand("internal.template_string", 1, parts).map(rendered).join(""),
  "internal.print": (evaluation, parts) => {
    for (const line of lines(arrayOperand("internal.print", 1, parts))) evaluation.print(line, "");
    return true;
  },
  trace: (evaluation, note) => {
    evaluation.print(stringOperand("trace", 1, note), "");
    return true;
  },
};
