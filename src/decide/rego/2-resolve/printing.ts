/**
 * Turns `print` and template strings into built-ins that get each operand as the set of its values, so that an undefined one
 * can be told (OPA "Debugging", "String Interpolation").
 */
import type { Body, CallTerm, Expr, Term, VarTerm } from "../syntax.ts";
import { addDirect, visitDirect, visitScope } from "./closures.ts";
import { type Branch, type Draft, equality, type Findings, labelOf, type Names } from "./draft.ts";
import { type Arity, outputsOfPieces, piecesOf } from "./pieces.ts";
import { mapExpr, mapSame, mapTerm, rewriteTerm, visitTerm } from "./walk.ts";

const ROOTS = ["input", "data"];

export function isPrint(term: Term): term is CallTerm {
  return term.kind === "call" && term.operator.kind === "var" && term.operator.name === "print";
}

/** Lazily, what a body binds: only prints and templates ask. */
type Safe = () => ReadonlySet<string>;

class Printing {
  readonly #names: Names;
  readonly #arity: Arity;
  readonly #findings: Findings;
  readonly #isQuery: boolean;
  constructor(names: Names, arity: Arity, findings: Findings, options: { readonly query?: boolean } = {}) {
    this.#names = names;
    this.#arity = arity;
    this.#findings = findings;
    this.#isQuery = options.query ?? false;
  }

  body(body: Body, around: Safe): { readonly body: Body; readonly safe: Safe } {
    let known: ReadonlySet<string> | undefined;
    const safe = (): ReadonlySet<string> => (known ??= this.#outputs(body, around()));
    return { body: mapSame(body, (expr) => this.expr(expr, safe)), safe };
  }

  #outputs(body: Body, around: ReadonlySet<string>): ReadonlySet<string> {
    const safe = new Set(around);
    for (const expr of body) {
      for (const name of outputsOfPieces(piecesOf(expr, this.#arity), safe)) safe.add(name);
    }
    return safe;
  }

  expr(expr: Expr, safe: Safe): Expr {
    const { form } = expr;
    if (form.kind === "term" && isPrint(form.term)) {
      const { term } = form;
      for (const arg of term.args) this.#checkDeclared((visit) => visitDirect(arg, visit), safe);
      const args = term.args.map((arg) => this.#setOf(this.term(arg, safe), []));
      return { ...expr, form: { kind: "term", term: listCall("internal.print", term, args) } };
    }
    if (form.kind === "every" && this.#isQuery)
      visitTerm(form.domain, { term: (part) => this.#checkPrint(part) });
    return mapExpr(
      expr,
      (term) => this.term(term, safe),
      (body) => {
        const loop = (): ReadonlySet<string> => {
          const names = new Set(safe());
          if (form.kind === "every")
            for (const term of [form.value, ...(form.key ? [form.key] : [])]) addDirect(term, names);
          return names;
        };
        return this.body(body, loop).body;
      },
    );
  }

  term(term: Term, safe: Safe): Term {
    if (term.kind === "template") {
      const parts = term.parts.map((part): Term => {
        if (typeof part === "string") return { kind: "string", value: part, at: term.at };
        return this.#part(part, safe);
      });
      return listCall("internal.template_string", term, parts);
    }
    if (isPrint(term)) {
      const text = term.at.source.text.slice(term.at.start, term.at.end);
      this.#findings.add("rego_type_error", term.at, `${text} used as value`);
    }
    return mapTerm(term, {
      term: (part) => this.term(part, safe),
      comprehension: (inner) => {
        const own = this.body(inner.body, safe);
        const key = inner.key && this.term(inner.key, own.safe);
        return { ...inner, ...(key && { key }), value: this.term(inner.value, own.safe), body: own.body };
      },
      part: (expr) => expr,
    });
  }

  /** Within what `every` in a query goes through, OPA leaves a print as it is, and takes one operand. */
  #checkPrint(term: Term): boolean {
    if (isPrint(term) && term.args.length !== 1)
      this.#findings.add("rego_type_error", term.at, "print: arity mismatch");
    return true;
  }

  #part(part: Expr, safe: Safe): Term {
    const { form } = part;
    if (form.kind === "term" && part.with.length === 0) {
      const { term } = form;
      if (term.kind === "string" || term.kind === "number" || term.kind === "boolean" || term.kind === "null")
        return term;
      if (term.kind === "var" && !ROOTS.includes(term.name))
        return { kind: "set", at: term.at, items: [term] };
    }
    this.#checkDeclared((visit) => visitScope(part, visit), safe);
    const inner = this.expr(part, safe);
    const value: Term =
      inner.form.kind === "term" ? inner.form.term : { kind: "boolean", value: true, at: part.at };
    return this.#setOf(value, inner.with);
  }

  #setOf(term: Term, withs: Expr["with"]): Term {
    const variable = this.#names.generated(term.at);
    const body = [{ ...equality(variable, term), with: withs }];
    return { kind: "comprehension", of: "set", at: term.at, value: variable, body };
  }

  #checkDeclared(variables: (visit: (variable: VarTerm) => void) => void, safe: Safe): void {
    const found = new Set<string>();
    variables((variable) => {
      if (found.has(variable.name) || safe().has(variable.name)) return;
      found.add(variable.name);
      this.#findings.add("rego_compile_error", variable.at, `var ${labelOf(variable)} is undeclared`);
    });
  }
}

function listCall(
  name: string,
  term: CallTerm | Extract<Term, { kind: "template" }>,
  items: readonly Term[],
): CallTerm {
  const { at } = term;
  const operator: VarTerm = { kind: "var", name, at };
  return { kind: "call", at, operator, args: [{ kind: "array", at, items }] };
}

/** The draft without prints and templates. A template among the arguments is compared with the argument by the body. */
export function rewritePrinting(draft: Draft, arity: Arity, findings: Findings): Draft {
  const printing = new Printing(draft.names, arity, findings);
  const compared: Expr[] = [];
  const withoutTemplate = (term: Term): Term => {
    if (term.kind !== "template") return term;
    const variable = draft.names.generated(term.at);
    compared.push(equality(variable, term));
    return variable;
  };
  const args = mapSame(draft.args, (arg) => rewriteTerm(arg, { term: withoutTemplate }));
  const globals = new Set(ROOTS);
  for (const arg of args) addDirect(arg, globals);
  let { keys, member } = draft;
  const branches = draft.branches.map((branch, index): Branch => {
    const { body, safe } = printing.body([...branch.body, ...compared], () => globals);
    if (index === 0) {
      keys = mapSame(keys, (key) => printing.term(key, safe));
      member = member && printing.term(member, safe);
    }
    const value = branch.value && printing.term(branch.value, safe);
    return { ...branch, ...(value && { value }), body };
  });
  return { ...draft, args, keys, ...(member && { member }), branches };
}

export function rewriteQueryPrinting(body: Body, names: Names, arity: Arity, findings: Findings): Body {
  return new Printing(names, arity, findings, { query: true }).body(body, () => new Set(ROOTS)).body;
}
