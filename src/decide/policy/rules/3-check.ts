import { nearest } from "#kernel";
import type { FactDefinition, FactType } from "../facts/definition.ts";
import { FACT_NAMES, findFact } from "../facts/table.ts";
import type { FindingCode, Findings } from "../findings.ts";
import type { SourceText } from "../source-text.ts";
import { compilePattern } from "./pattern.ts";
import type { CheckedRule, Comparand, Condition, Requirement, Test, Value } from "./requirement.ts";
import type {
  ConditionSyntax,
  Expression,
  FactSyntax,
  Operand,
  Operator,
  RuleSyntax,
  Span,
} from "./syntax.ts";
import { literalValue, TYPE_WORDS } from "./values.ts";

/** Which operators each type has. */
const OPERATORS: { readonly [type in FactType]: readonly Operator[] } = {
  text: ["==", "!=", "IN", "CONTAINS", "STARTS WITH", "ENDS WITH", "MATCHES", "IS KNOWN"],
  texts: ["CONTAINS", "IS KNOWN"],
  boolean: ["holds", "==", "!=", "IS KNOWN"],
  number: ["==", "!=", "<", "<=", ">", ">=", "IN", "BETWEEN", "IS KNOWN"],
  nanoseconds: ["==", "!=", "<", "<=", ">", ">=", "IN", "BETWEEN", "IS KNOWN"],
  classification: ["==", "!=", "<", "<=", ">", ">=", "IN", "BETWEEN", "IS KNOWN"],
  date: ["==", "!=", "<", "<=", ">", ">=", "IN", "BETWEEN", "IS KNOWN"],
};

