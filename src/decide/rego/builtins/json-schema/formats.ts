/** What the keyword `format` names (JSON Schema draft 7 Validation §7.3). A format that is not known holds for every text. */
import { parseAddress } from "../address.ts";
import { DataError } from "../data-error.ts";
import { LAYOUTS } from "../go-time/layout.ts";
import { parseTime } from "../go-time/parse.ts";
import { parseUrl, type Url } from "../go-url.ts";
import { Pattern } from "../regex/pattern.ts";
import { isMailAddress } from "./mail-address.ts";

type Check = (text: string) => boolean;

const TIMES = ["15:04:05", "15:04:05Z07:00"];
const DATE = "2006-01-02";

function isTime(layouts: readonly string[]): Check {
  return (text) =>
    layouts.some((layout) => {
      try {
        parseTime(layout, text);
        return true;
      } catch (error) {
        if (error instanceof DataError) return false;
        throw error;
      }
    });
}

function isUrl(check: (url: Url, text: string) => boolean): Check {
  return (text) => {
    if (text.includes("\\")) return false;
    try {
      return check(parseUrl(text), text);
    } catch (error) {
      if (error instanceof DataError) return false;
      throw error;
    }
  };
}

function isPattern(text: string): boolean {
  try {
    return text === "" || new Pattern(text).source === text;
  } catch (error) {
    if (error instanceof DataError) return false;
    throw error;
  }
}

/** Labels of letters, digits and inner hyphens (RFC 1034 §3.5). */
const LABEL = /^(?!-)[A-Za-z0-9-]{1,63}(?<!-)$/;

const FORMATS: ReadonlyMap<string, Check> = new Map<string, Check>([
  ["date", isTime([DATE])],
  ["time", isTime(TIMES)],
  ["date-time", isTime([...TIMES, DATE, LAYOUTS.get("RFC3339") as string])],
  ["hostname", (text) => text.length < 256 && text.split(".").every((label) => LABEL.test(label))],
  ["email", isMailAddress],
  ["idn-email", isMailAddress],
  ["ipv4", (text) => text.includes(".") && parseAddress(text) !== undefined],
  ["ipv6", (text) => text.includes(":") && parseAddress(text) !== undefined],
  ["uri", isUrl(({ scheme }) => scheme !== "")],
  ["iri", isUrl(({ scheme }) => scheme !== "")],
  ["uri-reference", isUrl(() => true)],
  ["iri-reference", isUrl(() => true)],
  ["uri-template", isUrl((_url, text) => /^(?:[^{]|\{[^}]*\})*$/.test(text))],
  ["uuid", (text) => /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)],
  ["regex", isPattern],
  ["json-pointer", (text) => /^(?:\/(?:[^~/]|~[01])*)*$/.test(text)],
  ["relative-json-pointer", (text) => /^(?:0|[1-9][0-9]*)(?:#|(?:\/(?:[^~/]|~[01])*)*)$/.test(text)],
]);

export function isFormat(format: string, text: string): boolean {
  return FORMATS.get(format)?.(text) ?? true;
}
