/**
 * The real Open Policy Agent, to be judged by: the binary that `POSTERN_TEST_OPA` names, one on the PATH, or one that Go
 * installs into a folder of one's own cache, by version, outside of any checkout.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** The version whose answers are ours. */
export const OPA_VERSION = "1.22.2";

/** What was found, or why there is nothing. */
export type Found = { readonly path: string } | { readonly missing: string };

/** OPA as it is there, without installing anything. */
export function findOpa(): Found {
  const given = process.env["POSTERN_TEST_OPA"];
  for (const path of [given ?? "opa", join(cacheFolder(`opa-${OPA_VERSION}`), "opa")]) {
    const asked = spawnSync(path, ["version"], { encoding: "utf8" });
    if (asked.status === 0 && asked.stdout.startsWith(`Version: ${OPA_VERSION}\n`)) return { path };
  }
  return {
    missing: `${given ?? "opa"} is no OPA ${OPA_VERSION}; POSTERN_TEST_OPA names its binary`,
  };
}

/** OPA, installed with Go where it is not there yet. */
export function installOpa(): Found {
  const found = findOpa();
  if (!("missing" in found)) return found;
  const folder = cacheFolder(`opa-${OPA_VERSION}`);
  const failed = go(["install", `github.com/open-policy-agent/opa@v${OPA_VERSION}`], { GOBIN: folder });
  return failed === undefined ? { path: join(folder, "opa") } : { missing: failed };
}

/** Runs one command of Go; returns why it failed. */
export function go(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  cwd?: string,
): string | undefined {
  const usual = "/usr/local/go/bin/go";
  const program = existsSync(usual) && spawnSync("go", ["version"]).error !== undefined ? usual : "go";
  const ran = spawnSync(program, args, { encoding: "utf8", env: { ...process.env, ...env }, cwd });
  if (ran.error !== undefined) return "go is not on the PATH";
  return ran.status === 0 ? undefined : `go ${args.join(" ")} failed: ${ran.stderr.trim()}`;
}

/** A folder for what takes long to build and may be thrown away at any time. */
export function cacheFolder(name: string): string {
  return join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "postern", name);
}
