/** What somebody who wrote this most likely wants, where that is evident. */
import type { Source } from "../source.ts";
import type { Token } from "./lexer.ts";

const CLOSERS: ReadonlyMap<string, string> = new Map([
  ["(", ")"],
  ["[", "]"],
  ["{", "}"],
]);
const IMPORTABLE: readonly string[] = ["if", "contains", "in", "every"];

/** A hint about the token at an index, which does not fit where it stands. */
export function hintOf(
  source: Source,
  tokens: readonly Token[],
  at: number,
  keywords: ReadonlySet<string>,
): string | undefined {
  const token = tokens[at] as Token;
  const before = tokens[at - 1];
  const open = innermostOpen(tokens, at);
  if (token.kind === "eof") return open === undefined ? undefined : unclosed(open, source);
  if (token.kind === "identifier" && IMPORTABLE.includes(token.text) && !keywords.has(token.text))
    return importHint(token.text);
  const isDoubled = before?.text === token.text && before.end === token.start;
  switch (token.text) {
    case ":=":
    case "=":
      if (open?.text === "{" && before?.kind === "string") return "did you mean `:`?";
      return "did you mean `==`?";
    case "&":
      return isDoubled
        ? "all expressions of a body must hold: write them on lines of their own, or with `;` between"
        : undefined;
    case "|":
      return isDoubled ? "for one or the other, write the rule twice" : undefined;
    case ")":
    case "]":
    case "}":
      return open !== undefined && CLOSERS.get(open.text) !== token.text ? unclosed(open, source) : undefined;
    default:
      return undefined;
  }
}

/** For v0, where these are names unless a module asks for them. */
export function importHint(keyword: string): string {
  return `did you mean \`import future.keywords.${keyword}\`, or \`import rego.v1\`?`;
}

function unclosed(open: Token, source: Source): string {
  const { line, column } = source.position(open.start);
  return `the \`${open.text}\` at ${line}:${column} has no \`${CLOSERS.get(open.text)}\``;
}

function innermostOpen(tokens: readonly Token[], until: number): Token | undefined {
  const open: Token[] = [];
  for (let i = 0; i < until; i++) {
    const token = tokens[i] as Token;
    if (token.kind !== "sign") continue;
    if (CLOSERS.has(token.text)) open.push(token);
    else if (token.text === ")" || token.text === "]" || token.text === "}") open.pop();
  }
  return open[open.length - 1];
}
