import assert from "node:assert/strict";
import { chmod, mkdtemp, readFile, rm, stat, symlink, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { PosternError, systemClock, systemIds } from "#kernel";
import { openStore, type Store } from "#store";
import { openSecrets, type Secrets } from "./index.ts";

let folder: string;
let store: Store;
let masterKeyPath: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "postern-secrets-"));
  masterKeyPath = join(folder, "master.key");
  store = await openStore({ path: join(folder, "postern.db"), clock: systemClock, ids: systemIds });
});
afterEach(async () => {
  await store.close();
  await rm(folder, { recursive: true });
});

async function secrets(): Promise<Secrets> {
  return await openSecrets({ store, masterKeyPath, clock: systemClock, ids: systemIds });
}

async function refused(code: string, message: RegExp): Promise<void> {
  await assert.rejects(secrets(), (error) => {
    assert.ok(error instanceof PosternError);
    assert.equal(error.code, code);
    assert.match(error.message, message);
    assert.notEqual(error.details.remedy, undefined);
    return true;
  });
}

test("a new folder gets a key that only its owner reads", async () => {
  await secrets();
  assert.equal((await stat(masterKeyPath)).mode & 0o777, 0o600);
});

test("a named secret is made once, also when asked for at the same time, and survives a restart", async () => {
  let made = 0;
  const make = (): Uint8Array => {
    made += 1;
    return new TextEncoder().encode(`value ${made}`);
  };
  const first = await secrets();
  const [a, b] = await Promise.all([first.named("cookies", make), first.named("cookies", make)]);
  const again = await (await secrets()).named("cookies", make);
  assert.deepEqual([a, b, again], [a, a, a]);
  assert.equal(made, 1);
});

test("nothing of a secret's value rests readable in the database", async () => {
  const value = "correct-horse-battery-staple";
  await (await secrets()).named("phrase", () => new TextEncoder().encode(value));
  const rows = await store.db.selectFrom("secret").selectAll().execute();
  assert.equal(JSON.stringify(rows).includes(value), false);
  assert.equal(JSON.stringify(rows).includes(Buffer.from(value).toString("base64url").slice(4, 20)), false);
});

test("what is sealed for one context does not open for another, nor after an alteration", async () => {
  const room = await secrets();
  const sealed = room.seal(new Uint8Array([1, 2, 3]), "seed of ada");
  assert.deepEqual(room.open(sealed, "seed of ada"), new Uint8Array([1, 2, 3]));
  assert.throws(() => room.open(sealed, "seed of eve"), /does not open/);
  for (const altered of [
    `${sealed.slice(0, -1)}${sealed.endsWith("A") ? "Q" : "A"}`,
    "v1.",
    "v2.AAAA",
    "",
    "v1.%%",
  ])
    assert.throws(() => room.open(altered, "seed of ada"), /does not open/);
  assert.notEqual(room.seal(new Uint8Array([1, 2, 3]), "seed of ada"), sealed);
});

test("a sealed row moved to another name does not open", async () => {
  const room = await secrets();
  await room.named("a", () => new Uint8Array([1]));
  await room.named("b", () => new Uint8Array([2]));
  await store.write(async ({ db }) => {
    const a = await db
      .selectFrom("secret")
      .select("sealed")
      .where("name", "=", "a")
      .executeTakeFirstOrThrow();
    await db.updateTable("secret").set({ sealed: a.sealed }).where("name", "=", "b").execute();
  });
  await assert.rejects(
    room.named("b", () => new Uint8Array([2])),
    /does not open/,
  );
});

test("a missing key is not made again over a database that needs it", async () => {
  await secrets();
  await unlink(masterKeyPath);
  await refused("state.damaged", /missing/);
  await assert.rejects(stat(masterKeyPath), /ENOENT/);
});

test("a wrong key is found at the start", async () => {
  await secrets();
  const text = await readFile(masterKeyPath, "utf8");
  await writeFile(masterKeyPath, text.startsWith("A") ? `B${text.slice(1)}` : `A${text.slice(1)}`);
  await refused("state.damaged", /not the one/);
});

test("a key that others can read, a link, or a file without a key is refused", async () => {
  await secrets();
  await chmod(masterKeyPath, 0o640);
  await refused("state.damaged", /others/);
  await chmod(masterKeyPath, 0o600);
  await writeFile(masterKeyPath, "short\n");
  await refused("state.damaged", /holds no key/);
  await unlink(masterKeyPath);
  await symlink(join(folder, "elsewhere"), masterKeyPath);
  await refused("state.damaged", /cannot be read/);
});

test("a failing maker leaves nothing behind and may be tried again", async () => {
  const room = await secrets();
  await assert.rejects(
    room.named("flaky", () => {
      throw new Error("no entropy");
    }),
    /no entropy/,
  );
  assert.deepEqual(await room.named("flaky", () => new Uint8Array([7])), new Uint8Array([7]));
});
