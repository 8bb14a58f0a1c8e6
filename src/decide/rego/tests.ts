/** Tests that are written in Rego: rules whose name begins with `test_` (OPA documentation, "Policy testing"). */
import { addDirect } from "./2-resolve/closures.ts";
import type { Span } from "./source.ts";
import type { Expr, Module, Rule, Term } from "./syntax.ts";

/** One test: a rule that holds when it passes. */
export interface RegoTest {
  /** Where its rule begins. */
  readonly at: Span;
  /** `data.authz_test`. */
  readonly package: string;
  readonly name: string;
  /** The document to ask for: `data.authz_test.test_admin`. */
  readonly path: string;
  /** Named `todo_test_…`: it is not to be run yet. */
  readonly todo: boolean;
  /** Its value is an object of cases, each true where it passes: `test_roles[name] if …`. */
  readonly cases: boolean;
}

/**
 * Gives each test rule a name of its own: what a second rule of one name says is a test too, `test_x#01`. A test with cases
 * tells of each as soon as its name is bound. Comes before resolving, so that `test_x` means the first of them to all others.
 */
export function separateTests(modules: readonly Module[]): readonly Module[] {
  const times = new Map<string, number>();
  return modules.map((module) => {
    const separated = new Map<Rule, Rule>();
    for (const rule of module.rules) {
      const index = nameIndex(rule);
      if (index === undefined || isTodo(nameOf(rule.head.path[index]))) continue;
      const telling = hasCases(rule, index) ? tellCases(rule, index) : rule;
      const path = [...module.package.path, ...rule.head.path.slice(0, index + 1).map(nameOf)];
      const key = JSON.stringify(path);
      const before = times.get(key) ?? 0;
      times.set(key, before + 1);
      separated.set(
        rule,
        before === 0 ? telling : rename(telling, index, `#${String(before).padStart(2, "0")}`),
      );
    }
    if (separated.size === 0) return module;
    return {
      ...module,
      rules: module.rules.map((rule) => separated.get(rule) ?? rule),
      annotations: module.annotations.map((each) =>
        "head" in each.target ? { ...each, target: separated.get(each.target) ?? each.target } : each,
      ),
    };
  });
}

/** The tests of modules, in the order of their text. */
export function testsOf(modules: readonly Module[]): readonly RegoTest[] {
  return modules.flatMap((module) =>
    module.rules.flatMap((rule) => {
      const index = nameIndex(rule);
      if (index === undefined) return [];
      const { path } = rule.head;
      const name = nameOf(path[index]) ?? "";
      const folder = [
        "data",
        ...module.package.path,
        ...path.slice(0, index).map((term) => nameOf(term) ?? ""),
      ];
      return [
        {
          at: rule.at,
          package: reference(folder),
          name,
          path: reference([...folder, name]),
          todo: isTodo(name),
          cases: hasCases(rule, index),
        },
      ];
    }),
  );
}

/** Which step of a rule's path makes it a test. */
function nameIndex({ head }: Rule): number | undefined {
  const index = head.path.findIndex((term) => {
    const name = nameOf(term);
    return name !== undefined && (name.startsWith("test_") || isTodo(name));
  });
  // A variable names a rule at the head of the path only; further on it is a variable.
  return index < 0 || (index > 0 && head.path[index]?.kind !== "string") ? undefined : index;
}

function isTodo(name: string | undefined): boolean {
  return name?.startsWith("todo_test_") === true;
}

function nameOf(term: Term | undefined): string | undefined {
  if (term?.kind === "var") return term.name;
  return term?.kind === "string" ? term.value : undefined;
}

function rename(rule: Rule, index: number, suffix: string): Rule {
  const path = rule.head.path.map((term, i): Term => {
    if (i !== index) return term;
    if (term.kind === "var") return { ...term, name: term.name + suffix };
    return term.kind === "string" ? { ...term, value: term.value + suffix } : term;
  });
  return { ...rule, head: { ...rule.head, path } };
}

function hasCases({ head }: Rule, index: number): boolean {
  return head.form === "value" && head.path.slice(index + 1).some((term) => !isConstant(term));
}

/** The call stands after whatever declares its variables; where others bind them, it is moved as any expression is. */
function tellCases(rule: Rule, index: number): Rule {
  if (rule.body.length === 0) return rule;
  const items = rule.head.path.slice(index + 1);
  const used = new Set(items.flatMap(variablesIn));
  const { source, end } = rule.head.at;
  const at = { source, start: end, end };
  const call: Term = {
    kind: "call",
    at,
    operator: { kind: "var", at, name: "internal.test_case" },
    args: [{ kind: "array", at, items }],
  };
  const last = rule.body.findLastIndex((expr) => declaredBy(expr).some((name) => used.has(name)));
  const telling: Expr = { at, negated: false, form: { kind: "term", term: call }, with: [] };
  return { ...rule, body: rule.body.toSpliced(last + 1, 0, telling) };
}

function declaredBy({ form }: Expr): readonly string[] {
  switch (form.kind) {
    case "some":
      return form.names.map(({ name }) => name);
    case "some-in":
      return [...(form.key === undefined ? [] : variablesIn(form.key)), ...variablesIn(form.value)];
    case "every":
      return [];
    case "term": {
      const { term } = form;
      const [left] = term.kind === "call" && term.infix === ":=" ? term.args : [];
      return left === undefined ? [] : variablesIn(left);
    }
  }
}

function variablesIn(term: Term): readonly string[] {
  const names = new Set<string>();
  addDirect(term, names);
  return [...names];
}

function isConstant({ kind }: Term): boolean {
  return kind === "string" || kind === "number" || kind === "boolean" || kind === "null";
}

function reference(path: readonly string[]): string {
  const [first = "", ...rest] = path;
  return (
    first +
    rest.map((step) => (/^[A-Za-z_]\w*$/.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`)).join("")
  );
}
