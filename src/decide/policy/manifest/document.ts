import {
  type Document,
  isMap,
  isScalar,
  Lexer,
  type Node,
  parseAllDocuments,
  visit,
  type YAMLMap,
} from "yaml";
import type { Findings, Place } from "../findings.ts";
import { type SourceText, sourceText } from "../source-text.ts";
import type { SourceFile } from "../types.ts";

/** One YAML document of a file. */
export interface ManifestDocument {
  readonly source: SourceText;
  readonly map: YAMLMap;
  /** Offsets into the file, with the `---` line before it. */
  readonly start: number;
  readonly end: number;
}

/** A set of real manifests has some hundreds; a file of a mebibyte of brackets would take seconds to refuse in full. */
const MOST_TOKENS = 100_000;

/** Parses a file into its documents. What is not a mapping, and whatever hides a value from a reader, is an error. */
export function readDocuments(file: SourceFile, findings: Findings): readonly ManifestDocument[] {
  const source = sourceText(file);
  const documents = parse(source, findings);
  if (documents === undefined) return [];
  const read: ManifestDocument[] = [];
  documents.forEach((document, index) => {
    const { contents, errors, warnings, range } = document;
    for (const { code, message, pos } of [...errors, ...warnings])
      reportSyntax(code, message, source.place(...pos), findings);
    if (errors.length > 0 || warnings.length > 0) return;
    const end = documents[index + 1]?.range[0] ?? file.text.length;
    if (contents === null || (isScalar(contents) && contents.value === null)) return;
    if (!isMap(contents)) {
      findings.error(
        "manifest.wrong_type",
        placeOf(contents, source),
        "a manifest is a mapping that begins with apiVersion and kind",
      );
      return;
    }
    if (!refuseAliases(document, source, findings))
      read.push({ source, map: contents, start: range[0], end });
  });
  return read;
}

function parse(source: SourceText, findings: Findings): readonly Document.Parsed[] | undefined {
  let tokens = 0;
  for (const _ of new Lexer().lex(source.text)) {
    if (++tokens <= MOST_TOKENS) continue;
    findings.error(
      "manifest.too_complex",
      source.place(0, 1),
      `this file has more than ${MOST_TOKENS} parts`,
      "split it into several files",
    );
    return undefined;
  }
  try {
    // duplicate keys are looked for by the reader of fields: the library compares each with each
    const documents = parseAllDocuments(source.text, {
      prettyErrors: false,
      stringKeys: true,
      uniqueKeys: false,
      resolveKnownTags: false,
      logLevel: "silent",
    });
    return "empty" in documents ? [] : documents;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    findings.error("manifest.too_complex", source.place(0, 1), "this file is nested too deeply");
    return undefined;
  }
}

function reportSyntax(code: string, message: string, at: Place, findings: Findings): void {
  if (code === "RESOURCE_EXHAUSTION") findings.error("manifest.too_complex", at, "this is nested too deeply");
  else findings.error("manifest.syntax", at, message.slice(0, 1).toLowerCase() + message.slice(1));
}

/** Aliases can unfold to millions of values, and show a reader something else than where it stands. */
function refuseAliases(document: Document.Parsed, source: SourceText, findings: Findings): boolean {
  let refused = false;
  visit(document, {
    Alias(_key, node) {
      refused = true;
      findings.error(
        "manifest.alias",
        placeOf(node, source),
        `aliases are not read (*${node.source})`,
        "write the value out",
      );
    },
  });
  return refused;
}

export function placeOf(node: Node | null | undefined, source: SourceText): Place {
  const range = node?.range;
  if (range === undefined || range === null) return source.place(0, 1);
  return source.place(range[0], Math.max(range[1], range[0] + 1));
}
