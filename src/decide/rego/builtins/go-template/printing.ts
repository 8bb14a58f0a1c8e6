/** Values as Go's fmt prints them. */

import type { Value } from "../../values/index.ts";
import type { Evaluation } from "../builtin.ts";
import { type Flags, formatArgument, PLAIN } from "../format-argument.ts";
import { formatted, type Operands } from "../go-format.ts";
import { entriesOf, type GoValue, goValueOf, isText, typeName } from "./values.ts";

type Operand = GoValue | undefined;

function text(value: string, verb: string, flags: Flags): string {
  return formatArgument({ type: "string", value }, verb, flags);
}

/** A verb that the value's type does not have. */
function badVerb(value: GoValue, verb: string): string {
  return `%!${verb}(${typeName(value)}=${write(value, "v", PLAIN)})`;
}

/** One value as a verb writes it. */
export function write(value: Operand, verb: string, flags: Flags): string {
  if (value === undefined)
    return verb === "v" || verb === "T" ? text("<nil>", "s", { ...flags, sharp: false }) : `%!${verb}(<nil>)`;
  if (verb === "T") return text(typeName(value), "s", flags);
  switch (value.kind) {
    case "bool":
      return verb === "t" || verb === "v"
        ? text(String(value.value), "s", { ...flags, sharp: false })
        : badVerb(value, verb);
    case "int":
      return formatArgument({ type: "int64", value: value.value, name: "int" }, verb, flags);
    case "uint8":
      return verb === "v" && flags.sharp
        ? `0x${value.value.toString(16)}`
        : formatArgument({ type: "int64", value: value.value, name: "uint8" }, verb, flags);
    case "float64":
      return formatArgument({ type: "float64", value: value.value }, verb, flags);
    case "complex128":
      return complex(value, verb, flags);
    case "string":
      return text(value.value, verb, flags);
    case "number":
      return formatArgument({ type: "string", value: value.value, name: "json.Number" }, verb, flags);
    case "slice": {
      const items = value.value.map((item) => within(item, verb, flags));
      return isSyntax(verb, flags) ? `${typeName(value)}{${items.join(", ")}}` : `[${items.join(" ")}]`;
    }
    case "map": {
      const members = entriesOf(value.value).map(
        ([name, item]) => `${text(name, verb, flags)}:${within(item, verb, flags)}`,
      );
      return isSyntax(verb, flags)
        ? `${typeName(value)}{${members.join(", ")}}`
        : `map[${members.join(" ")}]`;
    }
  }
}

function isSyntax(verb: string, flags: Flags): boolean {
  return verb === "v" && flags.sharp;
}

/** A value within a slice or a map, where nil is held by an interface. */
function within(value: Value, verb: string, flags: Flags): string {
  const own = goValueOf(value);
  if (own !== undefined) return write(own, verb, flags);
  return isSyntax(verb, flags) ? "interface {}(nil)" : "<nil>";
}

function complex(value: GoValue & { readonly kind: "complex128" }, verb: string, flags: Flags): string {
  if (!"vbgGxXfFeE".includes(verb)) return badVerb(value, verb);
  const real = formatArgument({ type: "float64", value: value.real }, verb, flags);
  const signed = { ...flags, plus: true, sharp: flags.sharp && verb !== "v" };
  const imaginary = formatArgument(
    { type: "float64", value: value.imaginary },
    verb === "v" ? "g" : verb,
    signed,
  );
  return `(${real}${imaginary}i)`;
}

const OPERANDS: Operands<Operand> = {
  simple: () => undefined,
  write,
  integer: (value) => (value?.kind === "int" || value?.kind === "uint8" ? value.value : undefined),
  typed: (value) => (value === undefined ? "<nil>" : `${typeName(value)}=${write(value, "v", PLAIN)}`),
};

export function sprintf(evaluation: Evaluation, format: string, values: readonly Operand[]): string {
  return formatted(evaluation, OPERANDS, format, values);
}

/** As Go's fmt.Sprint: with spaces between neighbours of which none is a text. */
export function sprint(values: readonly Operand[]): string {
  let result = "";
  for (const [index, value] of values.entries()) {
    if (index > 0 && !isText(value) && !isText(values[index - 1])) result += " ";
    result += write(value, "v", PLAIN);
  }
  return result;
}

export function sprintln(values: readonly Operand[]): string {
  return `${values.map((value) => write(value, "v", PLAIN)).join(" ")}\n`;
}

/** A value that came down a pipe, as messages show it. */
export function reflected(value: GoValue): string {
  return value.kind === "string" ? value.value : `<${typeName(value)} Value>`;
}
