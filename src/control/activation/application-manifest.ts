import { stringify } from "yaml";
import type { AddApplication } from "#api";
import { mergeFiles, type SourceFile } from "#policy";

/** Where manifests go that Postern writes itself. */
const FOLDER = "applications";

/** The manifest of an application, in a file that the set does not have yet. */
export function applicationManifest(files: readonly SourceFile[], application: AddApplication): SourceFile {
  const { name, upstream, classification, title, env, pathPrefix } = application;
  const spec = {
    ...(title === undefined ? {} : { title }),
    upstream,
    ...(pathPrefix === undefined ? {} : { pathPrefix }),
    classification,
    ...(env === undefined ? {} : { env }),
  };
  const manifest = { apiVersion: "postern.dev/v1", kind: "Application", metadata: { name }, spec };
  return { path: unusedPath(files, name), text: stringify(manifest, { lineWidth: 0 }) };
}

/** The files without the manifest of an application, wherever it stands; a file with others keeps them. */
export function withoutApplication(files: readonly SourceFile[], name: string): readonly SourceFile[] {
  // a manifest of the same kind and name takes its place, and is then left out
  const standIn: SourceFile = {
    path: unusedPath(files, name),
    text: stringify({ apiVersion: "postern.dev/v1", kind: "Application", metadata: { name } }),
  };
  return mergeFiles(files, [standIn]).filter(({ path }) => path !== standIn.path);
}

function unusedPath(files: readonly SourceFile[], name: string): string {
  const used = new Set(files.map(({ path }) => path));
  for (let n = 1; ; n++) {
    const path = `${FOLDER}/${name}${n === 1 ? "" : `-${n}`}.yaml`;
    if (!used.has(path)) return path;
  }
}
