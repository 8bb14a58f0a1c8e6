/** Templates executed over a document (Go's text/template). Errors say at which node, as Go's do. */
import type { Value } from "../../values/index.ts";
import type { Evaluation } from "../builtin.ts";
import { DataError } from "../data-error.ts";
import { goQuote } from "../go-text.ts";
import { chargeForLength } from "../replacing.ts";
import { FUNCTIONS } from "./functions.ts";
import { MAIN } from "./parser.ts";
import { reflected, sprint } from "./printing.ts";
import { type Command, type Node, type Operand, type Pipe, sourceOf, type Templates } from "./tree.ts";
import {
  entriesOf,
  type GoValue,
  type Held,
  held,
  heldByDocument,
  isTrue,
  memberOf,
  NOTHING,
  typeName,
} from "./values.ts";

/** Templates within templates. */
const MAX_DEPTH = 100_000;

/** @throws DataError where the execution fails */
export function executeTemplates(
  evaluation: Evaluation,
  source: string,
  templates: Templates,
  data: Value,
): string {
  const dot = held(heldByDocument(data).value);
  const output: string[] = [];
  new Execution({ evaluation, source, templates, output }, MAIN, dot, 0).run();
  return output.join("");
}

interface Shared {
  readonly evaluation: Evaluation;
  readonly source: string;
  readonly templates: Templates;
  readonly output: string[];
}

/** Why a list of nodes ended. */
type Ending = "done" | "break" | "continue";

type Located = Operand | Command | Node;

/** One template's execution, with its own variables. */
class Execution {
  readonly #shared: Shared;
  readonly #name: string;
  readonly #dot: Held;
  readonly #depth: number;
  readonly #variables: { readonly name: string; value: Held }[];
  /** The node that an error is said to be at. */
  #node: Located | undefined;
  constructor(shared: Shared, name: string, dot: Held, depth: number) {
    this.#shared = shared;
    this.#name = name;
    this.#dot = dot;
    this.#depth = depth;
    this.#variables = [{ name: "$", value: dot }];
  }

  run(): void {
    this.#list(this.#dot, this.#shared.templates.get(this.#name) ?? []);
  }

