/** Modules in their usual form, with every comment kept. What is formatted twice does not change a second time. */
import { chooseDialect, parseModule } from "../1-parse/index.ts";
import { SourceError, type SourceFinding } from "../errors.ts";
import { Source } from "../source.ts";
import type { Dialect, Import, Module } from "../syntax.ts";
import type { Part } from "./layout.ts";
import { Printer } from "./printer.ts";
import { Remarks } from "./remarks.ts";

export interface FormatOptions {
  /** How a module is read that says nothing itself: `v1` (the default) or `v0`, which stays v0. */
  readonly dialect?: "v1" | "v0";
  /** Whether a module in the mixed syntax of printed guides is read, and becomes v1. */
  readonly guide?: boolean;
  /** Print v0 as v1: so that only v1 reads it, or with an `import rego.v1` that lets both. */
  readonly to?: "v1" | "v0-v1";
  /** Leave out imports that v1 has no need of; what becomes v1 loses them anyway. */
  readonly withoutKeywords?: boolean;
}

/**
 * Formats one module.
 * @throws SourceError for a text that cannot be read, or that says in an older syntax what v1 cannot say
 */
export function format(
  file: string,
  text: string,
  options: FormatOptions = {},
): { readonly text: string; readonly warnings: readonly SourceFinding[] } {
  const source = new Source(file, text);
  const dialect = options.dialect ?? "v1";
  const chosen = options.guide === true ? chooseDialect(source, dialect) : { dialect, findings: [] };
  const module = read(source, chosen.dialect);
  const to = chosen.dialect === "v0" && options.to === undefined ? "v0" : "v1";
  const keywords =
    chosen.dialect === "v0" && options.to === "v0-v1" && options.withoutKeywords !== true
      ? "v1"
      : module.dialect !== to || options.withoutKeywords === true
        ? "none"
        : "kept";
  const formatted = print(module, text, to, keywords);
  checkReadable(module, formatted, to);
  return { text: formatted, warnings: chosen.findings };
}

function read(source: Source, dialect: Dialect): Module {
  const { module, findings } = parseModule(source, { dialect });
  if (module === undefined) throw new SourceError(findings);
  return module;
}

/** A name that v1 reserves, or the like: better no text than one that means something else. */
function checkReadable(module: Module, formatted: string, to: Dialect): void {
  const { source } = module.at;
  const { module: again, findings } = parseModule(new Source(source.file, formatted), { dialect: to });
  if (again !== undefined) return;
  const printer = new Printer(module, new Remarks("", []), to);
  const wrong = module.rules.find((rule) => {
    const alone = new Source(source.file, `package a\n\n${printer.rule(rule, 0)}\n`);
    return parseModule(alone, { dialect: to }).module === undefined;
  });
  const { start, end } = wrong?.head.at ?? module.package.at;
  const place = source.position(start);
  throw new SourceError(
    findings.map((finding) => ({
      ...finding,
      ...place,
      length: end - start,
      message: `this cannot be said in ${to}: ${finding.message}`,
    })),
  );
}

/** Which of the imports that v1 has no need of are printed: those there were, none, or `rego.v1` alone. */
type Keywords = "kept" | "none" | "v1";

function print(module: Module, text: string, to: Dialect, keywords: Keywords): string {
  const imports = keywords === "kept" ? module.imports : module.imports.filter((each) => !isKeywords(each));
  const comments = module.comments.filter(
    ({ text: said }) => to !== "v1" || !/^\s*postern: dialect=guide\s*$/.test(said),
  );
  const remarks = new Remarks(text, comments);
  const printer = new Printer(module, remarks, to);
  const head: Part = {
    start: module.package.at.start,
    end: module.package.at.end,
    print: () => text.slice(module.package.at.start, module.package.at.end).replace(/\s+/g, " "),
  };
  const isAdded = keywords === "v1" && !imports.some(isAllKeywords);
  const lines = sortedImports(imports, text, remarks).map(
    (each, index): Part => ({
      start: each.at.start,
      end: each.at.end,
      print: () => importText(each, printer),
      apart: isAdded && index === 0,
    }),
  );
  if (isAdded) lines.unshift({ start: head.end, end: head.end, print: () => "import rego.v1" });
  const rules: Part[] = module.rules.map((rule, index) => ({
    start: rule.at.start,
    end: rule.at.end,
    print: () => printer.rule(rule, 0),
    apart:
      rule.chained ||
      rule.default ||
      module.rules[index - 1]?.default === true ||
      (to === "v0" && !module.keywords.has("if")),
  }));
  const sections = [[head], lines, rules].filter((parts) => parts.length > 0);
  // Each section takes the comments up to where the next one begins.
  const printed = sections.map((parts, index) => {
    const last = index === sections.length - 1;
    const end = last ? text.length : (parts.at(-1)?.end ?? 0);
    return printer.block(parts, end, 0, { apart: isApart });
  });
  return `${printed.join("\n\n")}\n`;
}

/** A blank line stands around what has several lines, and before comments. */
function isApart(before: string, next: string): boolean {
  return next === "" || before.includes("\n") || next.includes("\n");
}

function importText({ path, alias }: Import, printer: Printer): string {
  return `import ${printer.term(path, 0)}${alias === undefined ? "" : ` as ${alias.replace(/^\$.*/, "_")}`}`;
}

/** In order, as far as no blank line and no comment stands between. */
function sortedImports(imports: readonly Import[], text: string, remarks: Remarks): readonly Import[] {
  const groups: Import[][] = [];
  for (const each of imports) {
    const group = groups.at(-1);
    const before = group?.at(-1)?.at.end ?? 0;
    const isNext = !/\n[ \t\r]*\n/.test(text.slice(before, each.at.start));
    if (group !== undefined && isNext && !remarks.within(before, each.at.start)) group.push(each);
    else groups.push([each]);
  }
  const name = ({ at, path, alias = "" }: Import): string =>
    `${text.slice(path.at.start, path.at.end)} ${alias} ${at.start}`;
  return groups.flatMap((group) => group.sort((a, b) => (name(a) < name(b) ? -1 : 1)));
}

/** What v1 has without importing it. `import future.keywords` brings more, such as the `not` of bodies. */
function isKeywords(each: Import): boolean {
  const [first, second, third = ""] = namesOf(each);
  if (first === "rego") return second === "v1";
  return first === "future" && ["if", "in", "every", "contains"].includes(third);
}

/** `import future.keywords`, with which there can be no `import rego.v1`, and which v0 and v1 both read. */
function isAllKeywords(each: Import): boolean {
  const [first, second] = namesOf(each);
  return first === "future" && second === "keywords";
}

function namesOf({ path }: Import): readonly string[] {
  return [path.head, ...path.path].map((term) =>
    term.kind === "var" ? term.name : term.kind === "string" ? term.value : "",
  );
}
