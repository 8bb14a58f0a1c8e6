import { BUILTIN_FILE } from "./builtin.ts";
import { attach, type CompiledRule } from "./compiled.ts";
import { zoneClock } from "./facts/time-zone.ts";
import { checkFiles, kindOf } from "./files.ts";
import { Findings } from "./findings.ts";
import { type Manifests, readManifests } from "./manifest/manifests.ts";
import { filledFile, versionOf } from "./parts.ts";
import { parseRules } from "./rules/2-parse.ts";
import { checkRule } from "./rules/3-check.ts";
import { emit, type Probe } from "./rules/4-emit.ts";
import type { CheckedRule, Condition } from "./rules/requirement.ts";
import { scopeRule } from "./rules/scope.ts";
import { sourceText } from "./source-text.ts";
import type { PolicyFile, PolicySet, RuleReference, SourceFile } from "./types.ts";

/**
 * Compiles a policy set, all of it or nothing. Everything that is wrong is reported, not only the first.
 * @param files manifests (`*.yaml`, `*.yml`) and rules (`*.rules`), whole or cut; the built-in rules are added
 * @param builtin the text of the built-in rules: of another version of Postern, where that made the set
 * @throws PosternError `policy.invalid` when rules are wrong, `manifest.invalid` when only manifests or files are; with diagnostics
 */
export function compileSet(files: readonly PolicyFile[], builtin: string = BUILTIN_FILE.text): PolicySet {
  const findings = new Findings();
  const good = checkFiles(files.map(filledFile), findings);
  const manifests = readManifests(
    good.filter((file) => kindOf(file.path) === "manifests"),
    findings,
  );
  const checked = [
    ...checkRules({ path: BUILTIN_FILE.path, text: builtin }, manifests, findings),
    ...good
      .filter((file) => kindOf(file.path) === "rules")
      .flatMap((file) => checkRules(file, manifests, findings).map((rule) => scopeRule(rule, findings))),
  ];
  warnOfSharedNames(checked, findings);
  findings.refuse();

  const compiled = checked.map(compileRule);
  const { timeZone, applications } = manifests;
  const set: PolicySet = Object.freeze({
    version: versionOf(files, builtin),
    files: Object.freeze(good.map(({ path, text }) => Object.freeze({ path, text }))),
    ...(timeZone === undefined ? {} : { timeZone }),
    applications,
    rules: compiled.map(({ reference, effect, text }) => ({ ...reference, effect, text })),
    warnings: findings.warnings,
  });
  attach(set, {
    ...(timeZone === undefined ? {} : { zone: zoneClock(timeZone) }),
    denies: compiled.filter((rule) => rule.effect === "deny"),
    allows: compiled.filter((rule) => rule.effect === "allow"),
  });
  return set;
}

function checkRules(
  file: SourceFile,
  { timeZone, timeZoneUnreadable }: Manifests,
  findings: Findings,
): readonly CheckedRule[] {
  const source = sourceText(file);
  // a time zone that could not be read has its own error: rules are not blamed for it
  const zone = timeZoneUnreadable ? "UTC" : timeZone;
  const rules: CheckedRule[] = [];
  for (const syntax of parseRules(source, findings)) {
    if (findings.full) break;
    const rule = checkRule(syntax, source, zone, findings);
    if (rule !== undefined) rules.push(rule);
  }
  return rules;
}

function compileRule(rule: CheckedRule): CompiledRule {
  const reference: RuleReference = Object.freeze({ rule: rule.name ?? rule.source, source: rule.source });
  const probes = new Map<Condition, Probe>();
  const message =
    rule.reason ??
    (rule.name === undefined
      ? `The rule at ${rule.source} allows this`
      : `The rule "${rule.name}" allows this`);
  return {
    effect: rule.effect,
    reference,
    text: rule.text,
    ...(rule.reason === undefined ? {} : { words: rule.reason }),
    requirement: rule.requirement,
    probe: emit(rule.requirement, probes),
    probes,
    alone: Object.freeze({
      rules: Object.freeze([reference]),
      reasons: Object.freeze([Object.freeze({ ...reference, message })]),
    }),
  };
}

function warnOfSharedNames(rules: readonly CheckedRule[], findings: Findings): void {
  const seen = new Map<string, string>();
  for (const { name, source } of rules) {
    if (name === undefined) continue;
    const other = seen.get(name);
    const at = source.lastIndexOf(":");
    const place = { file: source.slice(0, at), line: Number(source.slice(at + 1)), column: 1, length: 1 };
    if (other !== undefined)
      findings.warning(
        "rule.duplicate_name",
        place,
        `two rules are named "${name}"`,
        `the other is at ${other}`,
      );
    seen.set(name, source);
  }
}
