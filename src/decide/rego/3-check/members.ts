/** What is within collections, as far as types tell. */
import { canonicalText, type Value } from "../values/index.ts";
import { itemOf, memberOf, NUMBER, ofValue, orAll, type Type, unifies } from "./types.ts";

/** Whether it can have members: what has some alternative with keys that are known. */
export function isCollection(type: Type | undefined): boolean {
  switch (type?.kind) {
    case "array":
    case "set":
      return true;
    case "object":
      return type.rest === undefined || type.rest.key !== undefined || type.members.size > 0;
    case "any":
      return type.of.length === 0 || keysOf(type) !== undefined;
    case undefined:
    case "boolean":
    case "function":
    case "null":
    case "number":
    case "string":
      return false;
  }
}

/** What the keys of a collection can be; undefined of what has none. */
export function keysOf(type: Type | undefined): Type | undefined {
  switch (type?.kind) {
    case "array":
      return type.items.length === 0 && type.rest === undefined ? undefined : NUMBER;
    case "object":
      return orAll([...Array.from(type.members.values(), ({ key }) => ofValue(key)), type.rest?.key]);
    case "set":
      return type.of;
    case "any":
      // Among alternatives an array has indexes, even an empty one.
      return type.of.length === 0
        ? type
        : orAll(type.of.map((one) => (one.kind === "array" ? NUMBER : keysOf(one))));
    case undefined:
    case "boolean":
    case "function":
    case "null":
    case "number":
    case "string":
      return undefined;
  }
}

/** What the members of a collection can be; undefined of what has none. */
export function valuesOf(type: Type | undefined): Type | undefined {
  switch (type?.kind) {
    case "array":
      return orAll([...type.items, type.rest]);
    case "object":
      return orAll([...Array.from(type.members.values(), (property) => property.type), type.rest?.value]);
    case "set":
      return type.of;
    case "any":
      return type.of.length === 0 ? type : orAll(type.of.map(valuesOf));
    case undefined:
    case "boolean":
    case "function":
    case "null":
    case "number":
    case "string":
      return undefined;
  }
}

/** The type of `value[key]` for a constant key; undefined where there is none. */
export function select(type: Type | undefined, key: Value): Type | undefined {
  switch (type?.kind) {
    case "array":
      // An index of another spelling, such as 1.0, is none.
      return typeof key === "number" && Number.isInteger(key) && key >= 0 ? itemOf(type, key) : undefined;
    case "object":
      return memberOf(type, canonicalText(key), key);
    case "set": {
      const wanted = ofValue(key);
      return type.of !== undefined && unifies(type.of, wanted) ? wanted : undefined;
    }
    case "any":
      return type.of.length === 0 ? type : orAll(type.of.map((one) => select(one, key)));
    case undefined:
    case "boolean":
    case "function":
    case "null":
    case "number":
    case "string":
      return undefined;
  }
}
