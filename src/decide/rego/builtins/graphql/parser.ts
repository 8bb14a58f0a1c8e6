/** What the parsers of queries and of schemas have in common (GraphQL October 2021, §2.6 to §2.12). */
import type { DataError } from "../data-error.ts";
import { errorAt, Lexer, type Position, type Token } from "./lexer.ts";
import {
  type Argument,
  type ChildValue,
  type CommentGroup,
  type Directive,
  type TypeReference,
  VALUE_KIND,
  type ValueNode,
} from "./syntax.ts";

/** Where nodes stand, for messages. */
export type Places = WeakMap<object, Position>;

export class Parser {
  readonly #lexer: Lexer;
  readonly places: Places = new WeakMap();
  #token: Token;
  constructor(text: string) {
    this.#lexer = new Lexer(text);
    this.#token = this.#lexer.next();
  }

  get token(): Token {
    return this.#token;
  }
  get comment(): { readonly Comment?: CommentGroup } {
    return this.#token.comments === undefined ? {} : { Comment: this.#token.comments };
  }
  advance(): Token {
    const token = this.#token;
    this.#token = this.#lexer.next();
    return token;
  }
  /** Remembers where a node began. */
  at<T extends object>(place: Position, node: T): T {
    this.places.set(node, place);
    return node;
  }

  is(punctuator: string): boolean {
    return this.#token.kind === "punctuator" && this.#token.value === punctuator;
  }
  isName(name: string): boolean {
    return this.#token.kind === "Name" && this.#token.value === name;
  }
  take(punctuator: string): boolean {
    if (!this.is(punctuator)) return false;
    this.advance();
    return true;
  }
  expect(punctuator: string): void {
    if (!this.take(punctuator)) throw this.#expected(punctuator);
  }
  keyword(name: string): void {
    if (!this.isName(name)) throw this.#expected(`"${name}"`);
    this.advance();
  }
  name(): string {
    if (this.#token.kind !== "Name") throw this.#expected("Name");
    return this.advance().value;
  }
  unexpected(token: Token = this.#token): DataError {
    const { kind, value } = token;
    const named = kind !== "punctuator" && kind !== "<EOF>";
    return errorAt(`Unexpected ${described(token)}${named ? ` ${JSON.stringify(value)}` : ""}`, token);
  }
  #expected(what: string): DataError {
    return errorAt(`Expected ${what}, found ${described(this.#token)}`, this.#token);
  }

  /** At least one item between brackets; nothing where they are not there. `end` is called before the closing one. */
  list<T>(open: string, close: string, item: () => T, end?: (last: Token) => void): readonly T[] {
    if (!this.take(open)) return [];
    const items: T[] = [];
    while (!this.is(close)) items.push(item());
    if (items.length === 0) throw errorAt(`expected at least one definition, found ${close}`, this.#token);
    end?.(this.#token);
    this.advance();
    return items;
  }

  directives(constant: boolean): { readonly Directives?: readonly Directive[] } {
    const directives: Directive[] = [];
    while (this.is("@")) {
      this.advance();
      const place = this.#token;
      directives.push(this.at(place, { Name: this.name(), ...this.arguments(constant), Location: "" }));
    }
    return directives.length === 0 ? {} : { Directives: directives };
  }

  arguments(constant: boolean): { readonly Arguments?: readonly Argument[] } {
    const items = this.list("(", ")", () => {
      const { comment, token } = this;
      const name = this.name();
      this.expect(":");
      return this.at(token, { Name: name, Value: this.value(constant), ...comment });
    });
    return items.length === 0 ? {} : { Arguments: items };
  }

  value(constant: boolean): ValueNode {
    const { token } = this;
    return this.at(token, this.#value(constant));
  }

  #value(constant: boolean): ValueNode {
    if (this.is("[")) return this.#listValue(constant);
    if (this.is("{")) return this.#objectValue(constant);
    if (this.is("$")) {
      if (constant) throw this.unexpected();
      this.advance();
      return scalar(this.name(), VALUE_KIND.variable);
    }
    const { kind, value } = this.#token;
    const scalarKind = SCALAR_KINDS.get(kind) ?? (kind === "Name" ? namedKind(value) : undefined);
    if (scalarKind === undefined) throw this.unexpected();
    this.advance();
    return scalar(value, scalarKind);
  }

  #listValue(constant: boolean): ValueNode {
    const children: ChildValue[] = [];
    this.expect("[");
    while (!this.take("]")) children.push({ Name: "", Value: this.value(constant) });
    return composite(VALUE_KIND.list, children);
  }

  #objectValue(constant: boolean): ValueNode {
    const children: ChildValue[] = [];
    this.expect("{");
    while (!this.take("}")) {
      const { comment, token } = this;
      const name = this.name();
      this.expect(":");
      children.push(this.at(token, { Name: name, Value: this.value(constant), ...comment }));
    }
    return composite(VALUE_KIND.object, children);
  }

  type(): TypeReference {
    const { token } = this;
    let reference: Omit<TypeReference, "NonNull">;
    if (this.take("[")) {
      const element = this.type();
      this.expect("]");
      reference = { NamedType: "", Elem: element };
    } else reference = { NamedType: this.name() };
    return this.at(token, { ...reference, NonNull: this.take("!") });
  }
}

function described({ kind, value }: Token): string {
  return kind === "punctuator" ? value : kind;
}

const SCALAR_KINDS: ReadonlyMap<string, number> = new Map<string, number>([
  ["Int", VALUE_KIND.int],
  ["Float", VALUE_KIND.float],
  ["String", VALUE_KIND.string],
  ["BlockString", VALUE_KIND.block],
]);

function namedKind(name: string): number {
  if (name === "true" || name === "false") return VALUE_KIND.boolean;
  return name === "null" ? VALUE_KIND.null : VALUE_KIND.enum;
}

function scalar(raw: string, kind: number): ValueNode {
  return { Raw: raw, Kind: kind, ExpectedTypeHasDefault: false };
}

function composite(kind: number, children: readonly ChildValue[]): ValueNode {
  const node = scalar("", kind);
  return children.length === 0 ? node : { ...node, Children: children };
}
