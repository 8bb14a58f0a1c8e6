/**
 * Which database an instance's state is in. A folder that has moved to PostgreSQL, or began there, says so in its file
 * `database`, so that no later start without a flag begins anew on an empty SQLite file. The file is for this user
 * alone: the address may hold a password, which for that reason never travels on a command line of ours either.
 */
import { existsSync, lstatSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PosternError } from "#kernel";
import { unwritable } from "./places.ts";
import { usage } from "./terminal/parse.ts";

/** A file of SQLite, or an address of PostgreSQL. */
export type DatabaseAddress = { readonly path: string } | { readonly url: string };

/** By any other the driver may, with one setting or version or another, talk in the clear or to anybody. */
const SSL_MODES: ReadonlySet<string> = new Set(["verify-full", "disable"]);

/** Where an instance's SQLite database is. */
export function sqliteFile(data: string): string {
  return join(data, "postern.db");
}

/** Where a data folder says that its database is elsewhere. */
export function databaseFile(data: string): string {
  return join(data, "database");
}

/**
 * The database of a data folder that has been used before, or that a start would make.
 * @throws PosternError `folder.unsafe` when others can read the file, `input.invalid` when it holds no address
 */
export function databaseOf(data: string): DatabaseAddress {
  const file = databaseFile(data);
  const found = lstatSync(file, { throwIfNoEntry: false });
  if (found === undefined) return { path: sqliteFile(data) };
  if (!found.isFile() || (found.mode & 0o077) !== 0) {
    throw new PosternError("folder.unsafe", "the file that names the database is open to other users", {
      where: file,
      remedy: `chmod 600 ${file}`,
    });
  }
  return { url: checkDatabaseUrl(readFileSync(file, "utf8").trim(), file) };
}

/**
 * Settles the database at a start: what was asked for, else what the folder says.
 * @throws PosternError `conflict` when another address is asked for while the folder's state is in SQLite
 */
export function settleDatabase(data: string, asked: string | undefined): DatabaseAddress {
  const settled = databaseOf(data);
  if (asked === undefined) return settled;
  const url = checkDatabaseUrl(asked, "--database");
  if ("path" in settled && existsSync(settled.path)) {
    throw new PosternError("conflict", "the state of this data folder is in SQLite", {
      where: settled.path,
      remedy:
        "move it while it runs: postern db migrate-to postgres://…; or name another folder with --data DIR",
    });
  }
  if (!("url" in settled) || settled.url !== url) writeDatabaseFile(data, url);
  return { url };
}

/** Says in the folder that its state is at `url` from now on. Whole or not at all, whatever happens meanwhile. */
export function writeDatabaseFile(data: string, url: string): void {
  const file = databaseFile(data);
  const next = `${file}.next`;
  try {
    rmSync(next, { force: true });
    writeFileSync(next, `${url}\n`, { mode: 0o600, flag: "wx", flush: true });
    renameSync(next, file);
  } catch (cause) {
    throw unwritable(file, cause);
  }
}

/**
 * Checks an address of PostgreSQL. Over a network it says how TLS is done: what travels there is all that control knows.
 * @throws PosternError `usage.invalid`, `tls.required`
 */
export function checkDatabaseUrl(text: string, where: string): string {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== "postgres:" && url.protocol !== "postgresql:")) {
    throw usage(
      "the database is an address of PostgreSQL",
      where,
      "postgres://USER:PASSWORD@HOST:5432/DATABASE",
    );
  }
  const host = url.hostname || (url.searchParams.get("host") ?? "");
  const here =
    host === "" ||
    host.startsWith("/") ||
    host === "localhost" ||
    host === "[::1]" ||
    host.startsWith("127.");
  const modes = url.searchParams.getAll("sslmode");
  if (!here && modes.length === 0) {
    throw new PosternError("tls.required", `nothing says how the connection to ${host} is protected`, {
      where,
      remedy:
        "add ?sslmode=verify-full&sslrootcert=FILE to the address (or ?sslmode=disable where the network itself encrypts)",
    });
  }
  const [mode] = modes;
  if (modes.length > 1 || (mode !== undefined && !SSL_MODES.has(mode))) {
    throw new PosternError(
      "tls.required",
      `sslmode=${modes.join(", ")} does not say who must be at the other end`,
      {
        where,
        remedy: "sslmode=verify-full, or sslmode=disable where the network itself encrypts",
      },
    );
  }
  return text;
}

/** For people: the address without its password. */
export function maskedDatabase(database: DatabaseAddress): string {
  if ("path" in database) return database.path;
  const url = new URL(database.url);
  if (url.password !== "") url.password = "***";
  if (url.searchParams.has("password")) url.searchParams.set("password", "***");
  return url.href;
}
