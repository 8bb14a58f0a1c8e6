/** The types of the documents under `data`, as far as rules define them. */
import type { RuleGroup } from "../2-resolve/program.ts";
import type { Term } from "../syntax.ts";
import { canonicalText, compare, type Value } from "../values/index.ts";
import { scalarOf } from "./constant.ts";
import { follow } from "./environment.ts";
import { valuesOf } from "./members.ts";
import { put } from "./schemas/put.ts";
import {
  ANY,
  bounded,
  dictionary,
  isAnything,
  merge,
  type ObjectType,
  objectType,
  ofValue,
  or,
  orAll,
  type Property,
  STRING,
  type Type,
} from "./types.ts";

/** The documents that rules define, and what hangs on what. */
export interface RuleDocuments {
  readonly root: DocumentNode;
  /** The rules that read what is at a path into `data`. */
  readersOf(path: readonly Term[]): ReadonlySet<RuleGroup>;
}

/** What the `with` of an expression makes of documents while it is checked. */
export interface Replacements {
  /** Documents that can be of another type, too. */
  readonly types: ReadonlyMap<DocumentNode, Type>;
  /** Rules that can be anything, since they read what is replaced. */
  readonly readers: readonly ReadonlySet<RuleGroup>[];
}

interface Addition {
  readonly type: Type;
  /** Absent of what no rule defines. */
  readonly group?: RuleGroup;
}

/** What all nodes of a tree share. */
interface Shared {
  replacements: Replacements | undefined;
}

/** One document. Its children are documents that rules define by themselves (`p.a := 1`). */
export class DocumentNode {
  readonly key: Value;
  readonly #parent: DocumentNode | undefined;
  #children: Map<string, DocumentNode> = new Map<string, DocumentNode>();
  /** In place of what rules define here and below. */
  #override: Type | undefined;
  /** What each rule group of this very path adds. */
  readonly #own: Addition[] = [];
  readonly #shared: Shared;
  #value: Type | undefined;
  #extent: Type | undefined;
  private constructor(key: Value, shared: Shared, parent?: DocumentNode) {
    this.key = key;
    this.#shared = shared;
    this.#parent = parent;
  }

  static root(): DocumentNode {
    return new DocumentNode(null, { replacements: undefined });
  }

  /** Of the whole tree: what counts from here on. */
  get replacements(): Replacements | undefined {
    return this.#shared.replacements;
  }
  set replacements(replacements: Replacements | undefined) {
    this.#shared.replacements = replacements;
  }

  child(key: Value): DocumentNode | undefined {
    return this.#children.get(canonicalText(key));
  }

  children(): Iterable<DocumentNode> {
    return this.#children.values();
  }

  /** The keys of its children. */
  get names(): readonly Value[] {
    return Array.from(this.#children.values(), ({ key }) => key).sort(compare);
  }

  /** Adds what rules define at a path below. */
  add(path: readonly Value[], type: Type, group?: RuleGroup): void {
    const node = this.#made(path);
    node.#own.push({ type, ...(group && { group }) });
    node.#forget();
  }

  #made([key, ...rest]: readonly Value[]): DocumentNode {
    if (key === undefined) return this;
    const text = canonicalText(key);
    const child = this.#children.get(text) ?? new DocumentNode(key, this.#shared, this);
    this.#children.set(text, child);
    return child.#made(rest);
  }

  /** The document at a path below. */
  at([key, ...rest]: readonly Value[]): DocumentNode | undefined {
    return key === undefined ? this : this.child(key)?.at(rest);
  }

  /** Makes a document that no rule defines, and answers what takes it away again. */
  place(path: readonly Value[]): () => void {
    const [key, ...rest] = path;
    if (key === undefined) return () => undefined;
    const child = this.child(key);
    if (child !== undefined) return child.place(rest);
    this.add(path, ANY);
    return () => {
      this.#children.delete(canonicalText(key));
      this.#forget();
    };
  }

