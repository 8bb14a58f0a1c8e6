import { type Diagnostic, PosternError } from "#kernel";

/** Codes of findings in source, as OPA names them. */
export type SourceErrorCode =
  | "rego_parse_error"
  | "rego_compile_error"
  | "rego_type_error"
  | "rego_unsafe_var_error"
  | "rego_recursion_error";

/** Codes of what can stop an evaluation, as OPA names them. */
export type EvaluationErrorCode =
  | "eval_conflict_error" // a complete rule, function or object with two values
  | "eval_type_error" // a built-in's operand has a wrong type (strict only)
  | "eval_builtin_error" // a built-in failed (strict only)
  | "eval_cancel_error" // the step budget, the deadline or the depth was used up
  | "eval_with_merge_error"
  | "eval_internal_error";

/** One finding in a module or query; `severity` "warning" for what is legal and unwise. */
export interface SourceFinding extends Diagnostic {
  readonly code: SourceErrorCode;
}

/** Modules or a query that cannot be compiled, with every finding of the phase that failed. */
export class SourceError extends PosternError {
  readonly findings: readonly SourceFinding[];
  constructor(findings: readonly SourceFinding[]) {
    const [first] = findings;
    super("policy.invalid", first?.message ?? "the policy has errors", { diagnostics: findings });
    this.name = "SourceError";
    this.findings = findings;
  }
}

/** An evaluation that has no answer. It carries no stack: a policy may cause one for every request. */
export class EvaluationError {
  readonly name = "EvaluationError";
  readonly code: EvaluationErrorCode;
  readonly message: string;
  /** `file:line:column` of the rule or call, where known. */
  readonly where: string | undefined;
  constructor(code: EvaluationErrorCode, message: string, where?: string) {
    this.code = code;
    this.message = message;
    this.where = where;
  }
}

/**
 * What a built-in throws when it has no answer: in strict mode the evaluation fails with this code, else the expression is
 * undefined. `halt` fails the evaluation in both.
 */
export class BuiltinError {
  readonly code: "eval_type_error" | "eval_builtin_error";
  readonly message: string;
  readonly halt: boolean;
  constructor(code: "eval_type_error" | "eval_builtin_error", message: string, halt = false) {
    this.code = code;
    this.message = message;
    this.halt = halt;
  }
}

/** What a built-in throws that asks for something of the outside world that this evaluation was not given. */
export class RefusedError extends BuiltinError {
  /** The host that was to be asked, or chance. */
  readonly wanted: { readonly host: string } | "chance";
  constructor(message: string, wanted: RefusedError["wanted"]) {
    super("eval_builtin_error", message);
    this.wanted = wanted;
  }
}
