import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { gunzipSync, gzipSync } from "node:zlib";
import { type Postgres, startPostgres } from "../../../test/harness/postgres.ts";
import { sqliteFile } from "../database.ts";
import { lockFolder } from "../supervisor/lock.ts";
import { type Ran, runLine } from "../world-of-test.test.ts";
import {
  addPerson,
  contentOf,
  emptyFolder,
  epochOf,
  fillInstance,
  instanceFolder,
  openAll,
  ROOM,
} from "./backup-rig.test.ts";

let postgres: Postgres;
before(async () => {
  postgres = await startPostgres();
});
after(async () => await postgres.remove());

async function done(...line: readonly string[]): Promise<Ran> {
  const ran = await runLine(line);
  assert.equal(ran.code, 0, ran.stderr);
  return ran;
}

/** The code of the error that a command ends with. */
async function refused(...line: readonly string[]): Promise<string> {
  const { code, stdout } = await runLine([...line, "--json"]);
  assert.notEqual(code, 0, `it was done: ${stdout}`);
  return (
    JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "") as { readonly error: { readonly code: string } }
  ).error.code;
}

let number = 0;
function freshFile(): string {
  return join(ROOM, `${++number}.backup`);
}

/** An instance's folder, and a backup of it. */
async function backedUp(
  ...flags: readonly string[]
): Promise<{ readonly data: string; readonly file: string }> {
  const data = await instanceFolder();
  const file = freshFile();
  await done("backup", file, "--data", data, ...flags);
  return { data, file };
}

