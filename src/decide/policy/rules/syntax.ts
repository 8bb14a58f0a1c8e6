/** The syntax tree of a rule file, as written; nothing in it is checked yet. Offsets are UTF-16 units into the file. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export interface RuleSyntax extends Span {
  readonly effect: "allow" | "deny";
  readonly expression: Expression;
  /** From `# name: …` above the rule. */
  readonly name?: string;
  /** From `# reason: …` above the rule. */
  readonly reason?: string;
}

export type Expression =
  | { readonly kind: "all" | "any"; readonly of: readonly Expression[] }
  | { readonly kind: "not"; readonly of: Expression }
  | (Span & { readonly kind: "constant"; readonly value: boolean })
  | ConditionSyntax;

export type Operator =
  | "holds"
  | "=="
  | "!="
  | "<"
  | "<="
  | ">"
  | ">="
  | "IN"
  | "BETWEEN"
  | "CONTAINS"
  | "STARTS WITH"
  | "ENDS WITH"
  | "MATCHES"
  | "IS KNOWN";

export interface ConditionSyntax extends Span {
  readonly kind: "condition";
  readonly fact: FactSyntax;
  readonly operator: Operator;
  /** The operator's own place, for errors about it. */
  readonly operatorSpan: Span;
  /** `NOT IN`, `IS NOT KNOWN` and their like. */
  readonly negated: boolean;
  readonly operands: readonly Operand[];
}

export interface FactSyntax extends Span {
  readonly kind: "fact";
  readonly name: string;
}

export type Operand =
  | FactSyntax
  | (Span & { readonly kind: "text" | "number"; readonly value: string })
  | (Span & { readonly kind: "boolean"; readonly value: boolean });
