import { readFileSync } from "node:fs";
import { parseJson } from "#kernel";

/** The version in our package.json, which lies as far above this file as above its built form. */
export function packageVersion(): string {
  const manifest = parseJson(
    readFileSync(new URL("../../package.json", import.meta.url), "utf8"),
    "package.json",
  );
  const version =
    typeof manifest === "object" && manifest !== null && "version" in manifest ? manifest.version : undefined;
  if (typeof version !== "string") throw new TypeError("package.json names no version");
  return version;
}