describe("a backup", () => {
  test("is for its owner alone, says what it holds, and that the key is not in it", async () => {
    const data = await instanceFolder();
    const file = freshFile();
    const before = await contentOf({ path: sqliteFile(data) });
    const { stdout } = await done("backup", file, "--data", data);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.match(
      stdout,
      /^Backed up to .*\n {2}Holds {5,}40 people, 40 sessions, 0 policy versions, 0 members, 1200 records/,
    );
    assert.match(stdout, /The master key is not in it\. Keep it elsewhere: .*master\.key\n$/);
    const key = readFileSync(join(data, "master.key"), "utf8").trim();
    assert.ok(!gunzipSync(readFileSync(file)).toString().includes(key));
    assert.deepEqual(await contentOf({ path: sqliteFile(data) }), before);
    assert.deepEqual(
      readdirSync(ROOM).filter((name) => name.endsWith(".part")),
      [],
    );
  });

  test("into a folder has a dated name", async () => {
    const data = await instanceFolder(1);
    const folder = mkdtempSync(join(ROOM, "backups-"));
    await done("backup", folder, "--data", data);
    assert.match(readdirSync(folder).join(), /^postern-\d{8}T\d{6}Z\.backup$/);
  });

  test("of a folder without an instance, or to a place that cannot be written, is refused", async () => {
    assert.equal(await refused("backup", freshFile(), "--data", emptyFolder()), "not_found");
    const data = await instanceFolder(1);
    assert.equal(
      await refused("backup", join(ROOM, "none", "x.backup"), "--data", data),
      "folder.unwritable",
    );
  });

  test("taken while others write holds one moment", async () => {
    const data = await instanceFolder(1);
    const { store } = await openAll({ path: sqliteFile(data) });
    let stop = false;
    let written = 100;
    const writing = (async () => {
      while (!stop) {
        await addPerson(store, written++);
        await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    const files: string[] = [];
    for (let i = 0; i < 5; i++) {
      const file = freshFile();
      await done("backup", file, "--data", data);
      files.push(file);
    }
    stop = true;
    await writing;
    await store.close();
    let last = 0;
    for (const file of files) {
      const lines = gunzipSync(readFileSync(file)).toString().split("\n");
      const { number: head } = JSON.parse(lines[0] ?? "") as { readonly number: number };
      assert.ok(head >= last);
      last = head;
      const rows = (table: string): number => {
        const from = lines.findIndex((line) => line.startsWith(`{"table":"${table}"`));
        return lines.slice(from + 1).findIndex((line) => line.startsWith("{"));
      };
      assert.deepEqual([rows("change"), rows("user"), rows("entry")], [head, head, head]);
    }
    assert.ok(last > 40, "and others did write");
  });
});

describe("a restore", () => {
  test("into an empty folder gives all of it back, in a new epoch", async () => {
    const { data, file } = await backedUp();
    const fresh = emptyFolder();
    copyFileSync(join(data, "master.key"), join(fresh, "master.key"));
    const { stdout } = await done("restore", file, "--data", fresh);
    assert.match(stdout, /^Restored the state of .*\n {2}Holds {5,}40 people/);
    assert.deepEqual(
      await contentOf({ path: sqliteFile(fresh) }),
      await contentOf({ path: sqliteFile(data) }),
    );
    assert.notEqual(await epochOf({ path: sqliteFile(fresh) }), await epochOf({ path: sqliteFile(data) }));
    const { store } = await openAll({ path: sqliteFile(fresh) });
    await addPerson(store, 900);
    await store.close();
  });

  test("in the place of another keeps that one", async () => {
    const { data, file } = await backedUp();
    const path = sqliteFile(data);
    const { store } = await openAll({ path });
    await addPerson(store, 500);
    await store.close();
    const later = await contentOf({ path });
    assert.equal(await refused("restore", file, "--data", data), "conflict");
    assert.deepEqual(await contentOf({ path }), later);
    const { stdout } = await done("restore", file, "--data", data, "--replace", "--json");
    const { kept } = JSON.parse(stdout) as { readonly kept: string };
    assert.match(kept, /postern\.db\.before-restore-\d{8}T\d{6}Z$/);
    assert.deepEqual(await contentOf({ path: kept }), later);
    assert.ok((await contentOf({ path })).length < later.length);
    assert.deepEqual(
      readdirSync(data).filter((name) => name.includes("restoring")),
      [],
    );
  });

  test("from SQLite to PostgreSQL and back loses nothing, and numbers go on", async () => {
    const { data, file } = await backedUp();
    const wanted = await contentOf({ path: sqliteFile(data) });
    const url = await postgres.createDatabase();
    const second = emptyFolder();
    copyFileSync(join(data, "master.key"), join(second, "master.key"));
    await done("restore", file, "--data", second, "--database", url);
    assert.equal(readFileSync(join(second, "database"), "utf8"), `${url}\n`);
    assert.deepEqual(await contentOf({ url }), wanted);

    const { store, log } = await openAll({ url });
    await store.write(async (tx) => {
      await log.append(
        tx,
        JSON.parse(JSON.parse(wanted.find((line) => line.includes("№ 0")) ?? "")[0]) as never,
      );
    });
    const { id } = await store.db
      .selectFrom("event")
      .select((row) => row.fn.max("id").as("id"))
      .executeTakeFirstOrThrow();
    assert.equal(id, 1_201);
    await store.close();

    const back = freshFile();
    const { stdout } = await done("backup", back, "--data", second);
    assert.doesNotMatch(stdout, new RegExp(new URL(url).password));
    const third = emptyFolder();
    copyFileSync(join(data, "master.key"), join(third, "master.key"));
    await done("restore", back, "--data", third);
    assert.deepEqual(await contentOf({ path: sqliteFile(third) }), await contentOf({ url }));
  });

  test("in the place of an instance in PostgreSQL keeps it as a backup, and not while a control works there", async () => {
    const { data, file } = await backedUp();
    const url = await postgres.createDatabase();
    const folder = emptyFolder();
    await fillInstance(folder, { url }, 3);
    writeFileSync(join(folder, "database"), `${url}\n`, { mode: 0o600 });
    copyFileSync(join(data, "master.key"), join(folder, "master.key"));
    const was = await contentOf({ url });
    assert.equal(await refused("restore", file, "--data", folder), "conflict");
    const { store } = await openAll({ url });
    const node = { name: "control-a", url: null, version: "0.1.0", boot: "boot_1", started_at: 1, number: 1 };
    await store.write(async ({ db }) => {
      await db
        .insertInto("control_node")
        .values({ ...node, trusts: "[]", presents: "x", last_seen_at: Date.now() })
        .execute();
    });
    assert.equal(await refused("restore", file, "--data", folder, "--replace"), "conflict");
    await store.write(async ({ db }) => void (await db.deleteFrom("control_node").execute()));
    await store.close();
    assert.deepEqual(await contentOf({ url }), was);
    const { stdout } = await done("restore", file, "--data", folder, "--replace", "--json");
    const { kept } = JSON.parse(stdout) as { readonly kept: string };
    assert.deepEqual(await contentOf({ url }), await contentOf({ path: sqliteFile(data) }));
    assert.match(kept, /before-restore-.*\.backup$/);
    assert.ok(
      gunzipSync(readFileSync(kept))
        .toString()
        .includes(was.find((line) => line.startsWith('["id"')) ?? "?"),
    );
  });

  test("brings the master key where it is in the backup", async () => {
    const { data, file } = await backedUp("--with-master-key");
    const fresh = emptyFolder();
    await done("restore", file, "--data", fresh);
    assert.equal(
      readFileSync(join(fresh, "master.key"), "utf8").trim(),
      readFileSync(join(data, "master.key"), "utf8").trim(),
    );
    assert.equal(statSync(join(fresh, "master.key")).mode & 0o777, 0o600);
  });
});

describe("what must not be restored changes nothing", () => {
  async function same(data: string, code: string, ...line: readonly string[]): Promise<void> {
    const before = existsSync(data) ? pictureOfState(data) : "";
    assert.equal(await refused("restore", ...line, "--data", data, "--replace"), code);
    assert.equal(pictureOfState(data), before);
  }

  test("a backup that was cut or altered, anywhere", async () => {
    const { data, file } = await backedUp();
    const whole = readFileSync(file);
    const cut = freshFile();
    for (let i = 1; i <= 12; i++) {
      writeFileSync(cut, whole.subarray(0, (i * 104_729) % whole.length));
      await same(data, "state.damaged", cut);
    }
    writeFileSync(cut, whole.subarray(0, whole.length - 1));
    await same(data, "state.damaged", cut);
    const text = gunzipSync(whole).toString();
    writeFileSync(cut, gzipSync(text.replace("№ 700 ", "№ 701 ")));
    await same(data, "state.damaged", cut);
  });

  test("one of a later version, one of another instance's key, one that is none", async () => {
    const { data, file } = await backedUp();
    const text = gunzipSync(readFileSync(file)).toString();
    const other = freshFile();
    const { createHash } = await import("node:crypto");
    const sealed = (altered: string): void => {
      const lines = altered.split("\n").slice(0, -2);
      const hash = createHash("sha256")
        .update(`${lines.join("\n")}\n`)
        .digest("hex");
      writeFileSync(
        other,
        gzipSync(`${lines.join("\n")}\n${JSON.stringify({ lines: lines.length - 1, sha256: hash })}\n`),
      );
    };
    sealed(text.replace('"0003-members"', '"0003-members","0042-later"'));
    await same(data, "state.newer", other);
    sealed(text.replace('{"table":"user"', '{"table":"user\\"; drop table event; --"'));
    await same(data, "state.damaged", other);
    sealed(text.replace('"display_name"', '"display_name\\""'));
    await same(data, "state.damaged", other);
    writeFileSync(other, "not a backup");
    await same(data, "state.damaged", other);
    await same(data, "not_found", join(ROOM, "none"));

    const foreign = await backedUp();
    await same(data, "state.damaged", foreign.file);
    const fresh = emptyFolder();
    assert.equal(await refused("restore", file, "--data", fresh), "state.damaged");
    assert.ok(!existsSync(sqliteFile(fresh)));
  });

  test("anything, while Postern runs on the folder", async () => {
    const { data, file } = await backedUp();
    const lock = lockFolder(data);
    try {
      assert.equal(await refused("restore", file, "--data", data, "--replace"), "state.busy");
    } finally {
      lock.release();
    }
  });
});

/** Of the database and the key; locks and run folders may come. */
function pictureOfState(data: string): string {
  const folder = mkdtempSync(join(ROOM, "picture-"));
  for (const name of readdirSync(data))
    if (/^(postern\.db|master\.key|database)/.test(name))
      writeFileSync(join(folder, name), readFileSync(join(data, name)));
  const names = readdirSync(folder).sort();
  return names.map((name) => `${name} ${readFileSync(join(folder, name)).toString("base64")}`).join("\n");
}

const unmountable = ((): string | undefined => {
  if (process.getuid?.() !== 0) return "needs root, for a file system of its own";
  const folder = mkdtempSync(join(tmpdir(), "mount-"));
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", folder]).status === 0;
  if (mounted) spawnSync("umount", [folder]);
  rmSync(folder, { recursive: true });
  return mounted ? undefined : "this machine does not let root mount a tmpfs";
})();

test(
  "on a disk that is full neither leaves half a file, for real",
  unmountable === undefined ? {} : { skip: unmountable },
  async () => {
    const { data, file } = await backedUp();
    const disk = mkdtempSync(join(tmpdir(), "backup-full-"));
    assert.equal(spawnSync("mount", ["-t", "tmpfs", "-o", "size=40k,mode=0700", "tmpfs", disk]).status, 0);
    try {
      assert.equal(await refused("backup", join(disk, "x.backup"), "--data", data), "folder.unwritable");
      assert.deepEqual(readdirSync(disk), []);
      assert.equal(spawnSync("mount", ["-o", "remount,size=600k", disk]).status, 0);
      const target = join(disk, "data");
      mkdirSync(target, { mode: 0o700 });
      copyFileSync(join(data, "master.key"), join(target, "master.key"));
      const { code, stderr } = await runLine(["restore", file, "--data", target]);
      assert.equal(code, 1);
      assert.match(stderr, /full|cannot be (read or )?written/);
      assert.deepEqual(
        readdirSync(target).filter((name) => name.startsWith("postern.db")),
        [],
      );
    } finally {
      assert.equal(spawnSync("umount", [disk]).status, 0);
      rmSync(disk, { recursive: true });
    }
  },
);

test("db status says where the state is, without the password", async () => {
  const data = await instanceFolder(2);
  const { stdout } = await done("db", "status", "--data", data);
  assert.match(
    stdout,
    /^The state is in SQLite [\d.]+\n {2}Database {2}\S+postern\.db\n {2}Size .*\n {2}Position {2}change 40 of epoch_/,
  );
  const url = await postgres.createDatabase();
  const folder = emptyFolder();
  await fillInstance(folder, { url }, 2);
  writeFileSync(join(folder, "database"), `${url}\n`, { mode: 0o600 });
  const seen = JSON.parse((await done("db", "status", "--data", folder, "--json")).stdout) as {
    readonly kind: string;
    readonly database: string;
    readonly position: { readonly number: number };
  };
  assert.deepEqual([seen.kind, seen.position.number], ["postgres", 40]);
  assert.match(seen.database, /^postgres:\/\/postern:\*\*\*@/);
});
