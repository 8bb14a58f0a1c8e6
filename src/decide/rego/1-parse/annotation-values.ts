/** What annotations may say, and OPA's form of it: people's names taken apart, references to schemas as paths. */
import { DataError } from "../builtins/data-error.ts";
import { parseUrl } from "../builtins/go-url.ts";
import {
  canonicalText,
  entries,
  isArray,
  isObject,
  objectOf,
  type PlainObject,
  plain,
  typeName,
  type Value,
} from "../values/index.ts";

/** Says what is wrong; `isYaml` where the YAML holds a value of another type. */
export type Refuse = (message: string, isYaml: boolean) => never;

/** Members that hold texts, however these look. */
export const TEXTS: ReadonlySet<string> = new Set(["scope", "title", "description", "organizations"]);

export function annotationValues(
  value: Value,
  refuse: Refuse,
): { readonly scope: string; readonly members: PlainObject } {
  const given = value === null ? {} : isObject(value) ? plain(value) : undefined;
  if (given === undefined) return refuse(`cannot unmarshal ${tagOf(value)} into annotations`, true);
  const own = (name: string): Value => (Object.hasOwn(given, name) ? (given[name] as Value) : null);
  const members: Record<string, Value> = {};
  for (const name of ["title", "description"]) {
    const text = textOf(own(name), refuse);
    if (text !== "") members[name] = text;
  }
  const lists: readonly (readonly [string, (item: Value, refuse: Refuse) => Value])[] = [
    ["organizations", textOf],
    ["authors", authorOf],
    ["related_resources", resourceOf],
    ["schemas", schemaOf],
  ];
  for (const [name, read] of lists) {
    const items = listOf(own(name), refuse).flatMap((item) => (item === null ? [] : [read(item, refuse)]));
    if (items.length > 0) members[name] = items;
  }
  const custom = own("custom");
  if (custom !== null && !isObject(custom)) refuse(`cannot unmarshal ${tagOf(custom)} into a map`, true);
  const cleaned = custom === null ? {} : customOf(custom, refuse);
  if (Object.keys(cleaned).length > 0) members.custom = cleaned;
  if (isTrue(own("entrypoint"), refuse)) members.entrypoint = true;
  return { scope: textOf(own("scope"), refuse), members };
}

function tagOf(value: Value): string {
  const tags: Readonly<Record<string, string>> = { array: "!!seq", object: "!!map" };
  return tags[typeName(value)] ?? `!!${typeName(value)}`;
}

function textOf(value: Value, refuse: Refuse): string {
  if (value === null) return "";
  return typeof value === "string" ? value : refuse(`cannot unmarshal ${tagOf(value)} into string`, true);
}

function listOf(value: Value, refuse: Refuse): readonly Value[] {
  if (value === null) return [];
  return isArray(value) ? value : refuse(`cannot unmarshal ${tagOf(value)} into a list`, true);
}

function isTrue(value: Value, refuse: Refuse): boolean {
  if (value === null || value === false) return false;
  if (value === true || (typeof value === "string" && /^(?:y|yes|on)$/i.test(value))) return true;
  if (typeof value === "string" && /^(?:n|no|off)$/i.test(value)) return false;
  return refuse(`cannot unmarshal ${tagOf(value)} into bool`, true);
}

function member(value: Value, name: string): string {
  const object = isObject(value) ? plain(value) : undefined;
  const found = object !== undefined && Object.hasOwn(object, name) ? object[name] : undefined;
  return typeof found === "string" ? found.trim() : "";
}

/** `Jane Doe <jane@example.com>`, or an object of `name` and `email`. */
function authorOf(value: Value, refuse: Refuse): Value {
  if (isObject(value)) {
    const [name, email] = [member(value, "name"), member(value, "email")];
    if (name === "" && email === "")
      refuse("invalid author definition: 'name' and/or 'email' values required in object", false);
    return email === "" ? { name } : { name, email };
  }
  if (typeof value !== "string")
    return refuse("invalid author definition: invalid value type, must be string or map", false);
  const words = value.split(/\s+/).filter((word) => word !== "");
  if (words.length === 0) refuse("invalid author definition : author is an empty string", false);
  const last = words[words.length - 1] ?? "";
  const isEmail = last.startsWith("<") && last.endsWith(">") && last.length > 1;
  const name = (isEmail ? words.slice(0, -1) : words).join(" ");
  const email = isEmail ? last.slice(1, -1) : "";
  return email === "" ? { name } : { name, email };
}

/** A URL, or an object of `ref` and `description`. */
function resourceOf(value: Value, refuse: Refuse): Value {
  const isMap = isObject(value);
  if (!isMap && typeof value !== "string")
    return refuse("invalid related-resource definition: invalid value type, must be string or map", false);
  const ref = isMap ? member(value, "ref") : value;
  if (ref === "")
    refuse(
      `invalid related-resource definition: ${isMap ? "'ref' value required in object" : "ref URL may not be empty string"}`,
      false,
    );
  try {
    parseUrl(ref);
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    refuse(
      `invalid related-resource definition ${ref}: parse ${JSON.stringify(ref)}: ${error.message}`,
      false,
    );
  }
  const description = isMap ? member(value, "description") : "";
  return description === "" ? { ref } : { ref, description };
}

/** `input.x: schema.y`, or a schema in place of the reference to one. Of several in one item, the first by name counts. */
function schemaOf(value: Value, refuse: Refuse): Value {
  const object = isObject(value) ? plain(value) : undefined;
  if (object === undefined) return refuse(`cannot unmarshal ${tagOf(value)} into a map`, true);
  const name = Object.keys(object).sort()[0] ?? "";
  const path = pathOf(name);
  if (path?.[0] !== "input" && path?.[0] !== "data") return refuse("invalid document reference", false);
  const schema = object[name] as Value;
  if (typeof schema === "string") {
    const reference = pathOf(schema);
    if (reference === undefined || reference[0] !== "schema")
      return refuse("invalid schema reference", false);
    return { path, schema: reference };
  }
  if (!isObject(schema)) return refuse(`invalid schema declaration for path ${JSON.stringify(name)}`, false);
  return { path, definition: customOf(schema, refuse) };
}

/** The steps of `data.x["y z"]`. */
function pathOf(text: string): readonly string[] | undefined {
  if (!/^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*|\["(?:[^"\\]|\\.)*"\]|\[[A-Za-z_]\w*\])*$/.test(text))
    return undefined;
  const steps = text.match(/[A-Za-z_]\w*|"(?:[^"\\]|\\.)*"/g) ?? [];
  return steps.map((step) => (step.startsWith('"') ? String(JSON.parse(step)) : step));
}

/** Data without maps that have other keys than texts. */
function customOf(value: Value, refuse: Refuse): PlainObject {
  const cleaned = (item: Value): Value => {
    if (isArray(item)) return item.map(cleaned);
    if (!isObject(item)) return item;
    const object = plain(item) ?? refuse("invalid map key type(s)", false);
    return objectOf(Object.entries(object).map(([key, inner]) => [key, cleaned(inner)]));
  };
  // The names of the outermost map may look like numbers.
  const top = isObject(value) ? entries(value) : [];
  const named = top.map(([key, item]): [string, Value] => [keyText(key), cleaned(item)]);
  return plain(objectOf(named)) ?? {};
}

function keyText(key: Value): string {
  return typeof key === "string" ? key : canonicalText(key);
}
