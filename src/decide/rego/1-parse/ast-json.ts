/** A module as the data that OPA gives for it: what `rego.parse_module` answers, and `opa parse --format json` prints. */
import { Buffer } from "node:buffer";
import type { Body, Comment, Expr, Head, Import, Module, Rule, Term, VarTerm, With } from "../syntax.ts";
import type { PlainObject, Value } from "../values/index.ts";
import { isGround } from "./checks.ts";
import { compareTerms } from "./term-order.ts";

/** The tree of a module, without annotations, and with places of comments alone. */
export function moduleValue(module: Module): PlainObject {
  const {
    package: { path },
    imports,
    rules,
    comments,
  } = module;
  return {
    package: { path: [variable("data"), ...path.map(text)] },
    ...(imports.length === 0 ? {} : { imports: imports.map(importValue) }),
    ...(rules.length === 0 ? {} : { rules: rules.map(ruleValue) }),
    ...(comments.length === 0 ? {} : { comments: comments.map(commentValue) }),
  };
}

function importValue({ path, alias }: Import): PlainObject {
  return { path: termValue(path), ...(alias === undefined ? {} : { alias }) };
}

function commentValue({ at, text: written }: Comment): PlainObject {
  const { line, column } = at.source.position(at.start);
  return {
    Location: { file: at.source.file, row: line, col: column },
    Text: Buffer.from(written).toString("base64"),
  };
}

function ruleValue(rule: Rule): PlainObject {
  const head = headValue(rule.head, rule.default);
  const { assign, key: _, ...shared } = head;
  let next: PlainObject | undefined;
  for (const branch of rule.else.toReversed()) {
    const isAssigned = branch.value === undefined ? assign === true : branch.assign;
    const branchHead = {
      ...shared,
      value: resultValue(branch),
      ...(isAssigned ? { assign: true } : {}),
    };
    next = { head: branchHead, body: bodyValue(branch.body), ...(next === undefined ? {} : { else: next }) };
  }
  return {
    head,
    body: bodyValue(rule.body),
    ...(rule.default ? { default: true } : {}),
    ...(next === undefined ? {} : { else: next }),
  };
}

/** `name` and `key` are left from when rules had no paths, and OPA gives them for some of two steps. */
function headValue(head: Head, isDefault: boolean): PlainObject {
  const { path, args, assign, form, value } = head;
  const [first, last] = path as readonly [VarTerm, Term?, ...Term[]];
  const isNamed =
    last === undefined ||
    (isShort(head, isDefault) && value !== undefined && (args === undefined || head.if));
  const key = keyOf(head, isDefault);
  return {
    ...(isNamed ? { name: first.name } : {}),
    ref: [variable(first.name), ...path.slice(1).map(termValue)],
    ...(args === undefined ? {} : { args: args.map(termValue) }),
    ...(key === undefined ? {} : { key: termValue(key) }),
    ...(form === "contains" ? {} : { value: resultValue(head) }),
    ...(assign ? { assign: true } : {}),
  };
}

function isShort({ form, path }: Head, isDefault: boolean): boolean {
  return form === "value" && path.length === 2 && !isDefault;
}

/** The member of a set, or of an object where the head's path has two steps. */
export function keyOf(head: Head, isDefault: boolean): Term | undefined {
  const [, last] = head.path;
  if (head.key !== undefined || last === undefined) return head.key;
  const isKeyed = isShort(head, isDefault) && head.args === undefined && !(head.if && isGround(last));
  return isKeyed ? last : undefined;
}

function resultValue({ value }: { readonly value?: Term }): PlainObject {
  return value === undefined ? { type: "boolean", value: true } : termValue(value);
}

function bodyValue(body: Body): readonly Value[] {
  if (body.length === 0) return [{ generated: true, index: 0, terms: { type: "boolean", value: true } }];
  return body.map(exprValue);
}

function exprValue(expr: Expr, index: number): PlainObject {
  return {
    index,
    ...(expr.negated ? { negated: true } : {}),
    terms: formValue(expr),
    ...(expr.with.length === 0 ? {} : { with: expr.with.map(withValue) }),
  };
}

