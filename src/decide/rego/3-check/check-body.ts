/** The checks of one body: its calls, its equalities, and every reference in it. */
import { nearest } from "#kernel";
import type { RuleTree } from "../2-resolve/program.ts";
import type { SourceFinding } from "../errors.ts";
import type { Span } from "../source.ts";
import type { Body, CallTerm, Expr, RefTerm, Term } from "../syntax.ts";
import { termText } from "../term-text.ts";
import { constantOf } from "./constant.ts";
import type { Environment } from "./environment.ts";
import { type Signature, signatureOf } from "./signature.ts";
import {
  ANY,
  isCollection,
  isUnknown,
  keysOf,
  STRING,
  select,
  type Type,
  typeText,
  unifies,
  valuesOf,
} from "./types.ts";
import { unifyTerm, unifyTerms } from "./unify.ts";

export class BodyChecker {
  readonly #environment: Environment;
  readonly #findings: SourceFinding[];
  constructor(environment: Environment, findings: SourceFinding[]) {
    this.#environment = environment;
    this.#findings = findings;
  }

  /** Of a query, a comparison that stands alone answers with its outcome. */
  body(expressions: Body, isQuery: boolean = false): void {
    for (const expr of expressions) {
      this.#replacements(expr);
      this.#environment.replaced = expr.with.flatMap(({ target, value }) =>
        target.kind === "ref" ? [{ target, type: this.#environment.typeOf(value) }] : [],
      );
      this.#expression(expr, isQuery);
      this.#environment.replaced = [];
    }
  }

  #expression({ at, form, not }: Expr, isQuery: boolean): void {
    // What a closure of `not` or `every` holds is not typed, as in OPA.
    if (not !== undefined) return;
    switch (form.kind) {
      case "term":
        if (form.term.kind === "call") this.#call(form.term, at, !isQuery);
        else this.term(form.term);
        return;
      case "some":
        return;
      case "some-in": {
        this.term(form.collection);
        const type = this.#environment.typeOf(form.collection);
        if (isScalar(form.collection) && form.value.kind !== "var") {
          this.#mismatch(at, form.value, form.collection);
          return;
        }
        if (!this.#isIterated(form.collection, type, form.key)) return;
        const key = isUnknown(type) ? ANY : (keysOf(type) ?? ANY);
        const value = isUnknown(type) ? ANY : (valuesOf(type) ?? ANY);
        const fits =
          (form.key === undefined || unifyTerm(this.#environment, form.key, key, false)) &&
          unifyTerm(this.#environment, form.value, value, false);
        if (!fits) this.#mismatch(at, form.value, form.collection);
        for (const pattern of [form.key, form.value])
          if (pattern !== undefined) this.#environment.nameAll(pattern);
        return;
      }
      case "every":
        this.term(form.domain);
        for (const pattern of [form.key, form.value])
          if (pattern !== undefined) this.#environment.nameAll(pattern);
        this.#referencesOf(form.body);
    }
  }

  #replacements({ with: replacements }: Expr): void {
    // A function may stand in for another.
    for (const { target, value } of replacements) {
      const type = this.#functionTypeOf(value);
      if (type === undefined) this.term(value);
      else this.#replacement(target, type);
    }
  }

  /** Of what a closure of `every` holds, OPA looks at the references alone. */
  #referencesOf(body: Body): void {
    for (const { form } of body) if (form.kind === "term") this.#referencesWithin(form.term);
  }

  #referencesWithin(node: Term): void {
    switch (node.kind) {
      case "ref":
        for (const step of node.path) this.#referencesWithin(step);
        if (node.head.kind === "var" && this.#environment.variable(node.head.name) !== undefined)
          this.#reference(node);
        return;
      case "call":
        for (const arg of node.args) this.#referencesWithin(arg);
        return;
      case "array":
      case "set":
        for (const item of node.items) this.#referencesWithin(item);
        return;
      case "object":
        for (const member of node.members) for (const part of member) this.#referencesWithin(part);
        return;
      case "boolean":
      case "comprehension":
      case "null":
      case "number":
      case "string":
      case "template":
      case "var":
        return;
    }
  }

  /** The signature of a function that is named, not called. */
  #functionTypeOf(term: Term): Signature | undefined {
    if (term.kind === "var") {
      const signature =
        this.#environment.variable(term.name) === undefined ? signatureOf(term.name) : undefined;
      return signature;
    }
    const type = term.kind === "ref" ? this.#environment.typeOf(term) : undefined;
    return type?.kind === "function" ? { ...type, variadic: false } : undefined;
  }

  /** What stands in for a function takes what it takes, and gives what it gives. */
  #replacement(target: Term, replacement: Signature): void {
    const signature = this.#functionTypeOf(target);
    if (signature === undefined || signature.variadic) return;
    const fits =
      signature.operands.length === replacement.operands.length &&
      signature.operands.every((operand, index) => unifies(operand, replacement.operands[index]));
    if (!fits)
      this.#add(target.at, `${target.kind === "var" ? target.name : termText(target)}: arity mismatch`);
  }

