import type { Body, ComprehensionTerm, Term } from "../syntax.ts";

/** The variables that a comprehension names, each once: in its own expressions, and in those that are closed within (negations, `every`, further comprehensions). */
export function variablesOf(node: ComprehensionTerm): {
  readonly all: ReadonlySet<string>;
  readonly closed: ReadonlySet<string>;
} {
  const all = new Set<string>();
  const closed = new Set<string>();
  const inOptional = (term: Term | undefined, within: boolean): void => {
    if (term !== undefined) inTerm(term, within);
  };
  const inBody = (body: Body, within: boolean): void => {
    for (const { form, negated, with: replacements } of body) {
      const inner = within || negated;
      for (const replacement of replacements) inTerm(replacement.value, inner);
      if (form.kind === "term") inTerm(form.term, inner);
      else if (form.kind === "some-in")
        for (const term of [form.key, form.value, form.collection]) inOptional(term, inner);
      else if (form.kind === "every") {
        for (const term of [form.key, form.value, form.domain]) inOptional(term, true);
        inBody(form.body, true);
      }
    }
  };
  const inTerm = (term: Term, within: boolean): void => {
    switch (term.kind) {
      case "var":
        all.add(term.name);
        if (within) closed.add(term.name);
        return;
      case "ref":
        inTerm(term.head, within);
        for (const step of term.path) inTerm(step, within);
        return;
      case "call":
        for (const arg of term.args) inTerm(arg, within);
        return;
      case "array":
      case "set":
        for (const item of term.items) inTerm(item, within);
        return;
      case "object":
        for (const [key, value] of term.members) {
          inTerm(key, within);
          inTerm(value, within);
        }
        return;
      case "comprehension":
        inOptional(term.key, true);
        inTerm(term.value, true);
        inBody(term.body, true);
        return;
      case "boolean":
      case "null":
      case "number":
      case "string":
      case "template":
        return;
    }
  };
  inTerm(node.value, false);
  inBody(node.body, false);
  return { all, closed };
}
