/**
 * `# METADATA` blocks (OPA "Annotations"): comments from the first column that hold YAML, about the statement below them.
 */
import type { Span } from "../source.ts";
import type { Annotations, Comment, Import, Package, Rule } from "../syntax.ts";
import type { Value } from "../values/index.ts";
import { annotationValues, TEXTS } from "./annotation-values.ts";
import { ParseFailure } from "./failure.ts";
import { readYaml, YamlFailure } from "./yaml.ts";

interface Block {
  readonly at: Span;
  /** The line of `# METADATA`. */
  readonly line: number;
  readonly comments: readonly Comment[];
}

type Statement = Import | Package | Rule;
const SCOPES = ["rule", "document", "package", "subpackages"] as const;
type Scope = (typeof SCOPES)[number];

/** The annotations of a module's statements; what is wrong with some is added to `failures`. */
export function annotate(
  comments: readonly Comment[],
  statements: {
    readonly package: Package;
    readonly imports: readonly Import[];
    readonly rules: readonly Rule[];
  },
  failures: ParseFailure[],
): readonly Annotations[] {
  const blocks = blocksOf(comments);
  if (blocks.length === 0) return [];
  const ordered: readonly Statement[] = [
    statements.package,
    ...[...statements.imports, ...statements.rules].sort((a, b) => a.at.start - b.at.start),
  ];
  const found: Annotations[] = [];
  for (const block of blocks) {
    try {
      const target = ordered.find(({ at }) => at.start >= block.at.end);
      found.push(annotationsOf(block, target));
    } catch (error) {
      if (!(error instanceof ParseFailure)) throw error;
      failures.push(error);
    }
  }
  return found;
}

function blocksOf(comments: readonly Comment[]): readonly Block[] {
  const blocks: { at: Span; line: number; comments: Comment[] }[] = [];
  let last: number | undefined;
  for (const comment of comments) {
    const { at, text } = comment;
    const begins = /^[ \t]*METADATA/.test(text);
    if (!begins && last === undefined) continue;
    const { line, column } = at.source.position(at.start);
    const block = blocks[blocks.length - 1];
    if (begins && column === 1) {
      blocks.push({ at, line, comments: [] });
      last = line;
    } else if (block !== undefined && last === line - 1 && isAlone(comment)) {
      block.comments.push(comment);
      block.at = { ...block.at, end: at.end };
      last = line;
    } else last = undefined;
  }
  return blocks;
}

/** Whether nothing but blanks stands before a comment on its line. */
function isAlone({ at }: Comment): boolean {
  const { text } = at.source;
  return text.slice(text.lastIndexOf("\n", at.start) + 1, at.start).trim() === "";
}

function annotationsOf({ at, line, comments }: Block, target: Statement | undefined): Annotations {
  const fail = (message: string, place: Span = at): never => {
    throw new ParseFailure(place.source, place.start, place.end - place.start, message);
  };
  const first = { ...at, end: Math.min(at.end, at.start + "# METADATA".length) };
  const text = comments.map((comment) => comment.text).join("\n");
  if (text.trim() === "") fail("expected METADATA block, found whitespace", first);
  let values: Value;
  try {
    values = readYaml(text, TEXTS);
  } catch (error) {
    if (!(error instanceof YamlFailure)) throw error;
    const place = comments.find(
      (comment) => comment.at.source.position(comment.at.start).line === line + error.line,
    );
    return fail(`yaml: ${error.message}`, place?.at ?? first);
  }
  const { scope: asked, members } = annotationValues(values, (message, isYaml) =>
    fail(isYaml ? `yaml: unmarshal errors: ${message}` : message, first),
  );
  const scope = scopeOf(asked, members.entrypoint === true, target);
  if (!isScope(scope))
    return fail(
      `invalid annotation scope '${scope}'. Use one of 'rule', 'document', 'package', or 'subpackages'`,
      first,
    );
  if (target === undefined || isImport(target))
    return fail(`annotation scope '${scope}' must be applied to rule (have import)`, first);
  const isRule = "head" in target;
  if (isRule !== (scope === "rule" || scope === "document"))
    fail(
      `annotation scope '${scope}' must be applied to ${isRule ? "package (have rule)" : "rule (have package)"}`,
      first,
    );
  if (members.entrypoint === true && scope !== "document" && scope !== "package")
    fail(`annotation entrypoint applied to non-document or package scope '${scope}'`, first);
  return { at, scope, values: members, target };
}

function isImport(statement: Statement): statement is Import {
  return "path" in statement && !Array.isArray(statement.path);
}

function scopeOf(asked: string, isEntrypoint: boolean, target: Statement | undefined): string {
  if (asked !== "") return asked;
  if (target === undefined) return "";
  if (isImport(target)) return "import";
  if ("head" in target) return isEntrypoint ? "document" : "rule";
  return "package";
}

function isScope(scope: string): scope is Scope {
  return (SCOPES as readonly string[]).includes(scope);
}
