import { nearest } from "#kernel";
import type { Findings } from "../findings.ts";
import type { SourceText } from "../source-text.ts";
import { type Comment, lex, type Token } from "./1-lex.ts";
import type {
  ConditionSyntax,
  Expression,
  FactSyntax,
  Operand,
  Operator,
  RuleSyntax,
  Span,
} from "./syntax.ts";

/**
 * Tokens to rules, by recursive descent:
 * ```
 * rule      = ("ALLOW" | "DENY") "IF" any
 * any       = all { "OR" all }
 * all       = not { "AND" not }
 * not       = "NOT" not | "(" any ")" | "true" | "false" | condition
 * condition = fact [ comparison operand
 *                  | "IS" ["NOT"] "KNOWN"
 *                  | ["NOT"] ( "IN" "(" literal { "," literal } ")" | "BETWEEN" operand "AND" operand
 *                            | "CONTAINS" operand | "STARTS" "WITH" operand | "ENDS" "WITH" operand | "MATCHES" text ) ]
 * ```
 * A rule ends where the next begins, so that an error in one does not hide those in the others.
 */
export function parseRules(source: SourceText, findings: Findings): readonly RuleSyntax[] {
  const { tokens, comments } = lex(source, findings);
  const byLine = new Map(comments.map((comment) => [comment.line, comment]));
  const starts: number[] = [];
  tokens.forEach((token, index) => {
    if (isWord(token, "ALLOW") || isWord(token, "DENY")) starts.push(index);
  });
  const first = tokens[0];
  if (first !== undefined && first.kind !== "end" && starts[0] !== 0) {
    const meant = first.kind === "word" ? nearest(first.value, ["ALLOW", "DENY"]) : undefined;
    findings.error(
      "rule.syntax",
      source.place(first.start, first.end),
      "a rule begins with ALLOW IF or DENY IF",
      meant === undefined ? undefined : `did you mean ${meant} IF?`,
    );
  }
  const rules: RuleSyntax[] = [];
  starts.forEach((start, index) => {
    if (findings.full) return;
    const own = tokens.slice(start, starts[index + 1] ?? tokens.length - 1);
    const rule = parseRule(own, source, findings, byLine);
    if (rule !== undefined) rules.push(rule);
  });
  return rules;
}

/** Deeper than anybody reads, far from what the stack holds. */
const MOST_DEPTH = 64;

const KEYWORDS: ReadonlySet<string> = new Set(
  "ALLOW DENY IF AND OR NOT IN BETWEEN CONTAINS STARTS ENDS WITH MATCHES IS KNOWN TRUE FALSE".split(" "),
);
const CONNECTING = ["AND", "OR", "ALLOW", "DENY"] as const;
const OPERATORS = [
  "IN",
  "BETWEEN",
  "CONTAINS",
  "STARTS",
  "ENDS",
  "MATCHES",
  "IS",
  "NOT",
  ...CONNECTING,
] as const;
const COMPARISONS: ReadonlySet<string> = new Set(["==", "!=", "<", "<=", ">", ">="]);

function isWord(token: Token | undefined, word: string): boolean {
  return token !== undefined && token.kind === "word" && token.value.toUpperCase() === word;
}

/** Ends the parsing of one rule; its finding is already recorded. */
class Abandoned extends Error {}

