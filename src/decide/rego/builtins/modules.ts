/**
 * Modules as data: `rego.parse_module` (OPA policy reference, "Rego"), and the two of the linter Regal that read text (Regal
 * documentation, "Custom rules").
 */
import { moduleValue } from "../1-parse/ast-json.ts";
import { parseModule } from "../1-parse/index.ts";
import { roastValue } from "../1-parse/roast.ts";
import { SourceError, type SourceFinding } from "../errors.ts";
import { format } from "../format/index.ts";
import { Source } from "../source.ts";
import type { Module } from "../syntax.ts";
import { isNumber, isObject, member, numberText, type Value } from "../values/index.ts";
import { type Evaluation, failure, type Implementations, objectOperand, stringOperand } from "./builtin.ts";

const PARSE = "rego.parse_module";
const PARSE_FOR_REGAL = "regal.parse_module";
const IS_FORMATTED = "regal.is_formatted";

export const MODULES: Implementations = {
  [PARSE]: (evaluation, file, text) =>
    moduleValue(parsed(evaluation, PARSE, { file, text, annotations: false })),
  [PARSE_FOR_REGAL]: (evaluation, file, text) => {
    const module = parsed(evaluation, PARSE_FOR_REGAL, { file, text, annotations: true });
    const { source } = module.at;
    return {
      ...roastValue(module),
      regal: {
        file: { name: source.file, lines: source.text.split("\n"), rego_version: "v1" },
        environment: { path_separator: "/" },
      },
    };
  },
  [IS_FORMATTED]: (evaluation, text, options) => {
    const before = stringOperand(IS_FORMATTED, 1, text);
    evaluation.charge(before.length);
    const dialect = versionOf(objectOperand(IS_FORMATTED, 2, options));
    try {
      return format("", before, { dialect }).text === before;
    } catch (error) {
      if (error instanceof SourceError) throw unreadable(IS_FORMATTED, error.findings);
      throw error;
    }
  },
};

function parsed(
  evaluation: Evaluation,
  name: string,
  { file, text, annotations }: { readonly file: Value; readonly text: Value; readonly annotations: boolean },
): Module {
  const source = new Source(stringOperand(name, 1, file), stringOperand(name, 2, text));
  evaluation.charge(source.text.length);
  const { module, findings } = parseModule(source, { dialect: "v1", annotations });
  if (module === undefined) throw unreadable(name, findings);
  return module;
}

function unreadable(name: string, findings: readonly SourceFinding[]): ReturnType<typeof failure> {
  const lines = findings.map(({ file, line, code, message }) => `${file}:${line}: ${code}: ${message}`);
  const [first = ""] = lines;
  if (lines.length === 1) return failure(name, `1 error occurred: ${first}`);
  return failure(name, `${lines.length} errors occurred:\n${lines.join("\n")}`);
}

/** `rego_version`, beside or within `format`: `v0`, or 0, and anything else for v1. */
function versionOf(options: Value): "v0" | "v1" {
  const within = isObject(options) ? member(options, "format") : undefined;
  const given =
    (isObject(options) ? member(options, "rego_version") : undefined) ??
    (isObject(within) ? member(within, "rego_version") : undefined);
  const text = isNumber(given) ? numberText(given) : given;
  return text === "v0" || text === "0" ? "v0" : "v1";
}
