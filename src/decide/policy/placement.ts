import { sha256Hex } from "#kernel";
import { checkFiles, kindOf } from "./files.ts";
import { Findings } from "./findings.ts";
import { readManifests } from "./manifest/manifests.ts";
import { linesOf, partsOf } from "./parts.ts";
import type { Application, FilePart, PolicyFile, SourceFile } from "./types.ts";

/** Which application of a set is on which gateway. */
export interface Placement {
  readonly applications: ReadonlyMap<string, Application>;
  /** The set without the documents of applications that are not on this gateway. */
  cut(gateway: string): readonly PolicyFile[];
}

/** Whether an application is on a gateway. */
export function isOn({ gateways }: Application, gateway: string): boolean {
  return gateways === undefined || gateways.includes(gateway);
}

/**
 * Reads the manifests of a set for where its applications are.
 * @throws PosternError `manifest.invalid` when they are wrong
 */
export function readPlacement(files: readonly SourceFile[]): Placement {
  const findings = new Findings();
  const good = checkFiles(files, findings);
  const manifests = good.filter((file) => kindOf(file.path) === "manifests");
  const { applications } = readManifests(manifests, findings);
  findings.refuse();
  return {
    applications,
    cut(gateway) {
      const elsewhere = [...applications.values()].filter((application) => !isOn(application, gateway));
      const lines = new Map<string, Set<number>>();
      for (const { source } of elsewhere) {
        const at = source.lastIndexOf(":");
        const path = source.slice(0, at);
        const known = lines.get(path);
        const line = Number(source.slice(at + 1));
        if (known === undefined) lines.set(path, new Set([line]));
        else known.add(line);
      }
      return files.map((file) => cutFile(file, lines.get(file.path)));
    },
  };
}

/** Leaves out the parts that hold one of the lines. */
function cutFile(file: SourceFile, lines: ReadonlySet<number> | undefined): PolicyFile {
  if (lines === undefined) return file;
  let line = 1;
  const parts = partsOf(file).map((text): FilePart => {
    const first = line;
    line += linesOf(text);
    // the last line of a file may lack its line break
    const holds = [...lines].some((one) => one >= first && (one < line || !text.endsWith("\n")));
    return holds ? { sha256: sha256Hex(text), lines: line - first } : { text };
  });
  return { path: file.path, parts };
}
