/**
 * One unit of emitted code: a query with all rules that it can reach. Emitting goes on as long as something names a rule that is
 * not there yet, so rules that the query cannot reach cost nothing.
 */

import type { Program, RuleGroup, RuleTree } from "../2-resolve/program.ts";
import { DECLARATIONS } from "../builtins/declarations.ts";
import type { Span } from "../source.ts";
import type { RefTerm, Term } from "../syntax.ts";
import type { Value } from "../values/index.ts";
import { constantOf, scalarLiteral, textLiteral } from "./literal.ts";
import type { Replacements } from "./replacements.ts";
import { emitGroup, emitMember } from "./rules.ts";
import { UnboundError } from "./unbound.ts";

export class Unit {
  readonly program: Program;
  /** What the emitted code refers to as `K[n]`. */
  readonly constants: unknown[] = [];
  readonly sites: Span[] = [];
  readonly #instrumented: boolean;
  readonly #replacements: Replacements;
  readonly #code: string[] = [];
  readonly #prelude: string[] = [];
  readonly #onData: string[] = [];
  readonly #names = new Map<string, string>();
  readonly #pending: (() => void)[] = [];
  #counter = 0;

  constructor(program: Program, replacements: Replacements, instrumented: boolean) {
    this.program = program;
    this.#replacements = replacements;
    this.#instrumented = instrumented;
  }

  fresh(prefix: string): string {
    return `${prefix}${++this.#counter}`;
  }

  emit(...lines: string[]): void {
    this.#code.push(...lines);
  }

