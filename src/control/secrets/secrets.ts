import { type Clock, type IdSource, PosternError, toBase64Url } from "#kernel";
import type { Store } from "#store";
import { type MasterKeySource, obtainMasterKey, placeOf } from "./master-key.ts";
import { openBytes, sealBytes } from "./sealing.ts";

export interface Secrets {
  /**
   * The secret of that name: made by `make` the first time, the same ever after. Names are for good.
   * @throws PosternError `state.damaged` when it no longer opens.
   */
  named(name: string, make: () => Uint8Array | Promise<Uint8Array>): Promise<Uint8Array>;
  /** Seals bytes so that only `open` with the same `context` reads them. */
  seal(bytes: Uint8Array, context: string): string;
  /** @throws PosternError `state.damaged` for anything that `seal` did not give out for this context. */
  open(sealed: string, context: string): Uint8Array;
}

export interface SecretsOptions {
  readonly store: Store;
  readonly masterKey: MasterKeySource;
  readonly clock: Clock;
  readonly ids: IdSource;
}

/** Sealed when the key was made, so that a wrong key is found at the start and not at the first login. */
const CHECK = "master-key-check";

/**
 * Opens the secrets of a database.
 * @throws PosternError `state.damaged` when the key is missing, wrong or open to others, `not_found` when a named source
 * has none, `folder.unwritable`.
 */
export async function openSecrets(options: SecretsOptions): Promise<Secrets> {
  const { store, masterKey, clock, ids } = options;
  const place = placeOf(masterKey);
  const known = await store.db.selectFrom("secret").select("name").limit(1).executeTakeFirst();
  const master = await obtainMasterKey(masterKey, known !== undefined, ids);
  const underWay = new Map<string, Promise<Uint8Array>>();

  function open(sealed: string, context: string): Uint8Array {
    try {
      return openBytes(master, sealed, context);
    } catch (cause) {
      throw new PosternError("state.damaged", `a secret does not open (${context})`, {
        where: place,
        remedy: "restore the master key and the database of the same backup",
        cause,
      });
    }
  }

  async function readOrMake(name: string, make: () => Uint8Array | Promise<Uint8Array>): Promise<Uint8Array> {
    const context = `named/${name}`;
    const before = await store.db
      .selectFrom("secret")
      .select("sealed")
      .where("name", "=", name)
      .executeTakeFirst();
    if (before !== undefined) return open(before.sealed, context);
    const sealed = sealBytes(master, await make(), context, ids);
    await store.write(async ({ db }) => {
      await db
        .insertInto("secret")
        .values({ name, sealed, created_at: clock.now() })
        .onConflict((conflict) => conflict.column("name").doNothing())
        .execute();
    });
    // read back: whoever was first is right
    const after = await store.db
      .selectFrom("secret")
      .select("sealed")
      .where("name", "=", name)
      .executeTakeFirstOrThrow();
    return open(after.sealed, context);
  }

  async function named(name: string, make: () => Uint8Array | Promise<Uint8Array>): Promise<Uint8Array> {
    const waiting = underWay.get(name);
    if (waiting !== undefined) return await waiting;
    const work = readOrMake(name, make).finally(() => underWay.delete(name));
    underWay.set(name, work);
    return await work;
  }

  await checkMaster();
  return {
    named,
    seal: (bytes, context) => sealBytes(master, bytes, `sealed/${context}`, ids),
    open: (sealed, context) => open(sealed, `sealed/${context}`),
  };

  async function checkMaster(): Promise<void> {
    const check = await store.db
      .selectFrom("secret")
      .select("name")
      .where("name", "=", CHECK)
      .executeTakeFirst();
    if (known !== undefined && check === undefined) {
      throw new PosternError("state.damaged", "the database has lost the proof of its master key", {
        where: place,
        remedy: "restore the master key and the database of the same backup",
      });
    }
    try {
      await named(CHECK, () => ids.random(32));
    } catch (cause) {
      if (!(cause instanceof PosternError) || cause.code !== "state.damaged") throw cause;
      throw foreignKey(place, cause);
    }
  }
}

const NEVER_MADE: IdSource = {
  random() {
    throw new TypeError("a master key that is needed is not made");
  },
};

/**
 * Whether a master key can be had and is the one that a database was sealed with; makes and writes nothing.
 * @param sealed the secret `master-key-check` as it rests, when the database can be read
 * @throws PosternError as `openSecrets`
 */
export async function checkMasterKey(source: MasterKeySource, sealed: string | undefined): Promise<void> {
  const master = await obtainMasterKey(source, true, NEVER_MADE);
  if (sealed === undefined) return;
  try {
    openBytes(master, sealed, `named/${CHECK}`);
  } catch (cause) {
    throw foreignKey(placeOf(source), cause);
  }
}

function foreignKey(place: string, cause: unknown): PosternError {
  return new PosternError(
    "state.damaged",
    "the master key is not the one that this database was sealed with",
    {
      where: place,
      remedy:
        "copy the master key from another control node of this database, or restore both from the same backup",
      cause,
    },
  );
}

/**
 * The master key itself, in base64url, to be kept with a backup.
 * @throws PosternError as `openSecrets`
 */
export async function masterKeyText(source: MasterKeySource): Promise<string> {
  return toBase64Url(await obtainMasterKey(source, true, NEVER_MADE));
}
