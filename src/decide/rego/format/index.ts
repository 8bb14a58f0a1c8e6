/** Modules in their usual form, with every comment kept. What is formatted twice does not change a second time. */
import { chooseDialect, parseModule } from "../1-parse/index.ts";
import { SourceError, type SourceFinding } from "../errors.ts";
import { Source } from "../source.ts";
import type { Dialect, Import, Module } from "../syntax.ts";
import { type Part, Printer } from "./printer.ts";
import { Remarks } from "./remarks.ts";

export interface FormatOptions {
  /** How a module is read that says nothing itself: `v1` (the default) or `v0`, which stays v0. */
  readonly dialect?: "v1" | "v0";
  /** Whether a module in the mixed syntax of printed guides is read, and becomes v1. */
  readonly guide?: boolean;
}

/**
 * Formats one module.
 * @throws SourceError for a text that cannot be read, or that says in the mixed syntax what v1 cannot say
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
  const to = chosen.dialect === "v0" ? "v0" : "v1";
  const formatted = print(module, text, to);
  // A name that v1 reserves, or the like: better no text than one that means something else.
  read(new Source(file, formatted), to);
  return { text: formatted, warnings: chosen.findings };
}

function read(source: Source, dialect: Dialect): Module {
  const { module, findings } = parseModule(source, { dialect });
  if (module === undefined) throw new SourceError(findings);
  return module;
}

function print(module: Module, text: string, to: Dialect): string {
  const imports = module.dialect === to ? module.imports : module.imports.filter((each) => !isKeywords(each));
  const comments = module.comments.filter(
    ({ text: said }) => to !== "v1" || !/^\s*postern: dialect=guide\s*$/.test(said),
  );
  const remarks = new Remarks(text, comments);
  const printer = new Printer(text, remarks, to);
  const head: Part = {
    start: module.package.at.start,
    end: module.package.at.end,
    print: () => text.slice(module.package.at.start, module.package.at.end).replace(/\s+/g, " "),
  };
  const lines: Part[] = imports.map((each) => ({
    start: each.at.start,
    end: each.at.end,
    print: () => `import ${printer.term(each.path, 0)}${each.alias === undefined ? "" : ` as ${each.alias}`}`,
  }));
  const rules: Part[] = module.rules.map((rule) => ({
    start: rule.at.start,
    end: rule.at.end,
    print: () => printer.rule(rule, 0),
  }));
  const sections = [[head], lines, rules].filter((parts) => parts.length > 0);
  // Each section takes the comments up to where the next one begins.
  const printed = sections.map((parts, index) => {
    const last = index === sections.length - 1;
    const end = last ? text.length : (parts.at(-1)?.end ?? 0);
    return printer.block(
      parts,
      end,
      0,
      "",
      (before, next) => before.includes("\n\t") || next.includes("\n\t"),
    );
  });
  return `${printed.join("\n\n")}\n`;
}

function isKeywords({ path }: Import): boolean {
  const [first, second] = [path.head, ...path.path].map((term) =>
    term.kind === "var" ? term.name : term.kind === "string" ? term.value : "",
  );
  return (first === "future" && second === "keywords") || (first === "rego" && second === "v1");
}