  /** The whole source, a factory's body. `main` is its lines. */
  source(main: readonly string[]): string {
    for (let next = this.#pending.shift(); next !== undefined; next = this.#pending.shift()) next();
    return [
      '"use strict";',
      ...this.#prelude,
      ...this.#code,
      ...main,
      `return { run, setData(data) { ${this.#onData.join(" ")} } };`,
    ].join("\n");
  }

  /** A literal where there is one, else a name for it. */
  constant(value: Value): string {
    return scalarLiteral(value) ?? this.shared(value);
  }

  /** A name for something that emitted code cannot say itself. */
  shared(value: unknown): string {
    const name = `K${this.constants.length}`;
    this.#prelude.push(`const ${name} = K[${this.constants.length}];`);
    this.constants.push(value);
    return name;
  }

  /** The name of a built-in's implementation, called from there. */
  builtin(name: string, where: string): string {
    return this.#once(`builtin ${name} ${where}`, "B", (ident) => {
      this.#prelude.push(`const ${ident} = R.builtin(S, ${textLiteral(name)}, ${textLiteral(where)});`);
    });
  }

  /** How many operands a call takes, its result aside. */
  operands(operator: Term): number {
    if (operator.kind === "var") return arityOf(operator.name);
    return this.#treeAt(operator)?.group?.arity ?? 0;
  }

  isFunction(node: RefTerm): boolean {
    return (
      node.head.kind === "var" && node.head.name === "data" && this.#treeAt(node)?.group?.kind === "function"
    );
  }

  functionOf(path: readonly string[]): string {
    let tree: RuleTree | undefined = this.program.tree;
    for (const step of path) tree = tree?.children.get(step);
    if (tree?.group === undefined) throw new Error(`no function data.${path.join(".")}`);
    return this.ruleOf(tree, path);
  }

  /** The function that evaluates all rules of a path. */
  ruleOf(tree: RuleTree, path: readonly string[]): string {
    return this.#once(`rule ${JSON.stringify(path)}`, "r", (ident) => {
      this.#pending.push(() => {
        if (tree.group !== undefined) emitGroup(this, ident, tree, tree.group);
      });
    });
  }

  /** The function that gives one member of a partial set or object. */
  memberOf(tree: RuleTree, path: readonly string[]): string {
    return this.#once(`member ${JSON.stringify(path)}`, "r", (ident) => {
      const all = this.ruleOf(tree, path);
      this.#pending.push(() => {
        if (tree.group !== undefined) emitMember(this, ident, all, tree, tree.group);
      });
    });
  }

  /**
   * A function that makes a group index once an epoch, or undefined when its lines cannot be written: `UnboundError` says that a
   * variable would be needed before it has a value.
   */
  attempt(write: (lines: string[]) => void): string | undefined {
    const lines: string[] = [];
    try {
      write(lines);
    } catch (error) {
      if (error instanceof UnboundError) return undefined;
      throw error;
    }
    const name = this.fresh("q");
    const kept = this.fresh("m");
    const epoch = this.fresh("e");
    this.emit(
      `let ${kept}, ${epoch} = 0;`,
      `function ${name}() {`,
      `if (${epoch} === S.epoch) return ${kept};`,
      "const out = R.groups();",
      "B: {",
      ...lines,
      "}",
      `${kept} = out; ${epoch} = S.epoch;`,
      "return out;",
      "}",
    );
    return name;
  }

  /** A document that has rules below it. */
  node(tree: RuleTree, path: readonly string[]): string {
    return this.#once(`node ${JSON.stringify(path)}`, "V", (ident) => {
      const children: string[] = [];
      const partial: string[] = [];
      for (const [key, child] of tree.children) {
        const inner = [...path, key];
        if (child.group?.kind === "function") continue;
        const value = child.group === undefined ? this.node(child, inner) : this.ruleOf(child, inner);
        children.push(`[${textLiteral(key)}, ${value}]`);
        if (child.group !== undefined && child.group.kind !== "value") partial.push(textLiteral(key));
      }
      this.#prelude.push(
        `const ${ident} = new R.VirtualNode(S, ${this.constant([...path])}, new Map([${children.join(", ")}]), [${partial.join(", ")}]);`,
      );
    });
  }

  /** What the data has at this path, looked up when the data is set. */
  baseDocument(path: readonly string[]): string {
    return this.#once(`data ${JSON.stringify(path)}`, "D", (ident) => {
      this.#prelude.push(`let ${ident};`);
      this.#onData.push(`${ident} = R.lookup(data, ${this.constant([...path])});`);
    });
  }

  /** The input, or a reference by names alone into it or to base documents. */
  isBase(node: Term): boolean {
    if (node.kind === "var") return node.name === "input";
    if (node.kind !== "ref" || node.head.kind !== "var" || node.path.length === 0) return false;
    if (!node.path.every((step) => step.kind === "string" || step.kind === "number")) return false;
    if (node.head.name === "input") return true;
    if (node.head.name !== "data") return false;
    let tree: RuleTree | undefined = this.program.tree;
    for (const step of node.path) {
      if (tree?.group !== undefined) return hasNoMember(tree.group, step);
      tree = step.kind === "string" ? tree?.children.get(step.value) : undefined;
      if (tree === undefined) return true;
    }
    return false;
  }

  /** A document that is none by itself: rules define what is below it. */
  isVirtual(node: Term): node is RefTerm {
    if (node.kind !== "ref" || node.head.kind !== "var" || node.head.name !== "data") return false;
    let tree: RuleTree | undefined = this.program.tree;
    for (const step of node.path) {
      if (tree === undefined || tree.group !== undefined || step.kind !== "string") return false;
      tree = tree.children.get(step.value);
    }
    return tree !== undefined && tree.group === undefined;
  }

  isMocked(name: string): boolean {
    return this.#replacements.functions.has(name);
  }

  /** Whether a `with` puts rules at this path out of sight. */
  mayBeHidden(path: readonly string[]): boolean {
    return this.#replacements.data.some((target) => isPrefix(target, path));
  }

  /** Whether a `with` changes what the data has at this path. */
  mayChange(path: readonly string[]): boolean {
    return this.#replacements.data.some((target) => isPrefix(target, path) || isPrefix(path, target));
  }

  /** A number for a place that probes are told of; undefined when nobody asks. */
  site(span: Span): number | undefined {
    if (!this.#instrumented) return undefined;
    return this.sites.push(span) - 1;
  }

  #once(key: string, prefix: string, make: (ident: string) => void): string {
    const known = this.#names.get(key);
    if (known !== undefined) return known;
    const ident = this.fresh(prefix);
    this.#names.set(key, ident);
    make(ident);
    return ident;
  }

  #treeAt(node: Term): RuleTree | undefined {
    if (node.kind !== "ref") return undefined;
    let tree: RuleTree | undefined = this.program.tree;
    for (const step of node.path) {
      if (step.kind !== "string") return undefined;
      tree = tree?.children.get(step.value);
    }
    return tree;
  }
}

/** Whether the keys of all rules are constants, and each another. */
function hasNoMember({ kind, rules }: RuleGroup, step: Term): boolean {
  if (kind !== "object" || step.kind !== "string") return false;
  return rules.every(({ keys: [key] }) => {
    const constant = key === undefined ? undefined : constantOf(key);
    return constant !== undefined && constant !== step.value;
  });
}

const ARITIES = new Map<string, number>();

/** Operands of a built-in, read off its signature. */
export function arityOf(name: string): number {
  const known = ARITIES.get(name);
  if (known !== undefined) return known;
  const signature = DECLARATIONS.get(name)?.signature ?? "()";
  let depth = 0;
  let operands = 0;
  let any = false;
  const end = closing(signature);
  for (const unit of signature.slice(1, end)) {
    if ("([{".includes(unit)) depth++;
    else if (")]}".includes(unit)) depth--;
    else if (unit === "," && depth === 0) operands++;
    if (unit !== " ") any = true;
  }
  const count = any ? operands + 1 : 0;
  ARITIES.set(name, count);
  return count;
}

function closing(signature: string): number {
  let depth = 0;
  for (let i = 0; i < signature.length; i++) {
    if ("([{".includes(signature[i] as string)) depth++;
    else if (")]}".includes(signature[i] as string) && --depth === 0) return i;
  }
  return signature.length;
}

function isPrefix(short: readonly string[], long: readonly string[]): boolean {
  return short.length <= long.length && short.every((step, index) => long[index] === step);
}