  /** `some k, v in xs` reads `xs[k]`: a scalar that is written out has just no solution, one behind a name is a mistake. */
  #isIterated(collection: Term, type: Type | undefined, key: Term | undefined): boolean {
    const constant = key === undefined ? undefined : constantOf(key);
    const scalar =
      type !== undefined &&
      (hasUnknownKeys(type) ||
        (!isCollection(type) &&
          (collection.kind === "var" || collection.kind === "ref" || collection.kind === "call")));
    const missing = constant !== undefined && isCollection(type) && select(type, constant) === undefined;
    if (!scalar && !missing) return true;
    const step = key === undefined ? "_" : termText(key);
    this.#add(collection.at, `undefined ref: ${termText(collection)}[${step}]`);
    return false;
  }

  /** Everything within a term: calls, closures, references. */
  term(node: Term): void {
    switch (node.kind) {
      case "call":
        this.#call(node);
        return;
      case "ref":
        for (const step of node.path) if (step.kind !== "var") this.term(step);
        if (node.head.kind !== "var") this.term(node.head);
        this.#reference(node);
        return;
      case "array":
      case "set":
        for (const item of node.items) this.term(item);
        return;
      case "object":
        for (const [key, value] of node.members) {
          this.term(key);
          this.term(value);
        }
        return;
      case "comprehension": {
        const inner = this.#environment.inner();
        const checker = new BodyChecker(inner, this.#findings);
        this.#environment.comprehensions.set(node, inner);
        checker.body(node.body);
        if (node.key !== undefined) checker.term(node.key);
        checker.term(node.value);
        return;
      }
      case "boolean":
      case "null":
      case "number":
      case "string":
      case "template":
      case "var":
        return;
    }
  }

  #call(call: CallTerm, at: Span = call.at, isStatement = false): void {
    const before = this.#findings.length;
    for (const arg of call.args) this.term(arg);
    // What is wrong within an operand is said already.
    if (this.#findings.length > before) return;
    const [a, b, c] = call.args;
    const name = call.operator.kind === "var" ? call.operator.name : termText(call.operator);
    // A comparison whose outcome is a value may well be false.
    if (
      (name === "eq" || (name === "equal" && isStatement)) &&
      a !== undefined &&
      b !== undefined &&
      call.args.length === 2
    ) {
      if (!unifyTerms(this.#environment, a, b)) this.#mismatch(at, a, b);
      return;
    }
    if (name === "internal.member_2" && a !== undefined && b !== undefined) {
      this.#membership(at, a, b);
      return;
    }
    if (name === "internal.member_3" && a !== undefined && b !== undefined && c !== undefined) {
      this.#membership(at, b, c, a);
      return;
    }
    const signature =
      call.operator.kind === "var" ? signatureOf(call.operator.name) : this.#functionOf(call.operator);
    if (signature === undefined) return;
    const operands: readonly Type[] = signature.variadic
      ? call.args.map(() => ANY)
      : signature.result === undefined
        ? signature.operands
        : [...signature.operands, signature.result];
    for (const [index, arg] of call.args.entries()) {
      const wanted = operands[index];
      if (wanted === undefined || unifyTerm(this.#environment, arg, wanted, false)) continue;
      const have = call.args.map((operand) => typeText(this.#environment.typeOf(operand))).join(", ");
      const want = signature.operands.map(typeText).join(", ");
      this.#add(at, `${name}: invalid argument(s)`, `have (${have}), want (${want})`);
      return;
    }
  }

  /** `value in collection`, `key, value in collection`. */
  #membership(at: Span, value: Term, collection: Term, key?: Term): void {
    const type = this.#environment.typeOf(collection);
    const values = valuesOf(type);
    const keys = keysOf(type);
    const known = (term: Term): Type => this.#environment.typeOf(term) ?? ANY;
    if (values !== undefined && !unifies(known(value), values)) this.#mismatch(at, value, collection);
    else if (key !== undefined && keys !== undefined && !unifies(known(key), keys))
      this.#mismatch(at, key, collection);
  }

  #functionOf(
    operator: RefTerm,
  ):
    | { readonly operands: readonly Type[]; readonly result: Type | undefined; readonly variadic: boolean }
    | undefined {
    const type = this.#environment.typeOf(operator);
    return type?.kind === "function" ? { ...type, variadic: false } : undefined;
  }

  #mismatch(at: Span, a: Term, b: Term): void {
    const [left, right] = [a, b].map((term) => typeText(this.#environment.typeOf(term)));
    this.#add(at, "match error", `left is ${left}, right is ${right}`);
  }

  #reference(node: RefTerm): void {
    const { head, path } = node;
    const type = this.#environment.typeOf(node);
    if (type?.kind === "function") {
      this.#add(node.at, `function ${termText(node)} used as reference, not called`);
      return;
    }
    const replacement = this.#environment.replacement(node);
    if (replacement !== undefined) this.#leaf(node, replacement.type, path, replacement.from);
    else if (this.#environment.isAffected(node)) return;
    else if (head.kind === "var" && head.name === "data")
      this.#document(node, this.#environment.rules.tree, 0);
    // An argument that nothing is known of can be anything.
    else this.#leaf(node, this.#environment.typeOf(head) ?? (head.kind === "var" ? ANY : undefined), path, 0);
  }

  /** Steps through documents that rules are below of: these have names. */
  #document(node: RefTerm, tree: RuleTree, index: number): boolean {
    const { path } = node;
    const step = path[index];
    if (step === undefined) return true;
    const key = constantOf(step);
    const child = typeof key === "string" ? tree.children.get(key) : undefined;
    if (child !== undefined) return this.#document(node, child, index + 1);
    if (tree.group !== undefined) {
      const type = this.#environment.rules.ofGroup(tree.group);
      if (type?.kind === "function") {
        this.#add(node.at, `function ${termText(node)} used as reference, not called`);
        return false;
      }
      // Beside rules for single members there may be others, in base documents.
      return this.#leaf(node, tree.children.size > 0 ? ANY : type, path, index);
    }
    if (key === undefined) {
      const exist = this.#environment.typeOf(step);
      if (exist !== undefined && !unifies(STRING, exist)) return this.#undefined(node, keysOfTree(tree));
      if (exist === undefined && step.kind === "var") this.#environment.set(step.name, STRING);
    }
    // What base documents hold is not known.
    return this.#leaf(node, ANY, path, index + 1);
  }

  #leaf(node: RefTerm, start: Type | undefined, path: readonly Term[], from: number): boolean {
    let type = start;
    for (const step of path.slice(from)) {
      if (!isCollection(type) || hasUnknownKeys(type)) return this.#undefined(node, []);
      // An empty collection has no keys that a variable could differ from.
      const keys = keysOf(type) ?? ANY;
      const constant = constantOf(step);
      if (constant !== undefined) {
        const found = select(type, constant);
        if (found === undefined) return this.#undefined(node, namesOf(type));
        type = found;
        continue;
      }
      if (step.kind === "var") {
        const exist = this.#environment.variable(step.name);
        if (exist === undefined) this.#environment.set(step.name, keys);
        else if (!unifies(exist, keys)) return this.#undefined(node, namesOf(type));
      } else if (step.kind === "ref" || step.kind === "call") {
        const exist = this.#environment.typeOf(step);
        if (exist !== undefined && !unifies(exist, keys)) return this.#undefined(node, namesOf(type));
      } else if (!unifyTerm(this.#environment, step, keys, false))
        return this.#undefined(node, namesOf(type));
      type = valuesOf(type) ?? ANY;
    }
    return true;
  }

  #undefined(node: RefTerm, names: readonly string[]): boolean {
    const last = node.path.findLast((step) => step.kind === "string");
    const meant = last?.kind === "string" ? nearest(last.value, names) : undefined;
    this.#add(
      node.at,
      `undefined ref: ${termText(node)}`,
      meant === undefined ? undefined : `did you mean ${meant}?`,
    );
    return false;
  }

  #add(at: Span, message: string, hint?: string): void {
    const { line, column } = at.source.position(at.start);
    this.#findings.push({
      code: "rego_type_error",
      severity: "error",
      file: at.source.file,
      line,
      column,
      length: Math.max(1, at.end - at.start),
      message,
      ...(hint === undefined ? {} : { hint }),
    });
  }
}

function keysOfTree(tree: RuleTree): readonly string[] {
  return [...tree.children.keys()];
}

function namesOf(type: Type | undefined): readonly string[] {
  return type?.kind === "object"
    ? type.members.flatMap(({ key }) => (typeof key === "string" ? [key] : []))
    : [];
}

/** An object of which not even the type of its keys is known cannot be gone through. */
function isScalar({ kind }: Term): boolean {
  return kind === "null" || kind === "boolean" || kind === "number" || kind === "string";
}

function hasUnknownKeys(type: Type | undefined): boolean {
  return type?.kind === "object" && type.rest !== undefined && type.rest.key === undefined;
}
