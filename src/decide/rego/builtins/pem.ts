/** PEM (RFC 7468, RFC 1421 headers), as Go reads it: text around blocks is passed over, broken blocks too. */
import { decodeBase64 } from "./base64-text.ts";
import { DataError } from "./data-error.ts";

export interface PemBlock {
  /** `CERTIFICATE`, `PUBLIC KEY`, … */
  readonly label: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly bytes: Buffer;
  /** The text after the line that ends this block. */
  readonly rest: string;
}

const BEGIN = "-----BEGIN ";
const END = "-----END ";
const DASHES = "-----";

/** What text of blocks begins with, where nothing stands before them. */
export const PEM_BEGIN = "-----BEGIN";

/** Text that begins with a block as it stands, other text decoded from base64. */
export function pemOrDer(text: string): Buffer {
  return text.startsWith(PEM_BEGIN) ? Buffer.from(text) : decodeBase64(text, "standard");
}

export function isPem(bytes: Buffer): boolean {
  return bytes.toString("latin1", 0, PEM_BEGIN.length) === PEM_BEGIN;
}

/** The first whole block of a text. */
export function decodePem(text: string): PemBlock | undefined {
  let rest = text;
  for (;;) {
    const start = rest.startsWith(BEGIN) ? 0 : rest.indexOf(`\n${BEGIN}`) + 1;
    if (!rest.startsWith(BEGIN, start)) return undefined;
    const [first, body] = splitLine(rest.slice(start + BEGIN.length));
    rest = body;
    if (!first.endsWith(DASHES)) continue;
    const block = blockOf(first.slice(0, -DASHES.length), body);
    if (block !== undefined) return block;
  }
}

/** All whole blocks of a text. */
export function decodeAllPem(text: string): readonly PemBlock[] {
  const blocks: PemBlock[] = [];
  for (let block = decodePem(text); block !== undefined; block = decodePem(block.rest)) blocks.push(block);
  return blocks;
}

function blockOf(label: string, text: string): PemBlock | undefined {
  const headers = new Map<string, string>();
  let body = text;
  for (;;) {
    const [line, after] = splitLine(body);
    const colon = line.indexOf(":");
    if (body === "" || colon < 0) break;
    headers.set(line.slice(0, colon).trim(), line.slice(colon + 1).trim());
    body = after;
  }
  const end = headers.size === 0 && body.startsWith(END) ? 0 : body.indexOf(`\n${END}`) + 1;
  if (!body.startsWith(END, end)) return undefined;
  const [last, rest] = splitLine(body.slice(end + END.length));
  if (last !== label + DASHES) return undefined;
  try {
    const bytes = decodeBase64(body.slice(0, end).replaceAll(/[ \t]/g, ""), "standard");
    return { label, headers, bytes, rest };
  } catch (error) {
    if (error instanceof DataError) return undefined;
    throw error;
  }
}

/** The first line without the blanks at its end, and what follows it. */
function splitLine(text: string): readonly [line: string, after: string] {
  const end = text.indexOf("\n");
  return end < 0
    ? [text.replace(/[ \t\r]+$/, ""), ""]
    : [text.slice(0, end).replace(/[ \t\r]+$/, ""), text.slice(end + 1)];
}
