import { PosternError } from "#kernel";
import { byPath, kindOf } from "../files.ts";
import { Findings } from "../findings.ts";
import type { SourceFile } from "../types.ts";
import { readDocuments } from "./document.ts";
import { keyOf } from "./manifests.ts";

/**
 * Puts added files into a set. A file replaces the one of its path, and a manifest replaces the one of its kind and name wherever that
 * stood: the other file is rewritten without it, and left out when nothing remains in it.
 * Nothing is checked here beyond what that needs; `compileSet` says what is wrong with the result.
 * @throws PosternError `manifest.invalid` when a document cannot be taken out of its file
 */
export function mergeFiles(active: readonly SourceFile[], added: readonly SourceFile[]): SourceFile[] {
  const replaced = new Set(added.flatMap(keysOf));
  const paths = new Set(added.map((file) => file.path));
  const kept = active
    .filter((file) => !paths.has(file.path))
    .flatMap((file) => (kindOf(file.path) === "manifests" ? without(file, replaced) : [file]));
  return [...kept, ...added].sort(byPath);
}

function keysOf(file: SourceFile): readonly string[] {
  if (kindOf(file.path) !== "manifests") return [];
  // what cannot be read replaces nothing, and the set with it in does not compile
  return readDocuments(file, new Findings()).flatMap((document) => keyOf(document) ?? []);
}

function without(file: SourceFile, replaced: ReadonlySet<string>): readonly SourceFile[] {
  const documents = readDocuments(file, new Findings());
  const remaining = documents.filter((document) => !replaced.has(keyOf(document) ?? ""));
  if (remaining.length === documents.length) return [file];
  if (remaining.length === 0) return [];
  const text = remaining.map(({ start, end }) => separate(file.text.slice(start, end))).join("");
  const rewritten: SourceFile = { path: file.path, text };
  const expected = remaining.map(keyOf).join("\n");
  if (keysOf(rewritten).join("\n") !== expected)
    throw new PosternError("manifest.invalid", "a manifest in this file cannot be replaced in its place", {
      where: file.path,
      remedy: "apply the whole file again without the manifest that you replace",
    });
  return [rewritten];
}

/** A document that stood first may have no `---` before it, and one may lack the line break at its end. */
function separate(text: string): string {
  const begun = /^(?:\uFEFF|#[^\n]*\n|\s)*(?:---|%)/.test(text) ? text : `---\n${text}`;
  return begun.endsWith("\n") ? begun : `${begun}\n`;
}
