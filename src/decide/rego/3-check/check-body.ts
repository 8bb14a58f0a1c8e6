/**
 * The checks of one body. As in OPA, what is called, closed over or referred to within an expression is checked before the
 * expression itself, as if it stood in an expression of its own.
 */

import { type Visitor, visitBody, visitTerm } from "../2-resolve/walk.ts";
import type { Span } from "../source.ts";
import type { Body, CallTerm, ComprehensionTerm, Expr, RefTerm, Term, With } from "../syntax.ts";
import { termText } from "../term-text.ts";
import { ReferenceChecker } from "./check-reference.ts";
import type { RuleDocuments } from "./documents.ts";
import { comprehensionType, type Environment, operandsOf } from "./environment.ts";
import type { Findings } from "./findings.ts";
import { keysOf, valuesOf } from "./members.ts";
import { replaceDocuments } from "./replace-documents.ts";
import { ANY, isAnything, isUnknown, type Type, unifies } from "./types.ts";
import { unifyTerm, unifyTerms } from "./unify.ts";

export class BodyChecker {
  readonly #environment: Environment;
  readonly #findings: Findings;
  readonly #rules: RuleDocuments;
  readonly #references: ReferenceChecker;
  /** In a query `==` answers with its outcome, whatever it compares. */
  readonly #isQuery: boolean;
  /** How many closures it is in. */
  readonly #depth: number;
  constructor(
    environment: Environment,
    findings: Findings,
    rules: RuleDocuments,
    options: { readonly query?: boolean; readonly depth?: number } = {},
  ) {
    this.#environment = environment;
    this.#findings = findings;
    this.#rules = rules;
    this.#references = new ReferenceChecker(environment, findings, rules.root);
    this.#isQuery = options.query ?? false;
    this.#depth = options.depth ?? 0;
  }

  body(expressions: Body): void {
    for (const expr of expressions) this.#expression(expr);
  }

  #expression(expr: Expr): void {
    for (const replacement of expr.with) this.#replacement(replacement);
    const undo = replaceDocuments(this.#environment, this.#rules, expr.with);
    this.#form(expr);
    undo();
  }

  #form({ at, form, not }: Expr): void {
    if (not !== undefined) {
      this.#withinNot(form);
      return;
    }
    switch (form.kind) {
      case "term":
        if (form.term.kind === "call") this.#statement(form.term, at);
        else this.#operand(form.term);
        return;
      case "some":
        return;
      case "some-in": {
        if (form.collection.kind === "ref" && !this.#checkCalled(form.collection)) return;
        this.#equality(at, form.value, stepInto(form.collection, form.key));
        return;
      }
      case "every":
        this.#apart(form.domain);
        this.#within(form.body);
    }
  }

  /**
   * In the body of `every`, and in a `not` that is a closure, OPA looks at closures and at references that begin with a name,
   * and at nothing else.
   */
  #within(body: Body): void {
    for (const { form, not, with: replacements } of body) {
      for (const { value } of replacements)
        if (this.#environment.functionOf(value) === undefined) this.#parts(value);
      if (not !== undefined) {
        this.#withinNot(form);
        continue;
      }
      switch (form.kind) {
        case "term":
          this.#parts(form.term);
          break;
        case "some":
          break;
        case "some-in":
          this.#parts(stepInto(form.collection, form.key));
          break;
        case "every":
          this.#parts(form.domain);
          this.#within(form.body);
      }
    }
  }

