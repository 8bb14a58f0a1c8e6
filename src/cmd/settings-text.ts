import { PosternError, parseJson } from "#kernel";
import type { InstanceSettings } from "./settings.ts";

/** Settings as they are handed to a child on its command line; they hold no secret: the address of a database rests in the data folder. */
export function settingsToText(settings: InstanceSettings): string {
  return JSON.stringify(settings);
}

type Test = (value: unknown) => boolean;
const text: Test = (value) => typeof value === "string" && value !== "";
const oneOf =
  (...words: readonly string[]): Test =>
  (value) =>
    words.includes(String(value)) && typeof value === "string";

/** By hand, not by a schema of zod's: every child reads its settings, and not every child can afford zod's memory. */
const MEMBERS: { readonly [K in keyof Required<InstanceSettings>]: Test } = {
  data: text,
  run: text,
  domain: text,
  hostStyle: oneOf("subdomain", "port"),
  listen: text,
  port: isPort,
  scheme: oneOf("http", "https"),
  tls: (value) =>
    value === undefined ||
    value === "development" ||
    (isObject(value) && text(value["certificate"]) && text(value["key"])),
  demo: (value) => typeof value === "boolean",
  version: text,
  node: text,
  masterKey: (value) =>
    isObject(value) &&
    (value["kind"] === "command"
      ? text(value["program"])
      : value["kind"] === "file" && text(value["path"]) && typeof value["make"] === "boolean"),
  link: (value) => value === undefined || (isAddress(value) && text(value["url"])),
  ops: (value) => value === undefined || isAddress(value),
};

/** Reads what `settingsToText` wrote. @throws PosternError `input.invalid`, `input.malformed` */
export function settingsFromText(written: string | undefined): InstanceSettings {
  const candidate = written === undefined ? undefined : parseJson(written, "--settings");
  if (!isSettings(candidate)) {
    throw new PosternError("input.invalid", "these are no settings of an instance", {
      where: "--settings",
      remedy: "npm start, which starts this role",
    });
  }
  return candidate;
}

function isSettings(candidate: unknown): candidate is InstanceSettings {
  return isObject(candidate) && Object.entries(MEMBERS).every(([name, test]) => test(candidate[name]));
}

function isPort(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) > 0 && Number(value) < 65_536;
}

function isAddress(value: unknown): value is { readonly [member: string]: unknown } {
  return isObject(value) && text(value["address"]) && isPort(value["port"]);
}

function isObject(value: unknown): value is { readonly [member: string]: unknown } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
