/**
 * A module as the data that Regal's linter rules read: RoAST (Regal documentation, "Roast (Regal's Optimized AST)"). It is OPA's
 * tree with a `location` in every node that stands in the text, without indices, names of heads, bodies that nobody wrote and
 * members that are false. Where the documentation says nothing, nodes are as OPA has them.
 */
import type { Source, Span } from "../source.ts";
import type {
  Annotations,
  Body,
  CallTerm,
  Expr,
  Head,
  Import,
  Module,
  Package,
  Rule,
  Term,
  With,
} from "../syntax.ts";
import type { PlainObject, Value } from "../values/index.ts";
import { constantOf, keyOf, sortedItems, sortedMembers } from "./ast-json.ts";

/** The tree of a module. */
export function roastValue(module: Module): PlainObject {
  const { imports, rules, comments } = module;
  return {
    package: packageValue(module),
    ...(imports.length === 0 ? {} : { imports: imports.map(importValue) }),
    ...(rules.length === 0 ? {} : { rules: rules.map((rule) => ruleValue(rule, module)) }),
    ...(comments.length === 0 ? {} : { comments: comments.map(({ at }) => location(at)) }),
  };
}

/** `row:column:row:column`, where it begins and where the next character stands. */
function location({ source, start, end }: Span): string {
  const from = source.position(start);
  const to = source.position(end);
  return `${from.line}:${from.column}:${to.line}:${to.column}`;
}

function node(type: string, value: Value, at: Span): PlainObject {
  return { type, value, location: location(at) };
}

function packageValue(module: Module): PlainObject {
  const { at, path } = module.package;
  const places = namesIn(at.source, at.start + "package".length, at.end);
  const names = path.map((name, index) => {
    const place = places[index];
    return place === undefined ? { type: "string", value: name } : node("string", name, place);
  });
  return {
    location: location(word(at, "package")),
    path: [{ type: "var", value: "data" }, ...names],
    ...annotationsOf(module, module.package),
  };
}

/** Where names stand that dots and brackets are between. */
function namesIn(source: Source, start: number, end: number): readonly Span[] {
  const text = source.text.slice(start, end);
  return [...text.matchAll(/[A-Za-z_]\w*|"(?:[^"\\]|\\.)*"/g)].map(({ 0: name, index }) => ({
    source,
    start: start + index,
    end: start + index + name.length,
  }));
}

/** The word that a statement begins with. */
function word({ source, start, end }: Span, text: string): Span {
  return { source, start, end: Math.min(end, start + text.length) };
}

function annotationsOf({ annotations }: Module, target: Rule | Package): PlainObject {
  const own = annotations.filter((each) => each.target === target);
  return own.length === 0 ? {} : { annotations: own.map(annotationValue) };
}

function annotationValue({ at, scope, values }: Annotations): PlainObject {
  return { ...(values as PlainObject), scope, location: location(at) };
}

function importValue({ at, path, alias }: Import): PlainObject {
  return {
    location: location(word(at, "import")),
    path: termValue(path),
    ...(alias === undefined ? {} : { alias }),
  };
}

function ruleValue(rule: Rule, module: Module): PlainObject {
  const { head } = rule;
  const shared = headParts(head);
  let next: PlainObject | undefined;
  for (const branch of rule.else.toReversed()) {
    const isAssigned = branch.value === undefined ? head.assign : branch.assign;
    const end = branch.value?.at.end ?? branch.at.start + "else".length;
    next = {
      location: location(branch.at),
      head: {
        ...shared,
        value: resultValue(branch),
        ...(isAssigned ? { assign: true } : {}),
        location: location({ ...branch.at, end }),
      },
      ...bodyOf(branch.body),
      ...(next === undefined ? {} : { else: next }),
    };
  }
  const key = keyOf(head, rule.default);
  return {
    location: location(rule.default ? word(rule.at, "default") : rule.at),
    head: {
      ...shared,
      ...(key === undefined ? {} : { key: termValue(key) }),
      ...(head.form === "contains" ? {} : { value: resultValue(head) }),
      ...(head.assign ? { assign: true } : {}),
      location: location(head.at),
    },
    ...bodyOf(rule.body),
    ...(rule.default ? { default: true } : {}),
    ...(next === undefined ? {} : { else: next }),
    ...annotationsOf(module, rule),
  };
}

function headParts({ path, args }: Head): PlainObject {
  return {
    ref: path.map(termValue),
    ...(args === undefined ? {} : { args: args.map(termValue) }),
  };
}

/** `true` that nobody wrote stands nowhere. */
function resultValue({ value }: { readonly value?: Term }): PlainObject {
  return value === undefined ? { type: "boolean", value: true } : termValue(value);
}

function bodyOf(body: Body): PlainObject {
  return body.length === 0 ? {} : { body: body.map(exprValue) };
}

