import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmod, mkdtemp, readFile, rm, stat, symlink, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { promisify } from "node:util";
import { PosternError, systemClock, systemIds, systemSchedule } from "#kernel";
import { openStore, type Store } from "#store";
import { type MasterKeySource, openSecrets, type Secrets } from "./index.ts";
import { outputOf } from "./run-program.ts";

const run = promisify(execFile);

let folder: string;
let store: Store;
let masterKeyPath: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "postern-secrets-"));
  masterKeyPath = join(folder, "master.key");
  store = await openStore({
    path: join(folder, "postern.db"),
    clock: systemClock,
    ids: systemIds,
    schedule: systemSchedule,
    notify: () => undefined,
  });
});
afterEach(async () => {
  await store.close();
  await rm(folder, { recursive: true });
});

async function secrets(masterKey?: MasterKeySource): Promise<Secrets> {
  return await openSecrets({
    store,
    masterKey: masterKey ?? { kind: "own-file", path: masterKeyPath },
    clock: systemClock,
    ids: systemIds,
  });
}

async function refused(code: string, message: RegExp, source?: MasterKeySource): Promise<PosternError> {
  let refusal: PosternError | undefined;
  await assert.rejects(secrets(source), (error) => {
    assert.ok(error instanceof PosternError);
    assert.equal(error.code, code);
    assert.match(error.message, message);
    assert.notEqual(error.details.remedy, undefined);
    refusal = error;
    return true;
  });
  assert.ok(refusal !== undefined);
  return refusal;
}

/** What `head -c 32 /dev/urandom | basenc --base64url` writes. */
function newKey(): string {
  return `${Buffer.from(systemIds.random(32)).toString("base64url")}=\n`;
}

function command(script: string, ...rest: string[]): MasterKeySource {
  return { kind: "command", argv: [process.execPath, "-e", script, ...rest] };
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

test("a file that the operator named is never made, and the refusal says how to make one that is then taken", async () => {
  const path = join(folder, "elsewhere.key");
  const refusal = await refused("not_found", /no master key at the place that was named/, {
    kind: "file",
    path,
  });
  await assert.rejects(stat(path), /ENOENT/);
  const recipe = /make one: (.*)$/.exec(refusal.details.remedy ?? "")?.[1];
  assert.ok(recipe !== undefined);
  await run("sh", ["-c", recipe]);
  await secrets({ kind: "file", path });
  await unlink(path);
  const needed = await refused("not_found", /no master key/, { kind: "file", path });
  assert.match(needed.details.remedy ?? "", /backup/);
});

test("a control node that lacks the key of its database is told where it is", async () => {
  await secrets();
  const second = { kind: "own-file", path: join(folder, "second.key") } as const;
  const missing = await refused("state.damaged", /missing/, second);
  assert.match(missing.details.remedy ?? "", /copy this file from the control node that has it/);
  await writeFile(second.path, newKey(), { mode: 0o600 });
  const wrong = await refused("state.damaged", /not the one/, second);
  assert.match(wrong.details.remedy ?? "", /copy the master key from another control node/);
});

test("a credential of systemd is taken as systemd makes it, and in no other way", async () => {
  const credential = { kind: "credential", path: join(folder, "postern-master-key") } as const;
  const absent = await refused("not_found", /systemd/, credential);
  assert.match(absent.details.remedy ?? "", /LoadCredential=/);
  await writeFile(credential.path, newKey(), { mode: 0o400 });
  await secrets(credential);
  // as its user reads it through an access control list
  await chmod(credential.path, 0o440);
  await secrets(credential);
  for (const mode of [0o444, 0o460, 0o404]) {
    await chmod(credential.path, mode);
    await refused("state.damaged", /others/, credential);
  }
});

test("a program gives the key, run without a shell", async () => {
  const key = newKey();
  await secrets(command(`process.stdout.write(process.argv[1])`, key));
  // the same key, by the same program
  await secrets(command(`process.stdout.write(process.argv[1])`, key));
  const shell = { kind: "command", argv: ["echo hello; true"] } as const;
  await refused("state.damaged", /cannot be started/, shell);
});

test("a program that fails is quoted by what it said, never by what it gave out", async () => {
  const failing = command(
    `process.stdout.write("a-secret"); process.stderr.write("no\\u001b[2J access\\n"); process.exit(3)`,
  );
  const refusal = await refused("state.damaged", /ended with 3: no \[2J access$/, failing);
  assert.doesNotMatch(JSON.stringify([refusal.message, refusal.details]), /a-secret/);
  const odd = await refused("state.damaged", /something that is no key/, command(`console.log("a-secret")`));
  assert.doesNotMatch(`${odd.stack} ${String(odd.cause)}`, /a-secret/);
});

test("a program that takes too long or says too much is ended", async () => {
  const much = command(`setInterval(() => process.stdout.write("x".repeat(1000)), 1)`);
  await refused("state.damaged", /wrote more than a key/, much);
  const node = process.execPath;
  await assert.rejects(outputOf([node, "-e", "setInterval(() => {}, 1000)"], 200), /within 0.2 s/);
  // what it leaves running holds its output open
  const child = `require("child_process").spawn(process.execPath, ["-e", "setTimeout(() => {}, 3000)"], { stdio: "inherit" })`;
  await assert.rejects(outputOf([node, "-e", `${child}; process.exit(0)`], 500), /within 0.5 s/);
});
