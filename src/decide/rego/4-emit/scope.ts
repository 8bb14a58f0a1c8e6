import type { Term } from "../syntax.ts";
import type { Unit } from "./unit.ts";

/**
 * Where code is being written: the lines of one JavaScript function, which variables are bound by now, and the statement that
 * gives up on the current solution. Code is written straight on; a loop that a term opens stays open for all that follows.
 */
export class Scope {
  readonly unit: Unit;
  readonly lines: string[];
  /** Rego's variables by name, as JavaScript expressions without effect. */
  readonly bound: Map<string, string>;
  /** The statement to run when an expression does not hold. */
  fail: string;
  /** Calls whose results are there already. */
  readonly calls: Map<Term, string> = new Map<Term, string>();
  /** Whether a loop is open, so that there may be more than one solution. */
  loops = 0;
  readonly #closers: string[] = [];

  constructor(unit: Unit, lines: string[], bound: ReadonlyMap<string, string>, fail: string) {
    this.unit = unit;
    this.lines = lines;
    this.bound = new Map(bound);
    this.fail = fail;
  }

  write(line: string): void {
    this.lines.push(line);
  }

  /** A constant holding this expression. */
  keep(expression: string): string {
    const name = this.unit.fresh("t");
    this.write(`const ${name} = ${expression};`);
    return name;
  }

  /** A constant holding this expression, which is not undefined from here on. */
  defined(expression: string): string {
    const name = this.keep(expression);
    this.write(`if (${name} === undefined) ${this.fail}`);
    return name;
  }

  unless(condition: string): void {
    this.write(`if (!(${condition})) ${this.fail}`);
  }

  /** Opens a `for` over `index` from 0 to `length`. */
  loop(length: string): string {
    const index = this.unit.fresh("i");
    const label = this.unit.fresh("L");
    this.write(`${label}: for (let ${index} = 0; ${index} < ${length}; ${index}++) {`);
    this.write("if (--S.fuel < 0) S.refuel();");
    this.#closers.push("}");
    this.fail = `continue ${label};`;
    this.loops++;
    return index;
  }

  /** Ends every loop that is open here. */
  close(): void {
    for (const closer of this.#closers.splice(0).reverse()) this.write(closer);
  }

  /** A block in which failing leaves the block, and what is bound stays within. */
  block(build: (inner: Scope, label: string) => void): void {
    const label = this.unit.fresh("B");
    this.write(`${label}: {`);
    const inner = new Scope(this.unit, this.lines, this.bound, `break ${label};`);
    for (const [node, result] of this.calls) inner.calls.set(node, result);
    build(inner, label);
    inner.close();
    this.write("}");
  }
}