/** Names to types: every fact exists, every comparison is between like and like, and negation is pushed down. */
export function checkRule(
  rule: RuleSyntax,
  source: SourceText,
  timeZone: string | undefined,
  findings: Findings,
): CheckedRule | undefined {
  const before = findings.errorCount;
  const requirement = requirementOf(rule.expression, rule.effect === "deny");
  if (findings.errorCount > before || requirement === undefined) return undefined;
  return {
    effect: rule.effect,
    source: `${source.path}:${source.lineAt(rule.start)}`,
    text: source.text.slice(rule.start, rule.end),
    requirement,
    ...(rule.name === undefined ? {} : { name: rule.name }),
    ...(rule.reason === undefined ? {} : { reason: rule.reason }),
  };

  function fail(code: FindingCode, span: Span, message: string, hint?: string): undefined {
    findings.error(code, source.place(span.start, span.end), message, hint);
    return undefined;
  }

  function requirementOf(expression: Expression, flipped: boolean): Requirement | undefined {
    switch (expression.kind) {
      case "not":
        return requirementOf(expression.of, !flipped);
      case "constant":
        findings.warning(
          "rule.always",
          source.place(expression.start, expression.end),
          `"${expression.value}" asks nothing`,
        );
        return { kind: "constant", value: expression.value !== flipped };
      case "condition":
        return conditionOf(expression, flipped);
      case "all":
      case "any": {
        const of: Requirement[] = [];
        for (const part of expression.of) {
          const checked = requirementOf(part, flipped);
          if (checked !== undefined) of.push(checked);
        }
        return { kind: flipped === (expression.kind === "all") ? "any" : "all", of };
      }
    }
  }

  function conditionOf(syntax: ConditionSyntax, flipped: boolean): Condition | undefined {
    const fact = factOf(syntax.fact);
    if (fact === undefined) return undefined;
    if (!OPERATORS[fact.type].includes(syntax.operator)) return wrongOperator(fact, syntax);
    const test = testOf(fact, syntax);
    if (test === undefined) return undefined;
    const inverse = syntax.operator === "!=" || syntax.operator === ">" || syntax.operator === ">=";
    const condition: Condition = {
      kind: "condition",
      fact,
      test,
      negated: (syntax.negated !== inverse) !== flipped,
      flipped,
      text: source.text.slice(syntax.start, syntax.end).replace(/\s+/g, " "),
      source: `${source.path}:${source.lineAt(syntax.start)}`,
    };
    warn(condition, syntax);
    return condition;
  }

  function factOf(syntax: FactSyntax): FactDefinition | undefined {
    const fact = findFact(syntax.name);
    if (fact === undefined) {
      const meant =
        nearest(syntax.name, FACT_NAMES) ?? FACT_NAMES.find((name) => name.endsWith(`.${syntax.name}`));
      return fail(
        "rule.unknown_fact",
        syntax,
        `there is no fact ${JSON.stringify(syntax.name)}`,
        meant === undefined ? undefined : `did you mean ${meant}?`,
      );
    }
    if (fact.derived === true && timeZone === undefined) {
      return fail(
        "rule.no_time_zone",
        syntax,
        `${fact.name} needs to know the time zone, and this policy set states none`,
        "add a manifest of kind PolicySet with spec.timeZone, such as Europe/Berlin",
      );
    }
    return fact;
  }

  function wrongOperator(fact: FactDefinition, syntax: ConditionSyntax): undefined {
    const { name } = fact;
    if (syntax.operator === "holds") {
      return fail(
        "rule.wrong_operator",
        syntax,
        `${name} is ${TYPE_WORDS[fact.type]}: it does not hold or fail by itself`,
        `compare it: ${name} ${fact.type === "texts" ? "CONTAINS" : "=="} …`,
      );
    }
    const hint =
      fact.type === "texts"
        ? `write ${name} CONTAINS "…"`
        : fact.type === "boolean"
          ? `write ${name} or NOT ${name}`
          : `it can be asked with ${OPERATORS[fact.type].join(", ")}`;
    return fail(
      "rule.wrong_operator",
      syntax.operatorSpan,
      `${syntax.operator} cannot ask about ${name}, which is ${TYPE_WORDS[fact.type]}`,
      hint,
    );
  }

  function testOf(fact: FactDefinition, syntax: ConditionSyntax): Test | undefined {
    const [first, second] = syntax.operands;
    if (syntax.operator === "IS KNOWN") return { op: "known" };
    if (syntax.operator === "holds") return { op: "equals", to: { kind: "value", value: true } };
    if (first === undefined) throw new Error(`${syntax.operator} without an operand`);
    switch (syntax.operator) {
      case "IN": {
        const values = syntax.operands.map((operand) =>
          literalOf(fact, operand, "a list holds values, not facts"),
        );
        return values.every((value) => value !== undefined) ? { op: "in", values } : undefined;
      }
      case "MATCHES": {
        if (first.kind !== "text")
          return fail("rule.wrong_type", first, "MATCHES asks for a pattern in quotes");
        const pattern = compilePattern(first.value);
        return "message" in pattern
          ? fail("rule.bad_pattern", first, pattern.message, pattern.hint)
          : { op: "matches", ...pattern };
      }
      case "BETWEEN":
        return betweenOf(fact, syntax, first, second ?? first);
      case "CONTAINS":
      case "STARTS WITH":
      case "ENDS WITH": {
        const to = comparandOf(fact, first);
        if (to === undefined) return undefined;
        if (to.kind === "value" && to.value === "")
          return fail("rule.bad_value", first, "every text contains the empty text");
        return {
          op:
            syntax.operator === "CONTAINS"
              ? "contains"
              : syntax.operator === "STARTS WITH"
                ? "startsWith"
                : "endsWith",
          to,
        };
      }
      case "==":
      case "!=": {
        const to = comparandOf(fact, first);
        return to === undefined ? undefined : { op: "equals", to };
      }
      case "<":
      case "<=":
      case ">":
      case ">=": {
        const to = comparandOf(fact, first);
        // a > b is NOT a <= b, and a >= b is NOT a < b, unknown staying unknown
        return to === undefined
          ? undefined
          : { op: syntax.operator === "<" || syntax.operator === ">=" ? "below" : "atMost", to };
      }
    }
  }

  function betweenOf(
    fact: FactDefinition,
    syntax: ConditionSyntax,
    first: Operand,
    second: Operand,
  ): Test | undefined {
    const from = comparandOf(fact, first);
    const to = comparandOf(fact, second);
    if (from === undefined || to === undefined) return undefined;
    if (from.kind === "fact" || to.kind === "fact" || rank(from.value) <= rank(to.value))
      return { op: "between", from, to, wraps: false };
    if (fact.name === "time.hour") return { op: "between", from, to, wraps: true };
    return fail(
      "rule.bad_value",
      { start: syntax.operatorSpan.start, end: syntax.end },
      "nothing is between these: the first is above the second",
      `write BETWEEN ${source.text.slice(second.start, second.end)} AND ${source.text.slice(first.start, first.end)}`,
    );

    function rank(value: Value): Value {
      return fact.type === "classification" ? (fact.values?.indexOf(String(value)) ?? -1) : value;
    }
  }

  function comparandOf(fact: FactDefinition, operand: Operand): Comparand | undefined {
    if (operand.kind !== "fact") {
      const value = literalOf(fact, operand, "");
      return value === undefined ? undefined : { kind: "value", value };
    }
    if (!operand.name.includes(".") && findFact(operand.name) === undefined)
      return fail(
        "rule.unknown_fact",
        operand,
        `there is no fact "${operand.name}"`,
        `for a text, in quotes: "${operand.name}"`,
      );
    const other = factOf(operand);
    if (other === undefined) return undefined;
    const wanted = fact.type === "texts" ? "text" : fact.type;
    if (other.type === wanted) return { kind: "fact", fact: other };
    return fail(
      "rule.wrong_type",
      operand,
      `${fact.name} is ${TYPE_WORDS[fact.type]}, and ${other.name} is ${TYPE_WORDS[other.type]}`,
    );
  }

  function literalOf(fact: FactDefinition, operand: Operand, whenFact: string): Value | undefined {
    if (operand.kind === "fact") {
      const known = findFact(operand.name) !== undefined;
      return fail(
        "rule.wrong_type",
        operand,
        known ? whenFact : `expected a value, found ${operand.name}`,
        known ? undefined : `in quotes: "${operand.name}"`,
      );
    }
    const checked = literalValue(fact, operand);
    return "code" in checked ? fail(checked.code, operand, checked.message, checked.hint) : checked.value;
  }

  /** Warns of what loosens when a fact is missing or a new value appears. */
  function warn({ fact, test, negated }: Condition, syntax: ConditionSyntax): void {
    const at = source.place(syntax.start, syntax.end);
    if (test.op === "known" && negated) {
      const message =
        rule.effect === "allow"
          ? `this allows because ${fact.name} is not known`
          : `this rule does not deny when ${fact.name} is not known`;
      findings.warning("rule.allows_on_absence", at, message, "taking a fact away could open this door");
      return;
    }
    const orders = test.op === "below" || test.op === "atMost";
    if (rule.effect === "allow" && negated && !orders && fact.type !== "boolean") {
      findings.warning(
        "rule.allows_by_exclusion",
        at,
        "this allows every value but those named, also ones that come later",
        "name what may instead: IN (…)",
      );
    }
  }
}
