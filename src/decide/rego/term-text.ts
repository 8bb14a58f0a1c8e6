/** Terms as people write them, for messages. */
import type { Term, VarTerm } from "./syntax.ts";
import { numberText } from "./values/index.ts";

export function termText(term: Term): string {
  switch (term.kind) {
    case "null":
      return "null";
    case "boolean":
      return String(term.value);
    case "number":
      return numberText(term.value);
    case "string":
      return JSON.stringify(term.value);
    case "var":
      return nameText(term);
    case "ref":
      return termText(term.head) + term.path.map(stepText).join("");
    case "array":
      return `[${term.items.map(termText).join(", ")}]`;
    case "set":
      return term.items.length === 0 ? "set()" : `{${term.items.map(termText).join(", ")}}`;
    case "object":
      return `{${term.members.map(([key, value]) => `${termText(key)}: ${termText(value)}`).join(", ")}}`;
    case "call":
      return `${termText(term.operator)}(${term.args.map(termText).join(", ")})`;
    case "comprehension": {
      const [open, close] = term.of === "array" ? ["[", "]"] : ["{", "}"];
      const key = term.key === undefined ? "" : `${termText(term.key)}: `;
      return `${open}${key}${termText(term.value)} | …${close}`;
    }
    case "template":
      return '$"…"';
  }
}

/** A generated variable stands for what is written at its place. */
function nameText({ name, label, at }: VarTerm): string {
  if (name.startsWith("$$")) return at.source.text.slice(at.start, at.end).replace(/\s+/g, " ");
  return name.startsWith("$") ? "_" : (label ?? name);
}

function stepText(step: Term): string {
  return step.kind === "string" && /^[A-Za-z_]\w*$/.test(step.value)
    ? `.${step.value}`
    : `[${termText(step)}]`;
}
