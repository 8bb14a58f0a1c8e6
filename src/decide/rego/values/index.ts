export * from "./arithmetic.ts";
export { isJsonNumber, parseValue, stringify } from "./json.ts";
export * from "./number.ts";
export * from "./value.ts";