  /** Puts a type in the place of what rules define at a path below, and answers what takes it away again. */
  override(path: readonly string[], type: Type): () => void {
    const [key, ...rest] = path;
    const value = this.value;
    if (key !== undefined && value === undefined) {
      const undo = this.place([key]);
      const undoBelow = this.child(key)?.override(rest, type);
      return () => {
        undoBelow?.();
        undo();
      };
    }
    const before = { override: this.#override, children: this.#children };
    this.#override = put(value, path, type);
    this.#children = new Map();
    this.#forget();
    return () => {
      this.#override = before.override;
      this.#children = before.children;
      this.#forget();
    };
  }

  #forget(): void {
    this.#value = undefined;
    this.#extent = undefined;
    if (this.#parent !== undefined) this.#parent.#forget();
  }

  /** What rules of this path define, with what those below add to it; undefined where there are only some below. */
  get value(): Type | undefined {
    if (this.#override !== undefined) return this.#override;
    if (this.#own.length === 0) return undefined;
    this.#value ??= bounded(this.#folded(merge(this.#own.map(({ type }) => type)) ?? ANY));
    const { replacements } = this.#shared;
    if (replacements === undefined) return this.#value;
    const other = replacements.types.get(this);
    if (other !== undefined) return or(this.#value, other);
    const isReader = this.#own.some(
      ({ group }) => group !== undefined && replacements.readers.some((readers) => readers.has(group)),
    );
    return isReader ? ANY : this.#value;
  }

  /** The whole document. */
  get extent(): Type {
    const { replacements } = this.#shared;
    if (replacements !== undefined)
      return this.value ?? or(this.#parts(), replacements.types.get(this)) ?? ANY;
    this.#extent ??= this.value ?? this.#parts();
    return this.#extent;
  }

  /** Its children, beside which base documents may hold anything. */
  #parts(): Type {
    const properties = Array.from(this.#children.values(), ({ key, extent }) => ({ key, type: extent }));
    return bounded(objectType(properties, { key: STRING, value: ANY }));
  }

  /** Rules for members that have a variable key say what all members can be, those of rules of their own among them. */
  #folded(type: Type): Type {
    if (this.#children.size === 0 || type.kind !== "object" || type.rest === undefined) return type;
    const below: (Type | undefined)[] = [...this.#children.values()].flatMap((child) => child.#below());
    const keys = Array.from(this.#children.values(), ({ key }) => ofValue(key));
    return {
      ...type,
      rest: { key: orAll([type.rest.key, ...keys]), value: orAll([type.rest.value, ...below]) },
    };
  }

  /** What each rule here and below adds, seen from here. */
  #below(): readonly Type[] {
    const types = this.#own.map(({ type }) => type);
    for (const child of this.#children.values())
      for (const type of child.#below()) types.push(dictionary(ofValue(child.key), type));
    return types;
  }
}

/** What is at a path below a document. */
export function documentAt(root: DocumentNode, path: readonly Term[]): Type | undefined {
  let node = root;
  for (const [index, step] of path.entries()) {
    const key = scalarOf(step);
    const child = key === undefined ? undefined : node.child(key);
    if (child !== undefined) {
      node = child;
      continue;
    }
    const type = node.value;
    if (type !== undefined) return follow(type, path.slice(index));
    // Base documents may hold anything beside.
    return key === undefined ? follow(valuesOf(node.extent), path.slice(index + 1)) : ANY;
  }
  return node.extent;
}

/** The type with something put at a path into it, where it was not known; the last wins. */
export function place(type: Type | undefined, path: readonly Value[]): Type {
  const [key, ...rest] = path;
  if (key === undefined) return ANY;
  const text = canonicalText(key);
  const members = type?.kind === "object" ? type.members : new Map<string, Property>();
  const found = members.get(text)?.type;
  const inner = isAnything(found) ? ANY : place(found, rest);
  return {
    kind: "object",
    members: new Map([...members, [text, { key, type: inner }]]),
    rest: { key: STRING, value: ANY },
  };
}

/** The object that a path with variables adds to, `keys` being what these can be. */
export function nested(keys: readonly Type[], leaf: Type): Type {
  return keys.reduceRight((type: Type, key): ObjectType => dictionary(key, type), leaf);
}

/** A function of several rules takes and gives what any of them does. */
export function functionOf(types: readonly Extract<Type, { kind: "function" }>[]): Type {
  const [first, ...others] = types;
  if (first === undefined) return ANY;
  return {
    ...first,
    operands: first.operands.map(
      (operand, index) => orAll([operand, ...others.map((one) => one.operands[index])]) ?? ANY,
    ),
    result: orAll(types.map(({ result }) => result)),
  };
}