  #withinNot(form: Expr["form"]): void {
    if (form.kind !== "term" || form.term.kind !== "call") return;
    for (const ways of form.term.args) if (ways.kind === "comprehension") this.#within(ways.body);
  }

  #parts(node: Term): void {
    if (node.kind === "call") for (const arg of node.args) this.#parts(arg);
    else if (node.kind === "array" || node.kind === "set") for (const item of node.items) this.#parts(item);
    else if (node.kind === "object") for (const part of node.members.flat()) this.#parts(part);
    else if (node.kind === "ref") {
      if (node.head.kind !== "var") this.#parts(node.head);
      for (const step of node.path) this.#parts(step);
      if (node.head.kind === "var") this.#references.check(node);
    } else if (node.kind === "comprehension") this.#comprehension(node);
  }

  /** Checks a term that is taken as it is: the value of a rule, an operand of a call. */
  term(node: Term): void {
    const isRight = this.#operand(node);
    if (node.kind !== "ref") return;
    const type = this.#environment.typeOf(node);
    // What is wrong is said; beyond that nothing is known of it. A name for what is not wholly known can be anything.
    if (isRight ? isUnknown(type) : type === undefined) this.#environment.learn(node, ANY);
  }

  /** Checks a term that is given a name of its own; what it holds that nothing is known of can be anything. */
  #apart(node: Term): void {
    this.term(node);
    const isPattern = node.kind === "array" || node.kind === "object";
    if (isPattern && isUnknown(this.#environment.typeOf(node))) unifyTerm(this.#environment, node, ANY);
  }

  /** Checks what is within a term, and answers whether its references and closures are right. */
  #operand(node: Term): boolean {
    switch (node.kind) {
      case "call":
        this.#value(node);
        return true;
      case "ref":
        for (const step of node.path) this.term(step);
        if (node.head.kind !== "var") this.#apart(node.head);
        return this.#references.check(node) && this.#checkCalled(node);
      case "array":
      case "set":
        for (const item of node.items) this.term(item);
        return true;
      case "object":
        for (const part of node.members.flat()) this.term(part);
        return true;
      case "comprehension":
        return this.#comprehension(node);
      case "boolean":
      case "null":
      case "number":
      case "string":
      case "template":
      case "var":
        return true;
    }
  }

  /** A rule can be called, without operands, where nothing is known of its type. */
  #checkCalled(node: RefTerm): boolean {
    if (node.called !== true || isAnything(this.#environment.typeOf(node))) return true;
    const name = termText(node);
    this.#findings.add(node.at, `undefined function ${name}`, `it is a rule: write ${name}`);
    return false;
  }

  #comprehension(node: ComprehensionTerm): boolean {
    const before = this.#findings.count;
    const inner = this.#environment.inner();
    const checker = new BodyChecker(inner, this.#findings, this.#rules, {
      query: this.#isQuery,
      depth: this.#depth + 1,
    });
    checker.body(node.body);
    if (node.key !== undefined) checker.term(node.key);
    checker.term(node.value);
    this.#withoutNames(node);
    if (this.#findings.count > before) return false;
    const key = node.key === undefined ? undefined : inner.typeOf(node.key);
    this.#environment.learn(node, comprehensionType(node.of, key, inner.typeOf(node.value)));
    return true;
  }

  /** As in OPA, closures within a closure are checked once more without what that one binds. */
  #withoutNames(node: ComprehensionTerm): void {
    if (this.#depth >= MOST_NESTED) return;
    const inner = new BodyChecker(this.#environment.inner(), this.#findings, this.#rules, {
      query: this.#isQuery,
      depth: this.#depth + 1,
    });
    for (const closure of closuresIn(node)) inner.#comprehension(closure);
  }

  /** A call that stands alone. */
  #statement(call: CallTerm, at: Span): void {
    const [a, b] = call.args;
    const name = nameOf(call);
    if (call.args.length === 2 && a && b && (name === "eq" || (name === "equal" && !this.#isQuery)))
      this.#equality(at, a, b);
    else this.#call(call, at, []);
  }

  /** A call whose result is used. */
  #value(call: CallTerm): void {
    const [a, b] = call.args;
    if (nameOf(call) === "eq" && a && b && call.args.length === 2) this.#equality(call.at, a, b);
    else if (this.#call(call, call.at, [undefined]))
      this.#environment.learn(call, this.#environment.functionOf(call.operator)?.result ?? ANY);
  }

  #equality(at: Span, a: Term, b: Term): void {
    const isRight = [this.#operand(a), this.#operand(b)].every((right) => right);
    const left = this.#environment.typeOf(a);
    const right = this.#environment.typeOf(b);
    if (unifyTerms(this.#environment, a, b)) return;
    // Of what is wrong within an operand, its type being unknown, enough is said.
    if (isRight || (left !== undefined && right !== undefined)) this.#findings.mismatch(at, left, right);
  }

  /** `results` are those that no operand stands for. */
  #call(call: CallTerm, at: Span, results: readonly undefined[]): boolean {
    for (const arg of call.args) this.term(arg);
    const [a, b, c] = call.args;
    const name = nameOf(call);
    if (name === "internal.member_2" && a && b) return this.#membership(at, a, b);
    if (name === "internal.member_3" && a && b && c) return this.#membership(at, b, c, a);
    const signature = this.#environment.functionOf(call.operator);
    if (signature === undefined) return true;
    const operands = operandsOf(call, signature);
    const have = call.args.map((arg) => this.#environment.typeOf(arg));
    for (const [index, arg] of call.args.entries()) {
      const wanted = operands[index];
      if (wanted === undefined) continue;
      // What is known is not widened to what is wanted.
      const type = have[index];
      if ((isUnknown(type) || unifies(type, wanted)) && unifyTerm(this.#environment, arg, wanted)) continue;
      this.#findings.operands(at, `${name}: invalid argument(s)`, [...have, ...results], operands);
      return false;
    }
    return true;
  }

  /** `value in collection`, `key, value in collection`. */
  #membership(at: Span, value: Term, collection: Term, key?: Term): boolean {
    const type = this.#environment.typeOf(collection);
    const parts: readonly (readonly [Term, Type | undefined])[] =
      key === undefined
        ? [[value, valuesOf(type)]]
        : [
            [key, keysOf(type)],
            [value, valuesOf(type)],
          ];
    for (const [term, wanted] of parts) {
      const have = this.#environment.typeOf(term);
      if (wanted === undefined || isUnknown(wanted)) continue;
      if (isUnknown(have) ? unifyTerm(this.#environment, term, wanted) : unifies(have, wanted)) continue;
      this.#findings.mismatch(at, have, wanted);
      return false;
    }
    return true;
  }

  /** What stands in for a function takes what that takes. */
  #replacement({ at, target, value }: With): void {
    const replaced = this.#environment.functionOf(target);
    const replacement = this.#environment.functionOf(value);
    if (replacement === undefined) this.term(value);
    if (replacement === undefined || replaced === undefined || replaced.variadic) return;
    const fits =
      replaced.operands.length === replacement.operands.length &&
      replaced.operands.every((operand, index) => unifies(operand, replacement.operands[index]));
    if (fits) return;
    const name = target.kind === "var" ? target.name : termText(target);
    this.#findings.operands(at, `${name}: arity mismatch`, replacement.operands, replaced.operands);
  }
}

/** Closures in closures beyond these are checked once: the number of checks doubles with each. */
const MOST_NESTED = 5;

/** The outermost closures of a closure's body and head. */
function closuresIn({ key, value, body }: ComprehensionTerm): readonly ComprehensionTerm[] {
  const found: ComprehensionTerm[] = [];
  // A `not` that is a closure is none to OPA.
  const negations = new Set<Term>();
  const visitor: Visitor = {
    expr: ({ not, form }) => {
      if (not !== undefined && form.kind === "term" && form.term.kind === "call")
        for (const ways of form.term.args) negations.add(ways);
    },
    term: (part) => {
      if (part.kind === "comprehension" && !negations.has(part)) found.push(part);
      return part.kind !== "comprehension";
    },
  };
  visitBody(body, visitor);
  for (const term of key === undefined ? [value] : [key, value]) visitTerm(term, visitor);
  return found;
}

/** What `some key, value in collection` takes `value` from: `collection[key]`. */
function stepInto(collection: Term, written: Term | undefined): RefTerm {
  const key = written ?? wildcard(collection.at);
  return collection.kind === "ref"
    ? { kind: "ref", at: collection.at, head: collection.head, path: [...collection.path, key] }
    : { kind: "ref", at: collection.at, head: collection, path: [key] };
}

/** A variable that no other place has. */
function wildcard(at: Span): Term {
  return { kind: "var", at, name: `$some ${at.start}` };
}

function nameOf({ operator }: CallTerm): string {
  return operator.kind === "var" ? operator.name : termText(operator);
}
