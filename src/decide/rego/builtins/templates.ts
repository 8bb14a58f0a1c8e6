/** Template strings and prints: parts that may be undefined (OPA policy language, "String Interpolation"). */
import { isSet, type Value } from "../values/index.ts";
import { arrayOperand, failure, type Implementations, stringOperand } from "./builtin.ts";
import { termText } from "./go-text.ts";

/** A part that was evaluated stands as the set of its results: none is undefined. */
function rendered(name: string, part: Value): string {
  if (!isSet(part)) return typeof part === "string" ? part : termText(part);
  const [only, second] = part.sorted();
  if (only === undefined) return "<undefined>";
  if (second !== undefined) throw failure(name, "template-strings must not produce multiple outputs");
  return typeof only === "string" ? only : termText(only);
}

export const TEMPLATES: Implementations = {
  "internal.template_string": (_, parts) =>
    arrayOperand("internal.template_string", 1, parts)
      .map((part) => rendered("internal.template_string", part))
      .join(""),
  trace: (evaluation, note) => {
    evaluation.print(stringOperand("trace", 1, note), "");
    return true;
  },
};