function parseRule(
  tokens: readonly Token[],
  source: SourceText,
  findings: Findings,
  comments: ReadonlyMap<number, Comment>,
): RuleSyntax | undefined {
  const last = tokens[tokens.length - 1] as Token;
  const end: Token = { kind: "end", value: "", start: last.end, end: last.end };
  let at = 0;
  let depth = 0;

  const peek = (): Token => tokens[at] ?? end;
  const next = (): Token => {
    const token = peek();
    at++;
    return token;
  };
  const takeWord = (word: string): Token | undefined => (isWord(peek(), word) ? next() : undefined);
  const takeSymbol = (symbol: string): Token | undefined =>
    peek().kind === "symbol" && peek().value === symbol ? next() : undefined;
  function fail(token: Token, message: string, hint?: string): never {
    // what is missing at the end is shown under the last thing that is there
    const { start, end: stop } = token.kind === "end" ? last : token;
    findings.error("rule.syntax", source.place(start, stop), message, hint);
    throw new Abandoned();
  }
  const shown = (token: Token): string => {
    if (token.kind === "end") return "the end of the rule";
    return token.kind === "text" ? JSON.stringify(token.value) : `"${token.value}"`;
  };
  function deeper<T>(token: Token, parse: () => T): T {
    if (depth >= MOST_DEPTH) {
      findings.error(
        "rule.too_deep",
        source.place(token.start, token.end),
        `this is nested more than ${MOST_DEPTH} deep`,
        "write several rules: each ALLOW IF stands for itself",
      );
      throw new Abandoned();
    }
    depth++;
    const parsed = parse();
    depth--;
    return parsed;
  }

  function chain(word: "AND" | "OR", kind: "all" | "any", parse: () => Expression): Expression {
    const head = parse();
    if (!isWord(peek(), word)) return head;
    const of = [head];
    while (takeWord(word) !== undefined) of.push(parse());
    return { kind, of };
  }
  const parseAny = (): Expression => chain("OR", "any", parseAll);
  const parseAll = (): Expression => chain("AND", "all", parseNot);

  function parseNot(): Expression {
    const token = peek();
    if (takeWord("NOT") !== undefined) return deeper(token, () => ({ kind: "not", of: parseNot() }));
    if (takeSymbol("(") !== undefined) {
      const inside = deeper(token, parseAny);
      if (takeSymbol(")") === undefined)
        fail(peek(), `expected ")" or AND or OR, found ${shown(peek())}`, nearHint(peek()));
      return inside;
    }
    if (takeWord("TRUE") !== undefined)
      return { kind: "constant", value: true, start: token.start, end: token.end };
    if (takeWord("FALSE") !== undefined)
      return { kind: "constant", value: false, start: token.start, end: token.end };
    return parseCondition();
  }

  function parseFact(): FactSyntax {
    const word = next();
    if (word.kind !== "word" || KEYWORDS.has(word.value.toUpperCase())) {
      at--;
      const literal = word.kind === "text" || word.kind === "number";
      fail(
        word,
        `expected a condition, found ${shown(word)}`,
        literal ? swapHint(word) : "a condition begins with a fact, such as user.role",
      );
    }
    if (takeSymbol("[") === undefined)
      return { kind: "fact", name: word.value, start: word.start, end: word.end };
    const key = next();
    if (key.kind !== "text") fail(key, `expected a label's name in quotes, found ${shown(key)}`);
    const close = takeSymbol("]");
    if (close === undefined) fail(peek(), `expected "]", found ${shown(peek())}`);
    return { kind: "fact", name: `${word.value}.${key.value}`, start: word.start, end: close.end };
  }

  /** `"sre" IN user.groups` and `8 <= time.hour` are how some would say it. */
  function swapHint(literal: Token): string {
    const fact = tokens[at + 2];
    const name = fact?.kind === "word" && !KEYWORDS.has(fact.value.toUpperCase()) ? fact.value : undefined;
    if (name !== undefined && isWord(tokens[at + 1], "IN")) return `write ${name} CONTAINS ${shown(literal)}`;
    return `write the fact first${name === undefined ? "" : `: ${name} …`}`;
  }

  function nearHint(token: Token): string | undefined {
    if (token.kind !== "word") return undefined;
    const meant = nearest(token.value, OPERATORS);
    return meant === undefined ? undefined : `did you mean ${meant}?`;
  }

  function parseOperand(after: string): Operand {
    const token = peek();
    const { start, end: stop } = token;
    if (token.kind === "text" || token.kind === "number") {
      next();
      return { kind: token.kind, value: token.value, start, end: stop };
    }
    if (isWord(token, "TRUE") || isWord(token, "FALSE")) {
      next();
      return { kind: "boolean", value: isWord(token, "TRUE"), start, end: stop };
    }
    if (token.kind === "word" && !KEYWORDS.has(token.value.toUpperCase())) return parseFact();
    return fail(token, `expected a value after ${after}, found ${shown(token)}`);
  }

  function parseList(): readonly Operand[] {
    if (takeSymbol("(") === undefined) {
      const bracket = peek().kind === "symbol" && peek().value === "[";
      fail(
        peek(),
        `expected a list after IN, found ${shown(peek())}`,
        bracket ? 'a list stands in parentheses: ("a", "b")' : 'write IN ("a", "b")',
      );
    }
    const items: Operand[] = [];
    const close = takeSymbol(")");
    if (close !== undefined) {
      findings.error(
        "rule.empty_list",
        source.place(close.start - 1, close.end),
        "this list is empty, so nothing is in it",
      );
      throw new Abandoned();
    }
    do items.push(parseOperand(items.length === 0 ? '"("' : '","'));
    while (takeSymbol(",") !== undefined);
    if (takeSymbol(")") === undefined)
      fail(peek(), `expected "," or ")" in the list, found ${shown(peek())}`);
    return items;
  }

  function parseCondition(): ConditionSyntax {
    const fact = parseFact();
    const operatorStart = peek();
    const finish = (
      operator: Operator,
      negated: boolean,
      operatorSpan: Span,
      operands: readonly Operand[],
    ): ConditionSyntax => ({
      kind: "condition",
      fact,
      operator,
      operatorSpan: { start: operatorSpan.start, end: operatorSpan.end },
      negated,
      operands,
      start: fact.start,
      end: (tokens[at - 1] ?? last).end,
    });

    if (operatorStart.kind === "symbol" && COMPARISONS.has(operatorStart.value)) {
      next();
      const operand = parseOperand(operatorStart.value);
      return finish(operatorStart.value as Operator, false, operatorStart, [operand]);
    }
    if (takeWord("IS") !== undefined) {
      const negated = takeWord("NOT") !== undefined;
      const known = takeWord("KNOWN");
      if (known === undefined) {
        const wrong = peek();
        fail(
          wrong,
          `expected KNOWN after IS, found ${shown(wrong)}`,
          isWord(wrong, "NULL") ? "a fact is never null: write IS NOT KNOWN" : "to compare, write ==",
        );
      }
      return finish("IS KNOWN", negated, { start: operatorStart.start, end: known.end }, []);
    }
    const negated = takeWord("NOT") !== undefined;
    const span = { start: operatorStart.start, end: peek().end };
    if (takeWord("IN") !== undefined) return finish("IN", negated, span, parseList());
    if (takeWord("BETWEEN") !== undefined) {
      const from = parseOperand("BETWEEN");
      if (takeWord("AND") === undefined)
        fail(peek(), `expected AND between the two ends of BETWEEN, found ${shown(peek())}`);
      return finish("BETWEEN", negated, span, [from, parseOperand("AND")]);
    }
    if (takeWord("CONTAINS") !== undefined)
      return finish("CONTAINS", negated, span, [parseOperand("CONTAINS")]);
    if (takeWord("MATCHES") !== undefined) return finish("MATCHES", negated, span, [parseOperand("MATCHES")]);
    for (const word of ["STARTS", "ENDS"] as const) {
      if (takeWord(word) === undefined) continue;
      const withWord = takeWord("WITH");
      if (withWord === undefined) fail(peek(), `expected WITH after ${word}, found ${shown(peek())}`);
      return finish(`${word} WITH`, negated, { start: operatorStart.start, end: withWord.end }, [
        parseOperand(`${word} WITH`),
      ]);
    }
    if (negated)
      fail(
        peek(),
        `expected IN, BETWEEN, CONTAINS, STARTS WITH, ENDS WITH or MATCHES after NOT, found ${shown(peek())}`,
      );
    return finish("holds", false, fact, []);
  }

  try {
    const keyword = next();
    const effect = isWord(keyword, "ALLOW") ? "allow" : "deny";
    if (takeWord("IF") === undefined)
      fail(peek().kind === "end" ? keyword : peek(), `expected IF after ${keyword.value.toUpperCase()}`);
    const expression = parseAny();
    if (peek().kind !== "end")
      fail(peek(), `expected AND, OR or the next rule, found ${shown(peek())}`, nearHint(peek()));
    return {
      effect,
      expression,
      start: keyword.start,
      end: last.end,
      ...notesAbove(source.lineAt(keyword.start), comments),
    };
  } catch (error) {
    if (error instanceof Abandoned) return undefined;
    throw error;
  }
}

/** Reads `# name:` and `# reason:` from the comment lines that touch the rule. */
function notesAbove(
  line: number,
  comments: ReadonlyMap<number, Comment>,
): { name?: string; reason?: string } {
  const notes: { name?: string; reason?: string } = {};
  for (let above = line - 1; ; above--) {
    const comment = comments.get(above);
    if (comment === undefined) return notes;
    const note = /^(name|reason):\s*(\S.*)$/i.exec(comment.value);
    const key = note?.[1]?.toLowerCase();
    if (key === "name" || key === "reason") notes[key] ??= (note?.[2] ?? "").slice(0, 200);
  }
}