  #fail(message: string): never {
    const node = this.#node;
    if (node === undefined) throw new DataError(`template: ${this.#name}: ${message}`);
    const before = this.#shared.source.slice(0, node.at);
    const line = before.split("\n").length;
    const column = Buffer.byteLength(before.slice(before.lastIndexOf("\n") + 1));
    throw new DataError(
      `template: ${MAIN}:${line}:${column}: executing ${goQuote(this.#name)} at <${sourceOf(node)}>: ${message}`,
    );
  }

  #list(dot: Held, nodes: readonly Node[]): Ending {
    for (const node of nodes) {
      const ending = this.#walk(dot, node);
      if (ending !== "done") return ending;
    }
    return "done";
  }

  #print(text: string): void {
    chargeForLength(this.#shared.evaluation, text.length);
    this.#shared.output.push(text);
  }

  #walk(dot: Held, node: Node): Ending {
    this.#shared.evaluation.charge(1);
    this.#node = node;
    switch (node.kind) {
      case "text":
        this.#print(node.text);
        return "done";
      case "action": {
        const { value } = this.#pipe(dot, node.pipe);
        if (node.pipe.variables.length === 0)
          this.#print(value === undefined ? "<no value>" : sprint([value]));
        return "done";
      }
      case "break":
      case "continue":
        return node.kind;
      case "template":
        this.#template(dot, node);
        return "done";
      case "range":
        return this.#scoped(() => this.#range(dot, node.pipe, node.list, node.elseList));
      case "if":
      case "with":
        return this.#scoped(() => {
          const value = this.#pipe(dot, node.pipe);
          const inner = node.kind === "with" ? held(value.value) : dot;
          return isTrue(value.value) ? this.#list(inner, node.list) : this.#list(dot, node.elseList);
        });
    }
  }

  /** Variables that are declared within are forgotten. */
  #scoped<T>(run: () => T): T {
    const mark = this.#variables.length;
    const result = run();
    this.#variables.length = mark;
    return result;
  }

  #template(dot: Held, node: Node & { readonly kind: "template" }): void {
    if (!this.#shared.templates.has(node.name)) this.#fail(`template ${goQuote(node.name)} not defined`);
    if (this.#depth === MAX_DEPTH) this.#fail(`exceeded maximum template depth (${MAX_DEPTH})`);
    const data = node.pipe === undefined ? NOTHING : this.#pipe(dot, node.pipe);
    new Execution(this.#shared, node.name, data, this.#depth + 1).run();
  }

  #range(dot: Held, pipe: Pipe, list: readonly Node[], elseList: readonly Node[]): Ending {
    const { value } = this.#pipe(dot, pipe);
    const mark = this.#variables.length;
    let isEmpty = true;
    for (const [index, item] of this.#items(value, pipe)) {
      isEmpty = false;
      this.#shared.evaluation.charge(1);
      this.#bind(pipe, index, item);
      const ending = this.#list(item, list);
      this.#variables.length = mark;
      if (ending === "break") break;
    }
    return isEmpty ? this.#list(dot, elseList) : "done";
  }

  *#items(value: GoValue | undefined, pipe: Pipe): Generator<readonly [Held, Held]> {
    switch (value?.kind) {
      case undefined:
        return;
      case "slice":
        for (const [index, item] of value.value.entries())
          yield [held({ kind: "int", value: BigInt(index) }), heldByDocument(item)];
        return;
      case "map":
        for (const [name, item] of entriesOf(value.value))
          yield [held({ kind: "string", value: name }), heldByDocument(item)];
        return;
      case "int":
      case "uint8":
        if (pipe.variables.length > 1)
          this.#fail(`can't use ${sprint([value])} to iterate over more than one variable`);
        for (let at = 0n; at < value.value; at++) {
          const item = held({ kind: value.kind, value: at });
          yield [item, item];
        }
        return;
      case "bool":
      case "complex128":
      case "float64":
      case "number":
      case "string":
        this.#fail(`range can't iterate over ${sprint([value])}`);
    }
  }

  /** Of two variables the first is the index, one alone is the item. */
  #bind({ variables, assigns }: Pipe, index: Held, item: Held): void {
    const [first, second] = variables;
    if (first === undefined) return;
    if (assigns) {
      this.#assign(first, second === undefined ? item : index);
      if (second !== undefined) this.#assign(second, item);
      return;
    }
    const top = this.#variables.length;
    const declared = [second === undefined ? item : index, item];
    for (let at = 0; at < variables.length; at++) {
      const variable = this.#variables[top - variables.length + at];
      if (variable !== undefined) variable.value = declared[at] as Held;
    }
  }

  #assign(name: string, value: Held): void {
    const variable = this.#variables.findLast((candidate) => candidate.name === name);
    if (variable === undefined) this.#fail(`undefined variable: ${name}`);
    else variable.value = value;
  }

  #pipe(dot: Held, pipe: Pipe): Held {
    this.#node = pipe;
    let value: Held | undefined;
    for (const command of pipe.commands) value = held(this.#command(dot, command, value).value);
    const result = value ?? NOTHING;
    for (const name of pipe.variables) {
      if (pipe.assigns) this.#assign(name, result);
      else this.#variables.push({ name, value: result });
    }
    return result;
  }

  /** `final` is what came down the pipe. */
  #command(dot: Held, command: Command, final: Held | undefined): Held {
    const [first, ...rest] = command.operands;
    switch (first.kind) {
      case "field":
        this.#node = first;
        return this.#fields(dot, first.names, rest, final);
      case "variable":
        return this.#variable(first, rest, final);
      case "chain":
        return this.#chain(dot, first, rest, final);
      case "identifier":
        this.#node = first;
        return this.#call(dot, first.name, command, rest, final);
      case "pipe":
        this.#mustStandAlone(first, rest, final);
        return this.#pipe(dot, first);
      case "bool":
      case "dot":
      case "nil":
      case "number":
      case "string":
        this.#node = first;
        this.#mustStandAlone(first, rest, final);
        if (first.kind === "nil") this.#fail("nil is not a command");
        return this.#operand(dot, first);
    }
  }

  #mustStandAlone(first: Operand, rest: readonly Operand[], final: Held | undefined): void {
    if (rest.length > 0 || final !== undefined)
      this.#fail(`can't give argument to non-function ${sourceOf(first)}`);
  }

  #variable(
    node: Operand & { readonly kind: "variable" },
    rest: readonly Operand[],
    final: Held | undefined,
  ): Held {
    this.#node = node;
    const [name = "", ...fields] = node.names;
    const variable = this.#variables.findLast((candidate) => candidate.name === name);
    if (variable === undefined) return this.#fail(`undefined variable: ${name}`);
    if (fields.length > 0) return this.#fields(variable.value, fields, rest, final);
    this.#mustStandAlone(node, rest, final);
    return variable.value;
  }

  #chain(
    dot: Held,
    node: Operand & { readonly kind: "chain" },
    rest: readonly Operand[],
    final: Held | undefined,
  ): Held {
    this.#node = node;
    const receiver = this.#operand(dot, node.node);
    return this.#fields(receiver, node.names, rest, final);
  }

  #fields(start: Held, names: readonly string[], rest: readonly Operand[], final: Held | undefined): Held {
    let receiver = start;
    for (const [index, name] of names.entries()) {
      const hasOperands = index === names.length - 1 && (rest.length > 0 || final !== undefined);
      receiver = this.#field(receiver, name, hasOperands);
    }
    return receiver;
  }

  #field(receiver: Held, name: string, hasOperands: boolean): Held {
    const { value, isInterface } = receiver;
    if (value === undefined)
      return isInterface ? this.#fail(`nil pointer evaluating interface {}.${name}`) : NOTHING;
    if (value.kind !== "map")
      return this.#fail(
        `can't evaluate field ${name} in type ${isInterface ? "interface {}" : typeName(value)}`,
      );
    if (hasOperands) this.#fail(`${name} is not a method but has arguments`);
    return memberOf(value.value, name);
  }

  /** An operand as a function gets it. */
  #operand(dot: Held, node: Operand): Held {
    this.#node = node;
    switch (node.kind) {
      case "dot":
        return dot;
      case "nil":
        return NOTHING;
      case "bool":
        return held({ kind: "bool", value: node.value });
      case "string":
        return held({ kind: "string", value: node.value });
      case "number":
        if (node.number.kind === "overflow") return this.#fail(`${node.text} overflows int`);
        return held(node.number);
      case "field":
        return this.#fields(dot, node.names, [], undefined);
      case "variable":
        return this.#variable(node, [], undefined);
      case "chain":
        return this.#chain(dot, node, [], undefined);
      case "pipe":
        return this.#pipe(dot, node);
      case "identifier":
        return this.#call(dot, node.name, node, [], undefined);
    }
  }

  #call(dot: Held, name: string, node: Located, operands: readonly Operand[], final: Held | undefined): Held {
    this.#shared.evaluation.charge(1);
    const count = operands.length + (final === undefined ? 0 : 1);
    const known = FUNCTIONS.get(name) ?? { count: 1, isVariadic: true, call: undefined };
    if (known.isVariadic ? count < known.count : count !== known.count) {
      const least = known.isVariadic ? "at least " : "";
      this.#fail(`wrong number of args for ${name}: want ${least}${known.count} got ${count}`);
    }
    if (name === "and" || name === "or") return this.#shortCircuit(dot, name, operands, final);
    const values = operands.map((operand, index) =>
      name === "printf" && index === 0 ? this.#textOperand(dot, operand) : this.#operand(dot, operand),
    );
    if (final !== undefined) values.push(name === "printf" && count === 1 ? this.#mustBeText(final) : final);
    const [first = NOTHING] = values;
    try {
      if (known.call === undefined)
        throw new DataError(
          first.value === undefined
            ? "call of nil"
            : `non-function ${operands[0] === undefined ? reflected(first.value) : sourceOf(operands[0])} of type ${typeName(first.value)}`,
        );
      return known.call(this.#shared.evaluation, values);
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      this.#node = node;
      return this.#fail(`error calling ${name}: ${error.message}`);
    }
  }

  /** The first operand that decides, or the last. */
  #shortCircuit(dot: Held, name: string, operands: readonly Operand[], final: Held | undefined): Held {
    let value = NOTHING;
    for (const operand of operands) {
      value = this.#operand(dot, operand);
      if (isTrue(value.value) === (name === "or")) return value;
    }
    return final ?? value;
  }

  #textOperand(dot: Held, operand: Operand): Held {
    if (operand.kind === "nil" || operand.kind === "bool" || operand.kind === "number") {
      this.#node = operand;
      this.#fail(
        operand.kind === "nil"
          ? "cannot assign nil to string"
          : `expected string; found ${sourceOf(operand)}`,
      );
    }
    return this.#mustBeText(this.#operand(dot, operand));
  }

  #mustBeText(operand: Held): Held {
    const { value, isInterface } = operand;
    if (value?.kind === "string") return operand;
    if (value !== undefined)
      return this.#fail(`wrong type for value; expected string; got ${typeName(value)}`);
    return this.#fail(
      isInterface
        ? "wrong type for value; expected string; got interface {}"
        : "invalid value; expected string",
    );
  }
}
