import { isMap, isScalar, isSeq, type Node } from "yaml";
import { nearest } from "#kernel";
import type { Findings, Place } from "../findings.ts";
import type { SourceText } from "../source-text.ts";
import { placeOf } from "./document.ts";

/** What reading a value needs: the file it stands in and where to say what is wrong with it. */
export interface Reading {
  readonly source: SourceText;
  readonly findings: Findings;
}

/** Reads one value; undefined after having said what is wrong. */
export type Reader<T> = (node: Node, path: string, reading: Reading) => T | undefined;

/** Fields of a mapping: each has its reader, and whether it must be there. */
export type Shape<T> = { readonly [K in keyof T]-?: Field<Exclude<T[K], undefined>> };

interface Field<T> {
  readonly read: Reader<T>;
  readonly required?: boolean;
}

/** What was read of a mapping: fields that are absent or wrong are missing. */
export type Partly<T> = { -readonly [K in keyof T]?: Exclude<T[K], undefined> };

/** Reads a mapping by its shape: every unknown, doubled, missing or wrong field is found fault with. */
export function mapping<T extends object>(shape: Shape<T>): Reader<Partly<T>> {
  const names = Object.keys(shape) as (keyof T & string)[];
  return (node, path, reading) => {
    const fields = fieldsOf(node, path, reading);
    if (fields === undefined) return undefined;
    const made: Partly<T> = {};
    for (const name of names) {
      const { read, required } = shape[name];
      const field = fields.get(name);
      if (field === undefined) {
        if (required === true)
          reading.findings.error(
            "manifest.missing_field",
            head(node, reading),
            `${join(path, name)} is missing`,
          );
        continue;
      }
      const value = read(field.value, join(path, name), reading);
      if (value !== undefined) made[name] = value as Exclude<T[typeof name], undefined>;
    }
    for (const [name, field] of fields) {
      if ((names as readonly string[]).includes(name)) continue;
      const meant = nearest(name, names);
      const hint = meant === undefined ? `fields here: ${names.join(", ")}` : `did you mean ${meant}?`;
      reading.findings.error(
        "manifest.unknown_field",
        field.keyPlace,
        `there is no field ${JSON.stringify(join(path, name))}`,
        hint,
      );
    }
    return made;
  };
}

/** Reads a mapping from names to texts, such as labels. */
export function texts(isName: RegExp, read: Reader<string>): Reader<{ readonly [name: string]: string }> {
  return (node, path, reading) => {
    const fields = fieldsOf(node, path, reading);
    if (fields === undefined) return undefined;
    const entries: [string, string][] = [];
    for (const [name, field] of fields) {
      if (!isName.test(name)) {
        reading.findings.error(
          "manifest.bad_value",
          field.keyPlace,
          `${JSON.stringify(name)} is no name for ${path}`,
          "letters, digits, and - _ . / between them",
        );
        continue;
      }
      const value = read(field.value, join(path, name), reading);
      if (value !== undefined) entries.push([name, value]);
    }
    return Object.fromEntries(entries);
  };
}

export function sequence<T>(read: Reader<T>, most: number): Reader<readonly T[]> {
  return (node, path, reading) => {
    if (!isSeq<Node>(node)) return wrongType(node, path, "a list", reading);
    if (node.items.length > most) {
      reading.findings.error(
        "manifest.bad_value",
        head(node, reading),
        `${path} has more than ${most} entries`,
      );
      return undefined;
    }
    const made: T[] = [];
    node.items.forEach((item, index) => {
      const value = read(item, `${path}[${index}]`, reading);
      if (value !== undefined) made.push(value);
    });
    return made;
  };
}

/** Reads a text that `check` accepts; it answers what is wrong and perhaps a hint, or undefined. */
export function text(
  check: (value: string) => readonly [message: string, hint?: string] | undefined,
  options: { readonly most?: number; readonly lines?: boolean } = {},
): Reader<string> {
  const most = options.most ?? 200;
  // a block scalar (| or >) ends in a line break
  const shape = (value: string): string =>
    options.lines === true ? value.trim().replace(/\s*\n\s*/g, " ") : value;
  return (node, path, reading) => {
    if (!isScalar(node) || typeof node.value !== "string") return wrongType(node, path, "a text", reading);
    const value = shape(node.value);
    const wrong: readonly [string, string?] | undefined =
      value.length > most
        ? [`is longer than ${most} characters`]
        : /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u.test(value)
          ? ["holds control characters"]
          : value.trim() === ""
            ? ["is empty"]
            : check(value);
    if (wrong === undefined) return value;
    reading.findings.error(
      "manifest.bad_value",
      placeOf(node, reading.source),
      `${path} ${wrong[0]}`,
      wrong[1],
    );
    return undefined;
  };
}

export function oneOf<T extends string>(values: readonly T[]): Reader<T> {
  const read = text((value) => {
    if ((values as readonly string[]).includes(value)) return undefined;
    const meant = nearest(value, values);
    const message = `is ${JSON.stringify(value)}, which is none of ${values.join(", ")}`;
    return meant === undefined ? [message] : [message, `did you mean ${meant}?`];
  });
  return (node, path, reading) => {
    const value = read(node, path, reading);
    return values.find((one) => one === value);
  };
}

export function numberBetween(least: number, most: number): Reader<number> {
  return (node, path, reading) => {
    if (!isScalar(node) || typeof node.value !== "number") return wrongType(node, path, "a number", reading);
    if (node.value >= least && node.value <= most) return node.value;
    reading.findings.error(
      "manifest.bad_value",
      placeOf(node, reading.source),
      `${path} is not from ${least} to ${most}`,
    );
    return undefined;
  };
}

export const truth: Reader<boolean> = (node, path, reading) => {
  if (isScalar(node) && typeof node.value === "boolean") return node.value;
  return wrongType(node, path, "true or false", reading);
};

interface Found {
  readonly value: Node;
  readonly keyPlace: Place;
}

function fieldsOf(node: Node, path: string, reading: Reading): ReadonlyMap<string, Found> | undefined {
  if (!isMap<Node, Node | null>(node)) return wrongType(node, path, "a mapping", reading);
  const fields = new Map<string, Found>();
  for (const { key, value } of node.items) {
    const keyPlace = placeOf(key, reading.source);
    const name = isScalar(key) ? String(key.value) : "";
    if (fields.has(name))
      reading.findings.error("manifest.duplicate_key", keyPlace, `${join(path, name)} is there twice`);
    else if (value === null)
      reading.findings.error("manifest.wrong_type", keyPlace, `${join(path, name)} has no value`);
    else fields.set(name, { value, keyPlace });
  }
  return fields;
}

function wrongType(node: Node, path: string, wanted: string, reading: Reading): undefined {
  const scalar = isScalar(node) ? node.value : undefined;
  const quotable =
    wanted === "a text" && isScalar(node) && (typeof scalar === "number" || typeof scalar === "boolean");
  const hint = quotable ? `in quotes: "${node.source ?? String(scalar)}"` : undefined;
  reading.findings.error(
    "manifest.wrong_type",
    head(node, reading),
    `${path} is ${wanted}, and this is ${typeWord(node)}`,
    hint,
  );
  return undefined;
}

function typeWord(node: Node): string {
  if (isMap(node)) return "a mapping";
  if (isSeq(node)) return "a list";
  if (!isScalar(node) || node.value === null) return "empty";
  if (typeof node.value === "boolean") return "true or false";
  return typeof node.value === "number" ? "a number" : "a text";
}

/** A place ends with its line, so this is the first line of a mapping. */
function head(node: Node, reading: Reading): Place {
  return placeOf(node, reading.source);
}

function join(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}
