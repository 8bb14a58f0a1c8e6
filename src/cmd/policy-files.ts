import { type Dirent, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { PosternError } from "#kernel";
import type { SourceFile } from "#policy";

/** More than this is no policy; the API takes no larger body. */
const MOST_BYTES = 8 * 1024 * 1024;

/** A file of policy, and where it lies on this machine. */
export interface PolicyFile extends SourceFile {
  readonly location: string;
}

/**
 * Reads policy from files and folders. A folder is read with all below it, in order of name; its files' paths are
 * relative to it. Hidden files and folders and Markdown are not policy.
 * @throws PosternError `not_found`, `input.invalid`, `input.too_large`
 */
export function readPolicyFiles(paths: readonly string[], from: string): readonly PolicyFile[] {
  const files: PolicyFile[] = [];
  let bytes = 0;
  for (const path of paths) {
    const root = resolve(from, path);
    for (const { location, name } of kindOf(root) === "folder"
      ? below(root, "")
      : [{ location: root, name: basename(root) }]) {
      const content = readFileSync(location);
      bytes += content.length;
      if (bytes > MOST_BYTES) {
        throw new PosternError("input.too_large", "these files are over 8 MiB together", {
          where: location,
          remedy: "name the folder that holds policy alone",
        });
      }
      const same = files.find((file) => file.path === name);
      if (same !== undefined) {
        throw new PosternError("input.invalid", `two files would both be ${name}`, {
          where: `${same.location}, ${location}`,
          remedy: "name the folder above both with -f",
        });
      }
      files.push({ path: name, text: decode(content, location), location });
    }
  }
  if (files.length === 0) {
    throw new PosternError("not_found", "there is no policy file", {
      where: paths.join(", "),
      remedy: "a folder with .rules and .yaml files, such as examples/first/",
    });
  }
  return files;
}

function kindOf(path: string): "file" | "folder" {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isFile()) return "file";
  if (found?.isDirectory()) return "folder";
  throw new PosternError(
    "not_found",
    found === undefined ? "no such file or folder" : "neither a file nor a folder",
    {
      where: path,
      remedy: "postern apply -f FILE or FOLDER",
    },
  );
}

function* below(
  folder: string,
  prefix: string,
): Generator<{ readonly location: string; readonly name: string }> {
  const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    if (entry.name.startsWith(".") || /\.(md|markdown)$/i.test(entry.name)) continue;
    const location = join(folder, entry.name);
    if (entry.isDirectory()) yield* below(location, `${prefix}${entry.name}/`);
    else if (isFile(entry, location)) yield { location, name: prefix + entry.name };
  }
}

/** A link to a file counts; a link to a folder does not, so that no loop is walked. */
function isFile(entry: Dirent, location: string): boolean {
  return (
    entry.isFile() ||
    (entry.isSymbolicLink() && statSync(location, { throwIfNoEntry: false })?.isFile() === true)
  );
}

function decode(content: Uint8Array, location: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(content);
  } catch (cause) {
    throw new PosternError("input.invalid", "this file is not UTF-8 text", {
      where: location,
      remedy: "save it as UTF-8, or move it out of the policy folder",
      cause,
    });
  }
}
