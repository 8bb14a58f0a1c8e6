import assert from "node:assert/strict";
import { type ErrorCode, manualClock, PosternError, systemIds, systemSchedule } from "#kernel";
import type { InstanceState } from "#link";
import { type EventLog, openLog } from "#log";
import { demoFiles, type SourceFile } from "#policy";
import { openStore, type Store } from "#store";
import type { Place, TestDatabase } from "../../../test/harness/databases.ts";
import { type Activation, type Actor, openActivation } from "./index.ts";

export const NOW = Date.UTC(2026, 2, 4, 10);
export const ACTOR: Actor = {
  actor: { type: "user", id: "usr_ada", name: "ada" },
  decision: "dec_1",
  source: { ip: "127.0.0.1" },
};
export const FIRST = demoFiles("UTC");

/** A control node's activation, on a database of its own or on one that other nodes share. */
export interface House {
  readonly place: Place;
  readonly store: Store;
  readonly log: EventLog;
  readonly activation: Activation;
  close(): Promise<void>;
}

export interface HouseOptions {
  /** An empty one unless it is given. */
  readonly place?: Place;
  readonly port?: number;
  readonly hostStyle?: InstanceState["hostStyle"];
}

export interface Houses {
  /** With no set active. */
  readonly house: (options?: HouseOptions) => Promise<House>;
  /** With the first set active. */
  readonly started: (options?: HouseOptions) => Promise<House>;
}

let made = 0;
export function housesOn(database: TestDatabase): Houses {
  async function house(options: HouseOptions = {}): Promise<House> {
    const { place = await database.fresh(), port = 7400, hostStyle = "subdomain" } = options;
    const clock = manualClock(NOW);
    const origin = { role: "control", name: `node-${++made}`, version: "0.1.0" } as const;
    const origins =
      hostStyle === "port"
        ? { login: `http://localhost:${port}`, console: `http://localhost:${port + 1}` }
        : {
            login: `http://login.postern.localhost:${port}`,
            console: `http://console.postern.localhost:${port}`,
          };
    const instance: InstanceState = {
      id: "ins_1",
      domain: "postern.localhost",
      hostStyle,
      origins,
      scheme: "http",
      port,
    };
    const store = await openStore({
      ...place,
      clock,
      ids: systemIds,
      schedule: systemSchedule,
      notify: () => undefined,
    });
    const log = await openLog({ store, origin, boot: `boot_${made}`, clock });
    const activation = await openActivation({ store, log, clock, ids: systemIds, origin, instance });
    return { place, store, log, activation, close: async () => await store.close() };
  }
  return {
    house,
    async started(options = {}) {
      const one = await house(options);
      await one.activation.ensureFirst(FIRST);
      return one;
    },
  };
}

export async function refusal(work: Promise<unknown>, code: ErrorCode): Promise<PosternError> {
  const error = await work.then(
    () => assert.fail("it was not refused"),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof PosternError, String(error));
  assert.equal(error.code, code, error.message);
  return error;
}

export function rules(path: string, text: string): SourceFile {
  return { path, text };
}
export function wikiFor(name: string): SourceFile {
  return rules(`${name}.rules`, `ALLOW IF user.name == "${name}" AND resource.name == "wiki"\n`);
}

/** Everything that an activation writes. */
export async function state({ store, log, activation }: House) {
  const { entities, number } = await store.snapshot();
  return {
    number,
    entities,
    versions: await activation.versions(),
    events: (await log.events({ limit: 200 })).length,
    ports: await store.db.selectFrom("application_port").selectAll().execute(),
  };
}

export function demoText(): string {
  return FIRST.find(({ path }) => path === "demo.yaml")?.text ?? "";
}
