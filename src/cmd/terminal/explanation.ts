import type { Explanation, RuleTrace, TraceStep } from "#policy";
import { columns } from "./columns.ts";
import { outcome, type Paint } from "./paint.ts";

const MARKS: Readonly<Record<TraceStep["result"], (colours: Paint) => string>> = {
  true: (colours) => colours.good("✓"),
  false: (colours) => colours.bad("✕"),
  undefined: (colours) => colours.quiet("?"),
  error: (colours) => colours.bad("!"),
};

/** Why a decision is as it is: the outcome, the reasons, then every rule with each condition, what it read and how it came out. */
export function describeExplanation({ decision, trace }: Explanation, colours: Paint): string {
  const parts = [`${outcome(decision.effect, colours)}\n`];
  if (decision.reasons.length > 0) {
    const rows = decision.reasons.map(({ message, source }) => [message, colours.quiet(source)]);
    parts.push(`${colours.strong("Reasons")}\n${columns(rows, "  ")}`);
  }
  if (decision.failed !== undefined && decision.failed.length > 0) {
    const rows = decision.failed.map(({ plain, actual, source }) => [
      colours.bad("✕"),
      plain,
      `is ${actual}`,
      colours.quiet(source),
    ]);
    parts.push(
      `${colours.strong("What did not hold in the rule that came nearest")}\n${columns(rows, "  ")}`,
    );
  }
  if (trace.length > 0)
    parts.push(colours.strong("Rules"), "\n", ...trace.map((rule) => describeRule(rule, colours)));
  parts.push(`${colours.quiet("✓ holds  ✕ does not  ? a fact is not known")}\n`);
  return parts.join("");
}

function describeRule(rule: RuleTrace, colours: Paint): string {
  const name = rule.rule === rule.source ? "" : ` ${rule.rule}`;
  const head = `  ${colours.strong(rule.source)}${name}: ${rule.effect}, ${rule.fired ? "fired" : "did not fire"}\n`;
  const text = rule.text.split("\n").map((line) => `    ${colours.quiet(line.trimEnd())}\n`);
  const steps = rule.steps.map((step) => [
    MARKS[step.result](colours),
    step.text.replace(/\s+/g, " "),
    step.facts.map(({ fact, value }) => `${fact} = ${value}`).join(", "),
  ]);
  return head + text.join("") + columns(steps, "    ");
}
