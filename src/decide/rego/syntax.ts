/**
 * The syntax tree of Rego, as written (OPA policy reference, "Grammar"): what the parser makes, the resolver rewrites and
 * `fmt` prints. Nodes are never changed.
 *
 * Operators are calls of the built-in that they stand for (`a + b` is `plus(a, b)`, `a := b` is `assign(a, b)`, `a = b` is
 * `eq(a, b)`, `a == b` is `equal(a, b)`, `x in xs` is `internal.member_2(x, xs)`, `k, v in xs` is
 * `internal.member_3(k, v, xs)`) and keep the sign in `infix`. Each wildcard `_` is a variable of its own: `$0`, `$1`, …
 */
import type { Span } from "./source.ts";
import type { RegoNumber } from "./values/index.ts";

export type Dialect = "v1" | "v0" | "guide";

export interface Module {
  readonly at: Span;
  readonly dialect: Dialect;
  /** Of a v0 module that imports `rego.v1` or future keywords: which are on. Of v1 all. */
  readonly keywords: ReadonlySet<string>;
  readonly package: Package;
  readonly imports: readonly Import[];
  readonly rules: readonly Rule[];
  readonly comments: readonly Comment[];
  readonly annotations: readonly Annotations[];
}

export interface Package {
  readonly at: Span;
  /** After `data`: `package a.b["c d"]` is `["a", "b", "c d"]`. */
  readonly path: readonly string[];
}

export interface Import {
  readonly at: Span;
  /** `data.a.b`, `input.a`, `rego.v1`, `future.keywords.in`. */
  readonly path: RefTerm;
  readonly alias?: string;
}

export interface Comment {
  readonly at: Span;
  /** Without its `#`. */
  readonly text: string;
}

/** A `# METADATA` block (OPA "Annotations"). `values` is its YAML as data, of the known members only, in OPA's form of them. */
export interface Annotations {
  readonly at: Span;
  readonly scope: "rule" | "document" | "package" | "subpackages";
  readonly values: { readonly [name: string]: unknown };
  /** The rule or package that it stands above. */
  readonly target: Rule | Package;
}

export interface Rule {
  readonly at: Span;
  readonly default: boolean;
  readonly head: Head;
  /** Empty when written without one, which always holds. */
  readonly body: Body;
  /** `else` branches, in order; each has a head with the same name and arguments. */
  readonly else: readonly ElseBranch[];
  /** False when the body is left out: `p := 1`. */
  readonly bodied: boolean;
  /** Rules of v0 with several bodies (`p { … } { … }`) are several rules; the second and later say so, for `fmt`. */
  readonly chained: boolean;
}

export interface ElseBranch {
  readonly at: Span;
  readonly value?: Term;
  readonly assign: boolean;
  readonly body: Body;
  readonly bodied: boolean;
  /** Written with `if`. */
  readonly if: boolean;
}

/**
 * `form` says what the rule defines: `value` a complete rule, a function (with `args`) or one member of a partial object
 * (its last path term then the key: `p[x] := y`, `p.a.b := 1`); `contains` a member of a partial set, `key` being it.
 * v0's `p[x] { … }` is `contains` with key `x`, and v0's `p[x] = y { … }` is `value` with `x` as the last path term.
 */
export interface Head {
  readonly at: Span;
  readonly form: "value" | "contains";
  /** The rule's name first, as a `var` or as the string after it: `p.q[x]` is `[var p, string q, var x]`. */
  readonly path: readonly Term[];
  readonly args?: readonly Term[];
  readonly key?: Term;
  /** Left out: `true`. */
  readonly value?: Term;
  /** Written with `:=`, not `=`. */
  readonly assign: boolean;
  /** Written with `if`; `fmt` needs it. */
  readonly if: boolean;
}

export type Body = readonly Expr[];

export interface Expr {
  readonly at: Span;
  readonly negated: boolean;
  readonly form: ExprForm;
  readonly with: readonly With[];
  /**
   * What was written behind `not` where `future.keywords.not` is on: a closure of its own, so that nothing in it is evaluated before
   * it. The expression is `[true | …] == []` then.
   */
  readonly not?: Body | Expr;
  /** What was written with `and` or `or` of `import rego.v2`; `form` says the same without. */
  readonly logical?: Logical;
}

export interface Logical {
  readonly kind: "and" | "or";
  readonly left: Operand;
  readonly right: Operand;
}

/** What `and` and `or` are between: an expression, or a body in braces. */
export interface Operand {
  readonly body: Body;
  readonly braces: boolean;
}

export type ExprForm =
  | { readonly kind: "term"; readonly term: Term }
  | { readonly kind: "some"; readonly names: readonly VarTerm[] }
  | { readonly kind: "some-in"; readonly key?: Term; readonly value: Term; readonly collection: Term }
  | {
      readonly kind: "every";
      readonly key?: Term;
      readonly value: Term;
      readonly domain: Term;
      readonly body: Body;
    };

export interface With {
  readonly at: Span;
  readonly target: Term;
  readonly value: Term;
  /** Where the value is undefined, the expression is evaluated without what is to be replaced. */
  readonly lenient?: boolean;
}

interface Node {
  readonly at: Span;
}
export type Term =
  | NullTerm
  | BooleanTerm
  | NumberTerm
  | StringTerm
  | VarTerm
  | RefTerm
  | CallTerm
  | ArrayTerm
  | SetTerm
  | ObjectTerm
  | ComprehensionTerm
  | TemplateTerm;

export interface NullTerm extends Node {
  readonly kind: "null";
}
export interface BooleanTerm extends Node {
  readonly kind: "boolean";
  readonly value: boolean;
}
export interface NumberTerm extends Node {
  readonly kind: "number";
  readonly value: RegoNumber;
}
export interface StringTerm extends Node {
  readonly kind: "string";
  readonly value: string;
  /** Written with backquotes. */
  readonly raw?: boolean;
}
export interface VarTerm extends Node {
  readonly kind: "var";
  readonly name: string;
  /** As it was written, where resolving gave it another name. */
  readonly label?: string;
}
/** A reference of at least one step; `x` alone is a `var`. A step written `.name` is a string whose span holds no quote. */
export interface RefTerm extends Node {
  readonly kind: "ref";
  readonly head: Term;
  readonly path: readonly Term[];
  /** Written `f()`, where `f` is a rule and no function. */
  readonly called?: boolean;
}
export interface CallTerm extends Node {
  readonly kind: "call";
  /** A `var` or a `ref` of strings: `count`, `io.jwt.decode`, `data.lib.f`. */
  readonly operator: VarTerm | RefTerm;
  readonly args: readonly Term[];
  /** The sign, when written between its operands; a `(…)` around them is in `at` and `grouped`. */
  readonly infix?: string;
  readonly grouped?: boolean;
}
export interface ArrayTerm extends Node {
  readonly kind: "array";
  readonly items: readonly Term[];
}
export interface SetTerm extends Node {
  readonly kind: "set";
  readonly items: readonly Term[];
}
export interface ObjectTerm extends Node {
  readonly kind: "object";
  readonly members: readonly (readonly [Term, Term])[];
}
export interface ComprehensionTerm extends Node {
  readonly kind: "comprehension";
  readonly of: "array" | "set" | "object";
  /** Of an object comprehension. */
  readonly key?: Term;
  readonly value: Term;
  readonly body: Body;
}
/** `$"a {x} b"`: texts and expressions in order. An expression is a term, possibly with `with`. */
export interface TemplateTerm extends Node {
  readonly kind: "template";
  readonly parts: readonly (string | Expr)[];
  readonly raw?: boolean;
}
