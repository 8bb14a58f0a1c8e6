/** Go's text/template, from tokens to trees. Names of functions and variables must be known here already. */
import { DataError } from "../data-error.ts";
import { goQuote } from "../go-text.ts";
import { type Token, type TokenKind, tokensOf } from "./lexer.ts";
import { characterOf, numberOf, unquote } from "./literals.ts";
import { type Command, type Node, type Operand, type Pipe, sourceOf, type Templates } from "./tree.ts";

/** The name of a template that is not defined by one. */
export const MAIN = "template";

/** @throws DataError that says where the template is wrong */
export function parseTemplates(source: string, functions: ReadonlySet<string>): Templates {
  const parser = new Parser(source, functions);
  return parser.templates();
}

/** What ends a list of nodes. */
interface ListEnd {
  readonly nodes: readonly Node[];
  readonly end: "end" | "else";
}

const OPERANDS: ReadonlySet<TokenKind> = new Set([
  "bool",
  "character",
  "complex",
  "dot",
  "field",
  "identifier",
  "number",
  "nil",
  "raw string",
  "string",
  "variable",
  "left paren",
] satisfies TokenKind[]);

/** Operands that nothing can be passed to. */
const CONSTANT: ReadonlySet<Operand["kind"]> = new Set([
  "bool",
  "dot",
  "nil",
  "number",
  "string",
] satisfies Operand["kind"][]);

class Parser {
  readonly #tokens: readonly Token[];
  readonly #functions: ReadonlySet<string>;
  readonly #templates = new Map<string, readonly Node[]>();
  #at = 0;
  #variables = ["$"];
  #ranges = 0;
  constructor(source: string, functions: ReadonlySet<string>) {
    this.#tokens = tokensOf(source);
    this.#functions = functions;
  }

  templates(): Templates {
    const nodes: Node[] = [];
    while (this.#peek().kind !== "end of text") {
      if (this.#peek().kind === "left" && this.#isKeyword(this.#peekAfter(1), "define")) {
        this.#define();
        continue;
      }
      const node = this.#textOrAction();
      if (node === "end" || node === "else") this.#fail(`unexpected {{${node}}}`);
      nodes.push(node);
    }
    this.#add(MAIN, nodes);
    return this.#templates;
  }

