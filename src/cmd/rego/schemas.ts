import { statSync } from "node:fs";
import { resolve } from "node:path";
import type { World as RegoWorld, SchemaSet, Value } from "#rego";
import { filesOf, readDocument } from "./load.ts";

/**
 * The schemas of `--schema`, as `opa eval --schema` takes them: a file is that of every input; in a folder, each file is the
 * schema that annotations name by its path without what follows the last point, such as `schema.apps["my-app"]`.
 * @throws PosternError `not_found`, `input.malformed`
 */
export function schemasOf(
  path: string | undefined,
  from: string,
  network?: RegoWorld,
): { readonly schemas?: SchemaSet } {
  if (path === undefined) return {};
  const world = network === undefined ? {} : { world: network };
  if (statSync(resolve(from, path), { throwIfNoEntry: false })?.isFile() === true)
    return { schemas: { ...world, input: readDocument(resolve(from, path), path) } };
  const named = new Map<string, Value>();
  for (const { file, below = [] } of filesOf(path, from, {})) {
    const name = [...below, fileName(file)].join("/");
    named.set(name, readDocument(resolve(from, file), file));
  }
  return { schemas: { ...world, named } };
}

function fileName(path: string): string {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const point = name.lastIndexOf(".");
  return point <= 0 ? name : name.slice(0, point);
}
