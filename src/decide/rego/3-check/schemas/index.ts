/**
 * Schemas as types of documents (OPA "Schemas"): one for the input of all rules, and those that annotations give to paths, of
 * packages that a rule is in, of its document and of itself, in this order.
 */
import type { Program, ResolvedRule, RuleGroup } from "../../2-resolve/program.ts";
import type { World } from "../../builtins/builtin.ts";
import { DataError } from "../../builtins/data-error.ts";
import { fetching } from "../../builtins/json-schema/fetch.ts";
import { readSchema } from "../../builtins/json-schema/read.ts";
import { BuiltinError } from "../../errors.ts";
import type { Span } from "../../source.ts";
import type { Annotations } from "../../syntax.ts";
import type { PlainObject, Value } from "../../values/index.ts";
import type { Findings } from "../findings.ts";
import { ANY, type Type } from "../types.ts";
import { put } from "./put.ts";
import { typeOfSchema } from "./schema-type.ts";

export interface SchemaSet {
  /** What every input is held to. */
  readonly input?: Value;
  /** Those that annotations name: that of `schema.a["b-c"]` by `a/b-c`. */
  readonly named?: ReadonlyMap<string, Value>;
  /** The network, for references to schemas elsewhere; refused without it. */
  readonly world?: World;
}

/** What a rule's annotations make of documents. */
export interface RuleSchemas {
  readonly input: Type;
  /** By paths under `data`, each put over those before. */
  readonly data: readonly { readonly path: readonly string[]; readonly type: Type }[];
}

/** As the parser reads an item of an annotation's `schemas`. */
interface Declared {
  readonly path: readonly string[];
  /** `["schema", "a", "b-c"]`. */
  readonly schema?: readonly string[];
  readonly definition?: PlainObject;
}

export class Schemas {
  readonly input: Type;
  readonly #set: SchemaSet | undefined;
  readonly #findings: Findings;
  readonly #packages = new Map<string, Annotations[]>();
  readonly #documents = new Map<string, Annotations[]>();
  readonly #types = new Map<Value, Type>();
  constructor(program: Program, set: SchemaSet | undefined, findings: Findings) {
    this.#set = set;
    this.#findings = findings;
    for (const module of program.modules)
      for (const item of module.annotations)
        if (item.scope === "package" || item.scope === "subpackages")
          push(this.#packages, JSON.stringify([item.scope, ...module.package.path]), item);
    this.#readDocuments(program);
    this.input = set?.input === undefined ? ANY : this.#typeOf(set.input, undefined);
  }

  /** What a rule of this group sees; undefined where nothing is said of it in particular. */
  of(rule: ResolvedRule, group: RuleGroup): RuleSchemas | undefined {
    const items = this.#annotationsOf(rule, group).flatMap(
      ({ values }) => (values["schemas"] ?? []) as readonly Declared[],
    );
    if (items.length === 0) return undefined;
    let input = this.input;
    const data: { readonly path: readonly string[]; readonly type: Type }[] = [];
    for (const {
      path: [root, ...path],
      schema,
      definition,
    } of items) {
      const type =
        definition === undefined ? this.#named(schema ?? [], rule.at) : this.#typeOf(definition, rule.at);
      if (type === undefined) continue;
      if (root === "input") input = put(input, path, type);
      else data.push({ path, type });
    }
    return { input, data };
  }

  #annotationsOf(rule: ResolvedRule, { path }: RuleGroup): readonly Annotations[] {
    const { path: packagePath } = rule.module.package;
    const above = packagePath.flatMap(
      (_, index) =>
        this.#packages.get(JSON.stringify(["subpackages", ...packagePath.slice(0, index + 1)])) ?? [],
    );
    return [
      ...above,
      ...(this.#packages.get(JSON.stringify(["package", ...packagePath])) ?? []),
      ...(this.#documents.get(JSON.stringify(path)) ?? []),
      ...rule.annotations.filter(({ scope }) => scope === "rule"),
    ];
  }

  #readDocuments({ tree }: Program): void {
    const visit = (node: Program["tree"]): void => {
      for (const { annotations } of node.group?.rules ?? [])
        for (const item of annotations)
          if (item.scope === "document" && node.group !== undefined)
            push(this.#documents, JSON.stringify(node.group.path), item);
      for (const child of node.children.values()) visit(child);
    };
    visit(tree);
  }

  /** Undefined without a set of schemas: what annotations name is then not known to anybody. */
  #named([, ...path]: readonly string[], at: Span): Type | undefined {
    if (this.#set === undefined) return undefined;
    const schema = this.#set.named?.get(path.join("/"));
    if (schema !== undefined) return this.#typeOf(schema, at);
    const text = ["schema", ...path].map(stepText).join("");
    this.#findings.add(at, `undefined schema: ${text}`, "name a folder of schemas that has it");
    return undefined;
  }

  #typeOf(schema: Value, at: Span | undefined): Type {
    const known = this.#types.get(schema);
    if (known !== undefined) return known;
    let type: Type = ANY;
    let read = false;
    try {
      const compiled = readSchema(schema, fetching(this.#set?.world));
      read = true;
      type = typeOfSchema(compiled);
    } catch (error) {
      if (!(error instanceof DataError || error instanceof BuiltinError)) throw error;
      const message = `${read ? "type checking" : "unable to compile the schema"}: ${error.message}`;
      this.#findings.add(at, message, "mend the schema");
    }
    this.#types.set(schema, type);
    return type;
  }
}

function push<T>(map: Map<string, T[]>, key: string, item: T): void {
  const items = map.get(key);
  if (items === undefined) map.set(key, [item]);
  else items.push(item);
}

function stepText(step: string, index: number): string {
  if (index === 0) return step;
  return /^[A-Za-z_]\w*$/.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`;
}