function formValue({ form, not, logical }: Expr): Value {
  if (not !== undefined) {
    const isBody = !("form" in not);
    return { type: "not", explicit_body: isBody, body: bodyValue(isBody ? not : [not]) };
  }
  if (logical !== undefined)
    return {
      type: logical.kind,
      lhs: bodyValue(logical.left.body),
      rhs: bodyValue(logical.right.body),
      ...(logical.left.braces ? { explicit_lhs: true } : {}),
      ...(logical.right.braces ? { explicit_rhs: true } : {}),
    };
  switch (form.kind) {
    case "term":
      return form.term.kind === "call" ? callValues(form.term) : termValue(form.term);
    case "some":
      return { symbols: form.names.map(({ name }) => variable(name)) };
    case "some-in": {
      const { key, value, collection } = form;
      const args = key === undefined ? [value, collection] : [key, value, collection];
      const operator = reference(["internal", key === undefined ? "member_2" : "member_3"]);
      return { symbols: [{ type: "call", value: [operator, ...args.map(termValue)] }] };
    }
    case "every": {
      const { key, value, domain, body } = form;
      return {
        key: key === undefined ? null : termValue(key),
        value: termValue(value),
        domain: termValue(domain),
        body: bodyValue(body),
      };
    }
  }
}

function withValue({ target, value }: With): PlainObject {
  return { target: termValue(target), value: termValue(value) };
}

function callValues({ operator, args }: Extract<Term, { kind: "call" }>): readonly Value[] {
  const name = operator.kind === "var" ? reference(operator.name.split(".")) : termValue(operator);
  return [name, ...args.map(termValue)];
}

function reference([head, ...path]: readonly string[]): PlainObject {
  return { type: "ref", value: [variable(head as string), ...path.map(text)] };
}

function variable(name: string): PlainObject {
  return { type: "var", value: name };
}

function text(value: string): PlainObject {
  return { type: "string", value };
}

function termValue(term: Term): PlainObject {
  switch (term.kind) {
    case "null":
      return { type: "null", value: {} };
    case "boolean":
    case "number":
    case "string":
      return { type: term.kind, value: term.value };
    case "var":
      return term.name === "data" || term.name === "input" ? reference([term.name]) : variable(term.name);
    case "ref": {
      const head = term.head.kind === "var" ? variable(term.head.name) : termValue(term.head);
      return { type: "ref", value: [head, ...term.path.map(termValue)] };
    }
    case "call":
      return { type: "call", value: callValues(term) };
    case "array":
      return { type: "array", value: term.items.map(termValue) };
    case "set":
      return { type: "set", value: sortedItems(term.items).map(termValue) };
    case "object":
      return {
        type: "object",
        value: sortedMembers(term.members).map(([key, value]) => [termValue(key), termValue(value)]),
      };
    case "comprehension": {
      const key = term.key === undefined ? {} : { key: termValue(term.key) };
      const value = { [term.of === "object" ? "value" : "term"]: termValue(term.value) };
      return { type: `${term.of}comprehension`, value: { ...key, ...value, body: bodyValue(term.body) } };
    }
    case "template":
      return {
        type: "templatestring",
        value: {
          parts: term.parts.length === 0 ? null : term.parts.map(partValue),
          multi_line: term.raw === true,
        },
      };
  }
}

/** A constant of a template stands for itself. */
function partValue(part: string | Expr): PlainObject {
  if (typeof part === "string") return text(part);
  const constant = constantOf(part);
  return constant === undefined ? exprValue(part, 0) : termValue(constant);
}

/** The constant that an expression of a template is, if it is one. */
export function constantOf({ form, with: replaced }: Expr): Term | undefined {
  if (form.kind !== "term" || replaced.length > 0) return undefined;
  return CONSTANTS.has(form.term.kind) ? form.term : undefined;
}

const CONSTANTS: ReadonlySet<string> = new Set(["string", "number", "boolean", "null"]);

/** In OPA's order of keys. */
export function sortedMembers(
  members: readonly (readonly [Term, Term])[],
): readonly (readonly [Term, Term])[] {
  return members.toSorted(([a], [b]) => compareTerms(a, b));
}

/** In OPA's order, each once. */
export function sortedItems(items: readonly Term[]): readonly Term[] {
  const sorted = items.toSorted(compareTerms);
  return sorted.filter((item, index) => index === 0 || compareTerms(sorted[index - 1] as Term, item) !== 0);
}
