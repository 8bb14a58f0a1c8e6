/** Templates of Go's text/template, parsed. Each node knows where it stands, since errors of the execution say so. */

export interface Place {
  /** In UTF-16 code units from the beginning of the template. */
  readonly at: number;
}

export type Operand =
  | (Place & { readonly kind: "bool"; readonly value: boolean })
  | (Place & { readonly kind: "dot" })
  | (Place & { readonly kind: "nil" })
  | (Place & { readonly kind: "string"; readonly quoted: string; readonly value: string })
  | (Place & { readonly kind: "number"; readonly text: string; readonly number: NumberConstant })
  | (Place & { readonly kind: "field"; readonly names: readonly string[] })
  /** `$x.a.b`: the variable's name with its dollar sign, then fields. */
  | (Place & { readonly kind: "variable"; readonly names: readonly string[] })
  | (Place & { readonly kind: "identifier"; readonly name: string })
  | (Place & { readonly kind: "chain"; readonly node: Operand; readonly names: readonly string[] })
  | Pipe;

export type NumberConstant =
  | { readonly kind: "int"; readonly value: bigint }
  | { readonly kind: "float64"; readonly value: number }
  | { readonly kind: "complex128"; readonly real: number; readonly imaginary: number }
  /** More than an int holds. */
  | { readonly kind: "overflow" };

export interface Command extends Place {
  readonly kind: "command";
  readonly operands: readonly [Operand, ...Operand[]];
}

export interface Pipe extends Place {
  readonly kind: "pipe";
  readonly variables: readonly string[];
  /** `=` instead of `:=`. */
  readonly assigns: boolean;
  readonly commands: readonly Command[];
}

export type Node =
  | (Place & { readonly kind: "text"; readonly text: string })
  | (Place & { readonly kind: "action"; readonly pipe: Pipe })
  | (Place & { readonly kind: "break" })
  | (Place & { readonly kind: "continue" })
  | (Place & { readonly kind: "template"; readonly name: string; readonly pipe: Pipe | undefined })
  | (Place & {
      readonly kind: "if" | "with" | "range";
      readonly pipe: Pipe;
      readonly list: readonly Node[];
      readonly elseList: readonly Node[];
    });

/** Lists of nodes by the names of their templates. */
export type Templates = ReadonlyMap<string, readonly Node[]>;

/** A node as templates write it, for messages. */
export function sourceOf(node: Operand | Command | Node): string {
  switch (node.kind) {
    case "bool":
      return String(node.value);
    case "dot":
      return ".";
    case "nil":
      return "nil";
    case "string":
      return node.quoted;
    case "number":
      return node.text;
    case "field":
      return `.${node.names.join(".")}`;
    case "variable":
      return node.names.join(".");
    case "identifier":
      return node.name;
    case "chain":
      return `${operandSource(node.node)}.${node.names.join(".")}`;
    case "command":
      return node.operands.map(operandSource).join(" ");
    case "pipe": {
      const sign = node.assigns ? " = " : " := ";
      const declared = node.variables.length === 0 ? "" : node.variables.join(", ") + sign;
      return declared + node.commands.map(sourceOf).join(" | ");
    }
    case "text":
      return node.text;
    case "action":
      return `{{${sourceOf(node.pipe)}}}`;
    case "template": {
      const pipe = node.pipe === undefined ? "" : ` ${sourceOf(node.pipe)}`;
      return `{{template ${JSON.stringify(node.name)}${pipe}}}`;
    }
    case "break":
    case "continue":
      return `{{${node.kind}}}`;
    case "if":
    case "with":
    case "range":
      return `{{${node.kind} ${sourceOf(node.pipe)}}}`;
  }
}

function operandSource(operand: Operand): string {
  return operand.kind === "pipe" ? `(${sourceOf(operand)})` : sourceOf(operand);
}
