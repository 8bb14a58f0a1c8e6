/** What a draft holds, found in one walk, so that the passes that few rules need can leave the others alone. */
import type { Body, CallTerm, Term } from "../syntax.ts";
import { type Draft, visitDraft } from "./draft.ts";
import { isPrint } from "./printing.ts";
import { type Visitor, visitBody } from "./walk.ts";

export interface Survey {
  readonly calls: readonly CallTerm[];
  /** The calls that are whole expressions, which may take their result as an operand more. */
  readonly alone: ReadonlySet<Term>;
  /** There are prints or templates. */
  readonly printing: boolean;
  /** There are closures, each a scope of its own. */
  readonly closures: boolean;
  /** There is a `with`, or a call without operands. */
  readonly replacing: boolean;
}

function surveyor(): { readonly visitor: Visitor; readonly result: () => Survey } {
  const calls: CallTerm[] = [];
  const alone = new Set<Term>();
  let printing = false;
  let replacing = false;
  let closures = false;
  const visitor: Visitor = {
    term: (term) => {
      if (term.kind === "template" || isPrint(term)) printing = true;
      if (term.kind === "comprehension") closures = true;
      if (term.kind !== "call") return true;
      calls.push(term);
      if (term.args.length === 0) replacing = true;
      return true;
    },
    expr: ({ form, with: withs }) => {
      if (form.kind === "term" && form.term.kind === "call") alone.add(form.term);
      if (withs.length > 0) replacing = true;
      if (form.kind === "every") closures = true;
    },
  };
  return { visitor, result: () => ({ calls, alone, printing, closures, replacing }) };
}

export function surveyDraft(draft: Draft): Survey {
  const { visitor, result } = surveyor();
  visitDraft(draft, visitor);
  return result();
}

export function surveyBody(body: Body): Survey {
  const { visitor, result } = surveyor();
  visitBody(body, visitor);
  return result();
}
