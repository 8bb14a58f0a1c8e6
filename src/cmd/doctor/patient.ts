import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Clock, PosternError, parseJson } from "#kernel";
import type { InstanceState, MemberRole } from "#link";
import { type DatabaseAddress, databaseOf } from "../database.ts";
import { lastStart } from "../last-start.ts";
import { askOperations, type RoleAnswer } from "../operations/ask.ts";
import type { OperationsRole } from "../operations/open-operations.ts";
import type { MasterKeySettings } from "../settings.ts";
import { type DatabaseReader, openReader } from "./database-reader.ts";

/** The member that a data folder belongs to, when it is one of a gateway or agent that joined. */
export interface MemberFolder {
  readonly role: MemberRole;
  readonly name: string;
  /** PEM. */
  readonly certificate: string;
}

/** What is examined: a data folder, and whatever runs on it. Everything is looked up once, when a check first needs it. */
export interface Patient {
  readonly data: string;
  readonly run: string;
  readonly version: string;
  readonly clock: Clock;
  readonly masterKey: MasterKeySettings;
  /** Something was ever started on this folder. */
  readonly used: boolean;
  /** A gateway is started with it, as by `postern up`. */
  readonly servesHere: boolean;
  /** @throws PosternError when the file that says so is not whole */
  readonly member: () => MemberFolder | undefined;
  readonly address: () => DatabaseAddress;
  /** For reading only. @throws PosternError `state.unreachable`, `state.damaged`, `not_found` before the first start */
  readonly database: () => Promise<DatabaseReader>;
  /** As `database` where it holds a Postern; undefined where it cannot be read. */
  readonly readable: () => Promise<DatabaseReader | undefined>;
  /** How the instance is reached, as the database remembers it. */
  readonly instance: () => Promise<InstanceState | undefined>;
  /** What a role's process says of itself; undefined when none answers. */
  readonly role: (role: OperationsRole) => Promise<RoleAnswer | undefined>;
  readonly close: () => Promise<void>;
}

export interface PatientOptions {
  readonly data: string;
  readonly run: string;
  readonly version: string;
  readonly clock: Clock;
  readonly masterKey: MasterKeySettings;
}

export function patientOf(options: PatientOptions): Patient {
  const { data, run } = options;
  const roles = new Map<OperationsRole, Promise<RoleAnswer | undefined>>();
  let reader: Promise<DatabaseReader> | undefined;
  let readable: Promise<DatabaseReader> | undefined;
  let state: Promise<InstanceState | undefined> | undefined;

  const patient: Patient = {
    ...options,
    used: ["postern.db", "database", "member.json"].some((name) => existsSync(join(data, name))),
    servesHere: lastStart(data)?.gateway ?? true,
    member: () => memberOf(data),
    address: () => databaseOf(data),
    async database() {
      reader ??= openReader(databaseOf(data));
      return await reader;
    },
    async readable() {
      readable ??= patient.database().then(async (database) => {
        await database.rows("select epoch from counter");
        return database;
      });
      // whether it can be read is the subject of the check of the database, which says why not
      return await readable.catch(() => undefined);
    },
    async instance() {
      state ??= instanceOf(patient);
      return await state;
    },
    async role(role) {
      const known = roles.get(role) ?? askOperations(run, role);
      roles.set(role, known);
      return await known;
    },
    async close() {
      await (await reader?.catch(() => undefined))?.close();
    },
  };
  return patient;
}

async function instanceOf(patient: Patient): Promise<InstanceState | undefined> {
  const database = await patient.readable();
  const rows = await database?.rows("select value from entity where kind = 'instance'").catch(() => []);
  const value = rows?.[0]?.["value"];
  // control's own words, in its own database
  return typeof value === "string" ? (JSON.parse(value) as InstanceState) : undefined;
}

function memberOf(data: string): MemberFolder | undefined {
  const path = join(data, "member.json");
  if (!existsSync(path)) return undefined;
  const value = parseJson(readFileSync(path, "utf8"), path);
  const has =
    typeof value === "object" && value !== null ? (value as { readonly [name: string]: unknown }) : {};
  const { role, name, certificate } = has;
  if (
    (role !== "gateway" && role !== "agent") ||
    typeof name !== "string" ||
    typeof certificate !== "string"
  ) {
    throw new PosternError("state.damaged", "the file of this member's certificate is not whole", {
      where: path,
      remedy: "join again: postern gateway join, or postern agent join",
    });
  }
  return { role, name, certificate };
}