function exprValue(expr: Expr): PlainObject {
  return {
    location: location(expr.at),
    ...(expr.negated ? { negated: true } : {}),
    terms: formValue(expr),
    ...(expr.with.length === 0 ? {} : { with: expr.with.map(withValue) }),
  };
}

function formValue({ at, form, not, logical }: Expr): Value {
  if (not !== undefined) {
    const isBody = !("form" in not);
    return {
      type: "not",
      location: location(at),
      ...(isBody ? { explicit_body: true } : {}),
      body: (isBody ? not : [not]).map(exprValue),
    };
  }
  if (logical !== undefined)
    return {
      type: logical.kind,
      location: location(at),
      lhs: logical.left.body.map(exprValue),
      rhs: logical.right.body.map(exprValue),
      ...(logical.left.braces ? { explicit_lhs: true } : {}),
      ...(logical.right.braces ? { explicit_rhs: true } : {}),
    };
  switch (form.kind) {
    case "term":
      return form.term.kind === "call" ? callValues(form.term) : termValue(form.term);
    case "some":
      return { location: location(word(at, "some")), symbols: form.names.map(termValue) };
    case "some-in": {
      const { key, value, collection } = form;
      const args = key === undefined ? [value, collection] : [key, value, collection];
      const place = { source: at.source, start: (key ?? value).at.start, end: collection.at.end };
      const name = key === undefined ? "internal.member_2" : "internal.member_3";
      const operator = nameValue(name, signBetween(value, collection, "in"));
      const call = node("call", [operator, ...args.map(termValue)], place);
      return { location: location(word(at, "some")), symbols: [call] };
    }
    case "every": {
      const { key, value, domain, body } = form;
      return {
        location: location(word(at, "every")),
        ...(key === undefined ? {} : { key: termValue(key) }),
        value: termValue(value),
        domain: termValue(domain),
        body: body.map(exprValue),
      };
    }
  }
}

function withValue({ at, target, value }: With): PlainObject {
  return { location: location(at), target: termValue(target), value: termValue(value) };
}

function callValues(call: CallTerm): readonly Value[] {
  const { operator, args, infix } = call;
  if (operator.kind !== "var") return [termValue(operator), ...args.map(termValue)];
  const [left, right] = args.slice(-2);
  const place =
    infix !== undefined && left !== undefined && right !== undefined
      ? signBetween(left, right, infix)
      : operator.at;
  return [nameValue(operator.name, place), ...args.map(termValue)];
}

/** Where a sign stands between two operands. */
function signBetween(left: Term, right: Term, sign: string): Span {
  const { source, end } = left.at;
  const found = source.text.slice(end, right.at.start).indexOf(sign);
  return found < 0 ? left.at : { source, start: end + found, end: end + found + sign.length };
}

/** The name of a built-in as a reference: its parts where they were written, or all at its sign. */
function nameValue(name: string, at: Span): PlainObject {
  const places = namesIn(at.source, at.start, at.end);
  const parts = name.split(".").map((part, index, all) => {
    const type = index === 0 ? "var" : "string";
    return node(type, part, (places.length === all.length ? places[index] : undefined) ?? at);
  });
  return node("ref", parts, at);
}

function termValue(term: Term): PlainObject {
  const { at } = term;
  switch (term.kind) {
    case "null":
      return node("null", null, at);
    case "boolean":
    case "number":
    case "string":
      return node(term.kind, term.value, at);
    case "var": {
      const name = node("var", term.name, at);
      return term.name === "data" || term.name === "input" ? node("ref", [name], at) : name;
    }
    case "ref": {
      const { head } = term;
      const first = head.kind === "var" ? node("var", head.name, head.at) : termValue(head);
      return node("ref", [first, ...term.path.map(termValue)], at);
    }
    case "call":
      return node("call", callValues(term), at);
    case "array":
      return node("array", term.items.map(termValue), at);
    case "set":
      return node("set", sortedItems(term.items).map(termValue), at);
    case "object":
      return node(
        "object",
        sortedMembers(term.members).map((pair) => pair.map(termValue)),
        at,
      );
    case "comprehension": {
      const key = term.key === undefined ? {} : { key: termValue(term.key) };
      const value = { [term.of === "object" ? "value" : "term"]: termValue(term.value) };
      return node(`${term.of}comprehension`, { ...key, ...value, body: term.body.map(exprValue) }, at);
    }
    case "template": {
      const parts = term.parts.map((part) => partValue(part));
      return node("templatestring", { parts, ...(term.raw === true ? { multi_line: true } : {}) }, at);
    }
  }
}

/** A constant of a template stands for itself; where a text within one stands is not known. */
function partValue(part: string | Expr): PlainObject {
  if (typeof part === "string") return { type: "string", value: part };
  const constant = constantOf(part);
  return constant === undefined ? { ...exprValue(part), interpolated: true } : termValue(constant);
}
