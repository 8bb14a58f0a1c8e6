/**
 * Files in parts. A manifest file is cut before each `---` that begins a YAML document, so that an enforcement point can be
 * given some documents and of the others only what names them. The version of a set is made of the names of its parts:
 * whoever holds only some of them still sees that they are of that version.
 */
import { canonicalJson, PosternError, sha256Hex } from "#kernel";
import { BUILTIN_FILE } from "./builtin.ts";
import { byPath, kindOf, LARGEST_FILE } from "./files.ts";
import type { CutFile, FilePart, PolicyFile, SourceFile } from "./types.ts";

/** The parts of a file; joined, they are its text. */
export function partsOf({ path, text }: SourceFile): readonly string[] {
  // YAML 1.2 §9.1.2: a line that begins so begins a document, whatever it stands in
  return kindOf(path) === "manifests" ? text.split(/(?<=\n)(?=---(?:[ \t\r\n]|$))/) : [text];
}

/** Where each part of a file begins. */
export function partStarts(file: SourceFile): readonly number[] {
  let start = 0;
  return partsOf(file).map((part) => {
    start += part.length;
    return start - part.length;
  });
}

/** How many line breaks a part holds: as many empty lines stand for it where it is left out. */
export function linesOf(text: string): number {
  return text.split("\n").length - 1;
}

export function isCut(file: PolicyFile): file is CutFile {
  return "parts" in file;
}

/** The name of a set: SHA-256 over the parts of its files in the order of their paths, with the built-in rules that it is decided by. */
export function versionOf(files: readonly PolicyFile[], builtin: string): string {
  const named = [{ path: BUILTIN_FILE.path, text: builtin }, ...files].sort(byPath).map((file) => ({
    path: file.path,
    parts: (isCut(file) ? file.parts : partsOf(file).map((text) => ({ text }))).map(nameOf),
  }));
  return sha256Hex(canonicalJson(named));
}

function nameOf(part: FilePart): { readonly sha256: string; readonly lines: number } {
  if (!("text" in part)) return { sha256: part.sha256, lines: part.lines };
  return { sha256: sha256Hex(part.text), lines: linesOf(part.text) };
}

/**
 * A file with empty lines for what was left out of it, so that all that is there stands where it stood.
 * @throws PosternError `policy.invalid` when what was left out is more than a document of applications
 */
export function filledFile(file: PolicyFile): SourceFile {
  if (!isCut(file)) return file;
  const { path, parts } = file;
  if (kindOf(path) === "rules" && parts.some((part) => !("text" in part)))
    throw new PosternError("policy.invalid", "rules are left out of the set", { where: path });
  const text = parts.map((part) => ("text" in part ? part.text : "\n".repeat(checkLines(part.lines, path))));
  return { path, text: text.join("") };
}

function checkLines(lines: number, path: string): number {
  if (Number.isSafeInteger(lines) && lines >= 0 && lines <= LARGEST_FILE) return lines;
  throw new PosternError("policy.invalid", "more is left out of this file than a file can hold", {
    where: path,
  });
}