  #fail(message: string): never {
    const { line } = this.#tokens[Math.max(0, Math.min(this.#at, this.#tokens.length) - 1)] as Token;
    throw new DataError(`template: ${MAIN}:${line}: ${message}`);
  }

  /** What a literal's reader throws is an error of this place. */
  #reading<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      if (error instanceof DataError) return this.#fail(error.message);
      throw error;
    }
  }

  #unexpected(token: Token, context: string): never {
    if (token.kind === "error") return this.#fail(token.text);
    return this.#fail(`unexpected ${shown(token)} in ${context}`);
  }

  #next(): Token {
    const token = this.#peek();
    if (this.#at < this.#tokens.length - 1) this.#at++;
    else this.#at = this.#tokens.length;
    return token;
  }

  #peek(): Token {
    return this.#tokens[Math.min(this.#at, this.#tokens.length - 1)] as Token;
  }

  /** The token so many after the next, spaces aside. */
  #peekAfter(count: number): Token | undefined {
    return this.#tokens.slice(this.#at + count).find(({ kind }) => kind !== "space");
  }

  #nextNonSpace(): Token {
    while (this.#peek().kind === "space") this.#next();
    return this.#next();
  }

  #peekNonSpace(): Token {
    while (this.#peek().kind === "space") this.#next();
    return this.#peek();
  }

  #isKeyword(token: Token | undefined, word: string): boolean {
    return token?.kind === "keyword" && token.text === word;
  }

  #expect(kind: TokenKind, context: string): Token {
    const token = this.#nextNonSpace();
    return token.kind === kind ? token : this.#unexpected(token, context);
  }

  /** A name that is defined twice counts once where all definitions but one are nothing but spaces. */
  #add(name: string, nodes: readonly Node[]): void {
    const known = this.#templates.get(name);
    if (known === undefined || isEmpty(known)) this.#templates.set(name, nodes);
    else if (!isEmpty(nodes)) this.#fail(`template: multiple definition of template ${goQuote(name)}`);
  }

  #define(): void {
    this.#next();
    this.#nextNonSpace();
    const context = "define clause";
    const name = this.#templateName(context);
    this.#expect("right", context);
    this.#separate(name, "{{define}}");
  }

  /** The body of a template of its own, which knows none of the variables around it. */
  #separate(name: string, context: string): void {
    const variables = this.#variables;
    const ranges = this.#ranges;
    this.#variables = ["$"];
    this.#ranges = 0;
    const { nodes, end } = this.#list();
    if (end !== "end") this.#fail(`unexpected {{${end}}} in ${context}`);
    this.#add(name, nodes);
    this.#variables = variables;
    this.#ranges = ranges;
  }

  #list(): ListEnd {
    const nodes: Node[] = [];
    while (this.#peekNonSpace().kind !== "end of text") {
      const node = this.#textOrAction();
      if (node === "end" || node === "else") return { nodes, end: node };
      nodes.push(node);
    }
    this.#next();
    return this.#fail("unexpected EOF");
  }

  #textOrAction(): Node | "end" | "else" {
    const token = this.#nextNonSpace();
    if (token.kind === "text") return { kind: "text", text: token.text, at: token.at };
    if (token.kind === "left") return this.#action();
    return this.#unexpected(token, "input");
  }

  #action(): Node | "end" | "else" {
    const token = this.#peekNonSpace();
    if (token.kind !== "keyword" || token.text === "define") {
      const pipe = this.#pipeline("command", "right");
      return { kind: "action", pipe, at: token.at };
    }
    this.#nextNonSpace();
    switch (token.text) {
      case "block":
        return this.#block(token);
      case "break":
      case "continue":
        return this.#jump(token, token.text);
      case "else":
        return this.#else();
      case "end":
        this.#expect("right", "end");
        return "end";
      case "template":
        return this.#template();
      default:
        return this.#control(token.text as "if" | "range" | "with", token.at);
    }
  }

  #jump(token: Token, kind: "break" | "continue"): Node {
    const end = this.#nextNonSpace();
    if (end.kind !== "right") this.#unexpected(end, `{{${kind}}}`);
    if (this.#ranges === 0) this.#fail(`{{${kind}}} outside {{range}}`);
    return { kind, at: token.at };
  }

  /** `{{else if …}}` and `{{else with …}}` go on as the actions that they name. */
  #else(): "else" {
    const next = this.#peekNonSpace();
    if (!this.#isKeyword(next, "if") && !this.#isKeyword(next, "with")) this.#expect("right", "else");
    return "else";
  }

  #control(kind: "if" | "range" | "with", at: number): Node {
    const known = this.#variables.length;
    const pipe = this.#pipeline(kind, "right");
    if (kind === "range") this.#ranges++;
    const { nodes, end } = this.#list();
    if (kind === "range") this.#ranges--;
    let elseList: readonly Node[] = [];
    if (end === "else") {
      const next = this.#peek();
      if (kind !== "range" && this.#isKeyword(next, kind)) {
        this.#next();
        elseList = [this.#control(kind, next.at)];
      } else {
        const rest = this.#list();
        if (rest.end !== "end") this.#fail(`expected end; found {{${rest.end}}}`);
        elseList = rest.nodes;
      }
    }
    this.#variables.length = known;
    return { kind, pipe, list: nodes, elseList, at };
  }

  #templateName(context: string): string {
    const token = this.#nextNonSpace();
    if (token.kind !== "string" && token.kind !== "raw string") return this.#unexpected(token, context);
    return this.#reading(() => unquote(token.text));
  }

  #block(token: Token): Node {
    const context = "block clause";
    const name = this.#templateName(context);
    const pipe = this.#pipeline(context, "right");
    this.#separate(name, context);
    return { kind: "template", name, pipe, at: token.at };
  }

  #template(): Node {
    const context = "template clause";
    const { at } = this.#peekNonSpace();
    const name = this.#templateName(context);
    if (this.#peekNonSpace().kind !== "right")
      return { kind: "template", name, pipe: this.#pipeline(context, "right"), at };
    this.#nextNonSpace();
    return { kind: "template", name, pipe: undefined, at };
  }

  #pipeline(context: string, end: "right" | "right paren"): Pipe {
    const { at } = this.#peekNonSpace();
    const { variables, assigns } = this.#declarations(context);
    const commands: Command[] = [];
    for (;;) {
      const token = this.#peekNonSpace();
      if (token.kind === end) break;
      if (!OPERANDS.has(token.kind)) {
        this.#next();
        this.#unexpected(token, context);
      }
      commands.push(this.#command());
    }
    this.#next();
    if (commands.length === 0) this.#fail(`missing value for ${context}`);
    for (const [index, { operands }] of commands.entries())
      if (index > 0 && CONSTANT.has(operands[0].kind))
        this.#fail(`non executable command in pipeline stage ${index + 1}`);
    return { kind: "pipe", variables, assigns, commands, at };
  }

  /** `$x :=`, `$x =`, and within a range `$i, $x :=`. */
  #declarations(context: string): { readonly variables: readonly string[]; readonly assigns: boolean } {
    const variables: string[] = [];
    while (this.#peekNonSpace().kind === "variable") {
      const before = this.#at;
      const variable = this.#next();
      const sign = this.#peekNonSpace();
      if (sign.kind === "assign" || sign.kind === "declare") {
        this.#next();
        variables.push(variable.text);
        this.#variables.push(variable.text);
        return { variables, assigns: sign.kind === "assign" };
      }
      if (sign.kind !== "char" || sign.text !== ",") {
        this.#at = before;
        break;
      }
      this.#next();
      variables.push(variable.text);
      this.#variables.push(variable.text);
      if (context !== "range" || variables.length >= 2) this.#fail(`too many declarations in ${context}`);
      const { kind } = this.#peekNonSpace();
      if (kind !== "variable" && kind !== "right" && kind !== "right paren")
        this.#fail("range can only initialize variables");
    }
    return { variables, assigns: false };
  }

  #command(): Command {
    const { at } = this.#peekNonSpace();
    const operands: Operand[] = [];
    for (;;) {
      this.#peekNonSpace();
      const operand = this.#operand();
      if (operand !== undefined) operands.push(operand);
      const token = this.#peek();
      if (token.kind === "space") continue;
      if (token.kind === "pipe") this.#next();
      else if (token.kind !== "right" && token.kind !== "right paren") {
        this.#next();
        this.#unexpected(token, "operand");
      }
      break;
    }
    const [first, ...rest] = operands;
    if (first === undefined) return this.#fail("empty command");
    return { kind: "command", operands: [first, ...rest], at };
  }

  #operand(): Operand | undefined {
    const node = this.#term();
    if (node === undefined || this.#peek().kind !== "field") return node;
    const { at } = this.#peek();
    const names: string[] = [];
    while (this.#peek().kind === "field") names.push(this.#next().text.slice(1));
    if (node.kind === "field" || node.kind === "variable")
      return { ...node, names: [...node.names, ...names], at };
    if (CONSTANT.has(node.kind)) this.#fail(`unexpected . after term ${goQuote(sourceOf(node))}`);
    return { kind: "chain", node, names, at };
  }

  #term(): Operand | undefined {
    const token = this.#peekNonSpace();
    const { at, text } = token;
    if (!OPERANDS.has(token.kind)) return undefined;
    this.#next();
    switch (token.kind) {
      case "identifier":
        if (!this.#functions.has(text)) this.#fail(`function ${goQuote(text)} not defined`);
        return { kind: "identifier", name: text, at };
      case "dot":
        return { kind: "dot", at };
      case "nil":
        return { kind: "nil", at };
      case "variable":
        if (!this.#variables.includes(text)) this.#fail(`undefined variable ${goQuote(text)}`);
        return { kind: "variable", names: [text], at };
      case "field":
        return { kind: "field", names: [text.slice(1)], at };
      case "bool":
        return { kind: "bool", value: text === "true", at };
      case "character": {
        const value = this.#reading(() => characterOf(text));
        return { kind: "number", text, number: { kind: "int", value }, at };
      }
      case "left paren":
        return this.#pipeline("parenthesized pipeline", "right paren");
      case "string":
      case "raw string":
        return { kind: "string", quoted: text, value: this.#reading(() => unquote(text)), at };
      case "number":
      case "complex":
        return { kind: "number", text, number: this.#reading(() => numberOf(text)), at };
      case "assign":
      case "char":
      case "declare":
      case "end of text":
      case "error":
      case "keyword":
      case "left":
      case "pipe":
      case "right":
      case "right paren":
      case "space":
      case "text":
        return undefined;
    }
  }
}

function isEmpty(nodes: readonly Node[]): boolean {
  return nodes.every((node) => node.kind === "text" && node.text.trim() === "");
}

function shown({ kind, text }: Token): string {
  if (kind === "end of text") return "EOF";
  if (kind === "keyword" || kind === "dot" || kind === "nil") return `<${text}>`;
  return Array.from(text).length > 10
    ? `${goQuote(Array.from(text).slice(0, 10).join(""))}...`
    : goQuote(text);
}
