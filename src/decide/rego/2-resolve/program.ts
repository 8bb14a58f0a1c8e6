/**
 * What resolving gives to the checker and the emitter: the same tree as the parser's, in which every name has its meaning.
 *
 * - A variable is local to one rule and has a name of its own there, so that no two scopes share one: `x` of two nested
 *   comprehensions is `x$1` and `x$2`. `label` keeps what was written. Wildcards are variables too.
 * - A reference is absolute: its head is the variable `data` or `input`, a local variable, or a term that is no variable
 *   (a call, a composite).
 * - The operator of a call is a `var` holding a built-in's full name (`io.jwt.decode`), or a `ref` to a function under `data`.
 * - `:=` has become `eq` with a variable of its own, `some x` is gone, `print(a, b)` is `internal.print([{t | t = a}, …])`, a
 *   template is `internal.template_string([…])` in the same way, `rego.metadata.*()` is the data that it stands for.
 * - Of a negated expression, the calls within its operands stand in expressions of their own before it, and so do their
 *   references, those that `=` or `==` compares aside. The same holds for an expression that uses what it binds, such as
 *   `[i, input.xs[i]]`.
 * - What is negated is a term. `some … in` and `every` stay as they are written.
 * - The target of a `with` that replaces a built-in is a `var` with its full name, and so is a built-in as the value.
 * - Names that begin with `$` were not written by anybody: `$0` is a wildcard, `$$1` was made here.
 * - Expressions stand in an order in which each finds its inputs bound.
 */
import type { Span } from "../source.ts";
import type { Annotations, Body, Module, Term } from "../syntax.ts";

export interface Program {
  readonly modules: readonly Module[];
  /** The rules under `data`. */
  readonly tree: RuleTree;
}

/** A node of `data` that rules define or that leads to some that do. */
export interface RuleTree {
  readonly children: ReadonlyMap<string, RuleTree>;
  readonly group?: RuleGroup;
}

/**
 * The rules of one ground path. `value`: complete rules. `function`: with arguments. `set`: `p contains x`. `object`: some
 * rule has a variable in its path after this one (`p[x] := y`, `p[x].q contains y`); the tree below may define further
 * members of the same object (`p.a := 1`).
 */
export interface RuleGroup {
  /** After `data`: `["authz", "allow"]`. */
  readonly path: readonly string[];
  readonly kind: "value" | "function" | "set" | "object";
  /** Of a function, how many arguments. */
  readonly arity: number;
  /** In the order of the modules' names and their text, the default aside. */
  readonly rules: readonly ResolvedRule[];
  readonly default?: ResolvedRule;
}

export interface ResolvedRule {
  readonly at: Span;
  readonly module: Module;
  /** The head's span, for messages. */
  readonly head: Span;
  readonly args: readonly Term[];
  /** The path after the group's, from its first variable on; empty but in an `object` group. */
  readonly keys: readonly Term[];
  /** The member of a `contains`. */
  readonly member?: Term;
  /** Absent for `contains`; `true` where it was left out. */
  readonly value?: Term;
  readonly body: Body;
  /** In order; the first branch whose body holds gives the value. */
  readonly else: readonly { readonly at: Span; readonly value: Term; readonly body: Body }[];
  readonly annotations: readonly Annotations[];
}

export interface ResolvedQuery {
  readonly body: Body;
  /** The variables to answer with, wildcards and generated ones aside: `label` as written, `name` as in the body. */
  readonly variables: readonly { readonly label: string; readonly name: string }[];
}
