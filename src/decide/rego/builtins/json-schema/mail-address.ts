/** One mail address, with a name or without (RFC 5322 §3.4, RFC 6532), as Go's net/mail reads it. */
import { parseAddress } from "../address.ts";

/** Characters of an atom, besides all that are not ASCII. */
const ATOM = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~\\-\\u0080-\\u{10ffff}]";
const DOT_ATOM = new RegExp(`^${ATOM}+(?:\\.${ATOM}+)*`, "u");
/** Words of a name may have dots anywhere. */
const NAME_ATOM = new RegExp(`^(?:${ATOM}|\\.)+`, "u");
const QUOTED = /^"((?:[^"\\\p{Cc}]|\t|\\[^\p{Cc}]|\\\t)*)"/u;
const SPACES = /^[ \t]+/;
const ENCODED = /^=\?([^?]*)\?([bBqQ])\?[^?]*\?=$/;
const CHARSETS = ["utf-8", "iso-8859-1", "us-ascii"];

export function isMailAddress(text: string): boolean {
  const start = spaces(text);
  const group = groupMember(start);
  if (group !== undefined) return isOne(group.member) && afterComment(group.rest) === "";
  return isOne(start);
}

function isOne(text: string): boolean {
  const plain = addressSpec(text);
  if (plain !== undefined) return afterComment(plain) === "";
  const name = displayName(text);
  if (name === undefined || !name.startsWith("<")) return false;
  const rest = addressSpec(name.slice(1));
  return rest?.startsWith(">") === true && afterComment(rest.slice(1)) === "";
}

function spaces(text: string): string {
  return text.replace(SPACES, "");
}

/** `name: address;` has one member or is refused. */
function groupMember(text: string): { readonly member: string; readonly rest: string } | undefined {
  const name = displayName(text);
  if (name === undefined || name === text || !name.startsWith(":")) return undefined;
  const end = name.indexOf(";");
  return end < 0 ? undefined : { member: spaces(name.slice(1, end)), rest: name.slice(end + 1) };
}

/** What follows after `local@domain`; undefined where there is none. */
function addressSpec(text: string): string | undefined {
  const quoted = QUOTED.exec(text);
  const local = quoted === null ? DOT_ATOM.exec(text) : quoted;
  if (local === null || quoted?.[1] === "") return undefined;
  const at = text.slice(local[0].length);
  if (!at.startsWith("@")) return undefined;
  const domain = spaces(at.slice(1));
  if (domain.startsWith("[")) {
    const end = domain.indexOf("]");
    const literal = domain.slice(1, Math.max(1, end));
    return parseAddress(literal) === undefined ? undefined : domain.slice(end + 1);
  }
  const atom = DOT_ATOM.exec(domain);
  if (atom === null) return undefined;
  const rest = domain.slice(atom[0].length);
  return rest.startsWith(".") ? undefined : rest;
}

/** What follows after words, spaces and comments; undefined for an encoded word that cannot be read. */
function displayName(text: string): string | undefined {
  let rest = text;
  for (;;) {
    rest = spaces(rest);
    if (rest.startsWith("(")) {
      const after = comment(rest);
      if (after === undefined) return undefined;
      rest = after;
      continue;
    }
    const word = QUOTED.exec(rest) ?? NAME_ATOM.exec(rest);
    if (word === null) return rest;
    const charset = ENCODED.exec(word[0])?.[1];
    if (charset !== undefined && !CHARSETS.includes(charset.toLowerCase())) return undefined;
    rest = rest.slice(word[0].length);
  }
}

function afterComment(text: string): string | undefined {
  const rest = spaces(text);
  return rest.startsWith("(") ? comment(rest) : rest;
}

/** What follows after a comment, which may hold comments. */
function comment(text: string): string | undefined {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    if (character === "\\") at++;
    else if (character === "(") depth++;
    else if (character === ")" && --depth === 0) return spaces(text.slice(at + 1));
  }
  return undefined;
}
