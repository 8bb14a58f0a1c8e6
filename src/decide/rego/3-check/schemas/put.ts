import { canonicalText } from "../../values/index.ts";
import { ANY, dictionary, type ObjectType, type Type } from "../types.ts";

/** The type with another at a path into it. What is no object becomes one there, whose other members can be anything. */
export function put(type: Type | undefined, [key, ...rest]: readonly string[], what: Type): Type {
  if (key === undefined) return what;
  const around: ObjectType = type?.kind === "object" ? type : dictionary(ANY, ANY);
  const text = canonicalText(key);
  const inner = put(around.members.get(text)?.type, rest, what);
  return { ...around, members: new Map([...around.members, [text, { key, type: inner }]]) };
}
