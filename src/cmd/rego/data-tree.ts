import { PosternError } from "#kernel";
import { isObject, member, objectOf, type PlainObject, plain, type Value } from "#rego";

/** Base documents from several files, merged object by object. */
export class DataTree {
  readonly #documents: { readonly file: string; readonly rooted: PlainObject }[] = [];
  #root: PlainObject = {};

  /**
   * Merges a document at a path.
   * @throws PosternError `input.invalid` for a root that is no object, `conflict` where two files say one thing
   */
  put(path: readonly string[], document: Value, file: string): void {
    const rooted = path.reduceRight<Value>((value, key) => objectOf([[key, value]]), document);
    const members = membersOf(rooted);
    if (members === undefined) {
      throw new PosternError("input.invalid", "a document at the root of data is an object", {
        where: file,
        remedy: `say where it goes: NAME:${file}`,
      });
    }
    this.#root = this.#merge(this.#root, members, [], file);
    this.#documents.push({ file, rooted: members });
  }

  /** All of it as one object. */
  get value(): PlainObject {
    return this.#root;
  }

  #merge(into: PlainObject, from: PlainObject, path: readonly string[], file: string): PlainObject {
    const merged = new Map(Object.entries(into));
    for (const [key, item] of Object.entries(from)) {
      const old = merged.get(key);
      const [one, other] = [membersOf(old), membersOf(item)];
      if (old === undefined) merged.set(key, item);
      else if (one !== undefined && other !== undefined)
        merged.set(key, this.#merge(one, other, [...path, key], file));
      else throw this.#conflict([...path, key], file);
    }
    return plain(objectOf(merged)) ?? {};
  }

  #conflict(path: readonly string[], file: string): PosternError {
    const before = this.#documents.find(({ rooted }) => at(rooted, path) !== undefined);
    return new PosternError("conflict", `two files both say what ${["data", ...path].join(".")} is`, {
      where: [file, ...(before === undefined ? [] : [before.file])].join(", "),
      remedy: "keep one of them",
    });
  }
}

function at(document: PlainObject, path: readonly string[]): Value | undefined {
  return path.reduce<Value | undefined>(
    (value, key) => (isObject(value) ? member(value, key) : undefined),
    document,
  );
}

function membersOf(value: Value | undefined): PlainObject | undefined {
  return value !== undefined && isObject(value) ? plain(value) : undefined;
}
