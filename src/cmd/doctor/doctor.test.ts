/** Long, since one table holds each way in which a data folder is broken, with what doctor must say of it. */
import "reflect-metadata";
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { X509CertificateGenerator } from "@peculiar/x509";
import { gatewayPart } from "../operations/gateway-part.ts";
import { spoolPart } from "../operations/spool-part.ts";
import { viewPart } from "../operations/view-part.ts";
import { runLine } from "../world-of-test.test.ts";
import type { DoctorCheck } from "./check.ts";
import { examine } from "./examine.ts";
import type { Patient } from "./patient.ts";
import { doctor, fill, pictureOf, runningRoles, tamper, usedFolder } from "./patient-rig.test.ts";

describe("an instance that is well", () => {
  test("has no problem, and is as it was before it was looked at", async () => {
    const data = await usedFolder();
    mkdirSync(join(data, "spool"), { mode: 0o700 });
    const roles = await runningRoles(data);
    try {
      const before = pictureOf(data);
      const report = await doctor(data);
      assert.deepEqual([report.code, report.ok], [0, true], report.stdout);
      for (const name of ["data-folder", "database", "master-key", "roles", "log-chain", "spool"])
        assert.equal(report.of(name), "", name);
      assert.match(report.of("backup"), /^warning: no backup was made/);
      assert.equal(pictureOf(data), before);
    } finally {
      await roles.stop();
    }
  });

  test("is said to people with what to do last", async () => {
    const data = await usedFolder();
    const { code, stdout } = await runLine(["doctor", "--data", data]);
    assert.equal(code, 1);
    const lines = stdout.trimEnd().split("\n");
    assert.match(lines[0] ?? "", /^1 problem and \d warnings? found, in /);
    assert.match(stdout, /✕ problem {2}Processes {2,}no control runs on this folder\n +try: start Postern/);
    assert.match(lines.at(-1) ?? "", /^Begin with: start Postern/);
  });
});

/** One way of breaking a data folder, and what doctor must say of it. */
interface Broken {
  readonly what: string;
  readonly check: string;
  readonly says: RegExp;
  readonly code?: number;
  readonly break: (data: string) => void;
}

const NOW = Date.now();
const MEMBER = `insert into member (role, name, state, joined_at, clone_since, clone_addresses)
  values ('gateway', 'edge-1', 'joined', 1, NULL, NULL)`;
function component(values: { readonly [column: string]: number | string }): string {
  const row = {
    ...{ role: "gateway", name: "edge-1", boot: "boot_1", version: "0.1.0", last_seen_at: NOW },
    ...{ connected_since: NOW - 60_000, reported_at: NOW, view_age_ms: 100, epoch: "x", number: 1 },
    ...values,
  };
  const list = Object.values(row).map((value) => (typeof value === "string" ? `'${value}'` : String(value)));
  return `${MEMBER}; insert into component (${Object.keys(row).join(", ")}) values (${list.join(", ")})`;
}

const BROKEN: readonly Broken[] = [
  {
    what: "the folder is open to others",
    check: "data-folder",
    says: /^problem: \S+ is open to other users \(755\); chmod 700 /,
    break: (data) => chmodSync(data, 0o755),
  },
  {
    what: "the database file is open to others",
    check: "data-folder",
    says: /postern\.db can be read by other users \(644\); chmod 600 /,
    break: (data) => chmodSync(join(data, "postern.db"), 0o644),
  },
  {
    what: "the master key is gone",
    check: "master-key",
    says: /^problem: the master key is missing, .*restore it from a backup/,
    break: (data) => rmSync(join(data, "master.key")),
  },
  {
    what: "the master key is another",
    check: "master-key",
    says: /^problem: the master key is not the one that this database was sealed with/,
    break: (data) => writeFileSync(join(data, "master.key"), Buffer.alloc(32, 7).toString("base64url")),
  },
  {
    what: "the master key is open to others",
    check: "master-key",
    says: /^problem: the master key can be read by others/,
    break: (data) => chmodSync(join(data, "master.key"), 0o640),
  },
  {
    what: "the database is no database",
    check: "database",
    says: /^problem: the database cannot be read .*restore a backup/,
    break: (data) => writeFileSync(join(data, "postern.db"), Buffer.alloc(8_192, 1)),
  },
  {
    what: "a page of the database is damaged",
    check: "database",
    says: /^problem: .*(damaged|malformed|cannot be read)/,
    break(data) {
      const file = openSync(join(data, "postern.db"), "r+");
      for (let page = 2; page < 20; page++) writeSync(file, Buffer.alloc(512, 0xff), 0, 512, page * 4_096);
      closeSync(file);
    },
  },
  {
    what: "the database is of a later version",
    check: "database",
    says: /^problem: it was written by a later version of Postern \(0099-later\)/,
    break: (data) =>
      tamper(data, "insert into kysely_migration (name, timestamp) values ('0099-later', 'x')"),
  },
  {
    what: "the database is of an earlier version",
    check: "database",
    code: 1,
    says: /^warning: it is of an earlier version \(without 0003-members\); restart control/,
    break: (data) => tamper(data, "delete from kysely_migration where name = '0003-members'"),
  },
  {
    what: "a record of the log was altered",
    check: "log-chain",
    says: /^problem: record 3 of control:local does not follow the one before it/,
    break: (data) =>
      tamper(data, "update event set body = replace(body, 'started', 'stopped') where sequence = 2"),
  },
  {
    what: "the database is elsewhere and does not answer",
    check: "database",
    says: /^problem: the database does not answer .*127\.0\.0\.1:1\/postern.*; see that PostgreSQL runs/,
    break: (data) =>
      writeFileSync(join(data, "database"), "postgres://postern:secret@127.0.0.1:1/postern\n", {
        mode: 0o600,
      }),
  },
  {
    what: "the file that names the database is open to others",
    check: "database",
    says: /^problem: the file that names the database is open to other users/,
    break: (data) => writeFileSync(join(data, "database"), "postgres://localhost/postern\n", { mode: 0o644 }),
  },
  {
    what: "records wait for control",
    check: "spool",
    says: /^warning: 2 bytes in 1 file, the oldest 1 hour ago, wait for control/,
    code: 1,
    break(data) {
      mkdirSync(join(data, "spool"), { mode: 0o700 });
      const path = join(data, "spool", "gateway_3a_local.boot_1.000001.spool");
      writeFileSync(path, "{}");
      utimesSync(path, NOW / 1000 - 3_600, NOW / 1000 - 3_600);
    },
  },
  {
    what: "the clock went back",
    check: "clock",
    says: /^problem: the newest record of the log is \d+ s in the future: this clock went back; set it by NTP/,
    break: (data) => tamper(data, `update event set time = ${NOW + 3_600_000}`),
  },
  {
    what: "the scheme is plain http for others",
    check: "domain",
    says: /^problem: browsers are served plain http at http:\/\/login\.apps\.test/,
    break: (data) =>
      tamper(
        data,
        `update entity set value = '{"id":"x","domain":"apps.test","hostStyle":"subdomain","scheme":"http","port":80,
         "origins":{"login":"http://login.apps.test","console":"http://console.apps.test"}}' where kind = 'instance'`,
      ),
  },
  {
    what: "the domain is a public suffix",
    check: "domain",
    says: /problem: example is a public suffix/,
    break: (data) =>
      tamper(
        data,
        `update entity set value = '{"id":"x","domain":"example","hostStyle":"subdomain","scheme":"https","port":443,
         "origins":{"login":"https://login.example","console":"https://console.example"}}' where kind = 'instance'`,
      ),
  },
];

describe("what is broken is found, with what to do", () => {
  for (const { what, check, says, break: breakIt } of BROKEN) {
    test(what, async () => {
      const data = await usedFolder();
      breakIt(data);
      const before = pictureOf(data);
      const report = await doctor(data);
      assert.equal(report.code, 1, "control does not run, if nothing else");
      assert.match(report.of(check), says);
      assert.doesNotMatch(report.stdout, /secret@|:secret/);
      assert.equal(pictureOf(data), before, "nothing was changed");
    });
  }

  test("a folder where nothing ever ran", async () => {
    const data = mkdtempSync(join(tmpdir(), "doctor-empty-"));
    const report = await doctor(data);
    assert.equal(report.code, 1);
    assert.match(report.of("data-folder"), /holds no instance; npm start/);
    assert.match((await doctor(join(data, "none"))).of("data-folder"), /does not exist/);
    rmSync(data, { recursive: true });
  });

  const members: readonly { readonly what: string; readonly row: string; readonly says: RegExp }[] = [
    {
      what: "not connected",
      row: component({}).replace(String(NOW - 60_000), "NULL"),
      says: /^warning: gateway edge-1 is not connected/,
    },
    {
      what: "blocked",
      row: component({ blocked: "no such kind" }),
      says: /^problem: gateway edge-1 takes no more changes: no such kind/,
    },
    {
      what: "old",
      row: component({ view_age_ms: 45_000 }),
      says: /^problem: what gateway edge-1 knows is 45 s old/,
    },
    {
      what: "silent",
      row: component({ reported_at: NOW - 120_000 }),
      says: /^warning: gateway edge-1 has not reported since 2 minutes ago/,
    },
    {
      what: "a certificate that was not renewed",
      row: component({ certificate_not_after: NOW + 3_600_000 }),
      says: /^problem: the certificate of gateway edge-1 ends /,
    },
    {
      what: "a clone",
      row: `${component({})}; update member set clone_since = 1, clone_addresses = '["192.0.2.1","192.0.2.2"]'`,
      says: /^problem: the certificate of gateway edge-1 is used from two places .*192\.0\.2\.2.*; postern gateway revoke edge-1/,
    },
  ];
  for (const { what, row, says } of members) {
    test(`a gateway: ${what}`, async () => {
      const data = await usedFolder();
      tamper(data, row);
      const roles = await runningRoles(data);
      try {
        const report = await doctor(data);
        assert.match(report.of("members"), says);
        assert.equal(report.code, says.source.startsWith("^problem") ? 1 : 0);
      } finally {
        await roles.stop();
      }
    });
  }

  test("what the roles say of themselves", async () => {
    const data = await usedFolder();
    mkdirSync(join(data, "spool"), { mode: 0o700 });
    const roles = await runningRoles(data, {
      gateway: [
        viewPart({
          view: { number: 1, ageSeconds: () => 400, skewSeconds: () => 12 },
          blocked: () => undefined,
        }),
        spoolPart({ spool: { healthy: false }, folder: "/x", unshipped: () => 5 }),
        gatewayPart({ listen: "127.0.0.1", port: () => 1, liveConnections: () => 0 }),
      ],
    });
    try {
      const report = await doctor(data);
      assert.match(
        report.of("roles"),
        /gateway local is not ready \(view\): the state from control is 400 s old/,
      );
      assert.match(report.of("clock"), /^warning: 12\.0 s ahead of control's/m);
      assert.match(
        report.of("spool"),
        /^problem: the gateway cannot write its records, so everything is denied/,
      );
      assert.match(
        report.of("ports"),
        /^problem: the gateway says that it listens on 127\.0\.0\.1, port 1, and nothing/,
      );
    } finally {
      await roles.stop();
    }
  });

  test("a port that another program has", async () => {
    const data = await usedFolder();
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const address = other.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    tamper(
      data,
      `update entity set value = replace(value, '"port":7999', '"port":${port}') where kind = 'instance'`,
    );
    try {
      assert.match(
        (await doctor(data)).of("ports"),
        /^problem: port \d+ is in use by another program; see which with ss/,
      );
    } finally {
      await new Promise((resolve) => other.close(resolve));
    }
  });

  test("a member's certificate that ended, and a file of it that is not whole", async () => {
    const data = mkdtempSync(join(tmpdir(), "doctor-member-"));
    const file = join(data, "member.json");
    writeFileSync(file, "{}", { mode: 0o600 });
    assert.match(
      (await doctor(data)).of("certificates"),
      /^problem: the file of this member's certificate is not whole/,
    );
    writeFileSync(
      file,
      JSON.stringify({ role: "gateway", name: "edge-1", certificate: await endedCertificate() }),
      { mode: 0o600 },
    );
    const report = await doctor(data);
    assert.match(report.of("certificates"), /so it has ended; join again: postern gateway token edge-1/);
    assert.match(report.of("roles"), /^problem: no gateway runs on this folder; postern gateway run/);
    assert.equal(
      report.checks.find(({ name }) => name === "database"),
      undefined,
    );
    rmSync(data, { recursive: true });
  });
});

test("a check that fails or hangs is a finding, and the others are made", async () => {
  const checks: readonly DoctorCheck[] = [
    { name: "a", title: "A", examine: () => Promise.reject(new Error("no")) },
    { name: "b", title: "B", examine: async () => await new Promise(() => undefined) },
    { name: "c", title: "C", examine: async () => await Promise.resolve([{ verdict: "ok", found: "well" }]) },
    { name: "d", title: "D", examine: async () => await Promise.resolve([]) },
  ];
  const nobody = {} as Patient;
  const examined = await examine(checks, nobody, () => undefined, 20);
  assert.deepEqual(
    examined.map(({ name, verdict }) => [name, verdict]),
    [
      ["a", "problem"],
      ["b", "problem"],
      ["c", "ok"],
    ],
  );
});

const mountable = ((): string | undefined => {
  if (process.getuid?.() !== 0) return "needs root, for a file system of its own";
  const folder = mkdtempSync(join(tmpdir(), "mount-"));
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", folder]).status === 0;
  if (mounted) spawnSync("umount", [folder]);
  rmSync(folder, { recursive: true });
  return mounted ? undefined : "this machine does not let root mount a tmpfs";
})();

test("a disk that is full, for real", mountable === undefined ? {} : { skip: mountable }, async () => {
  const data = mkdtempSync(join(tmpdir(), "doctor-full-"));
  assert.equal(
    spawnSync("mount", ["-t", "tmpfs", "-o", "size=8m,nr_inodes=64,mode=0700", "tmpfs", data]).status,
    0,
  );
  try {
    await fill(data);
    const file = openSync(join(data, "filling"), "w");
    try {
      for (;;) writeSync(file, Buffer.alloc(4_096));
    } catch (error) {
      assert.equal(error instanceof Error && "code" in error && error.code, "ENOSPC");
    } finally {
      closeSync(file);
    }
    const report = await doctor(data);
    assert.match(report.of("disk-space"), /^problem: the disk is full: 0 bytes free of 8\.0 MB; make room/);
    assert.match(report.of("disk-space"), /more files can be made there \(inodes\)/);
    assert.equal(report.of("database"), "", "and what can be read is read");
    assert.equal(report.of("master-key"), "");
  } finally {
    assert.equal(spawnSync("umount", [data]).status, 0);
    rmSync(data, { recursive: true });
  }
});

test("a database that was not closed is read with what was written last", async () => {
  const data = await usedFolder();
  const script = `
    const { DatabaseSync } = require("node:sqlite");
    const db = new DatabaseSync(${JSON.stringify(join(data, "postern.db"))});
    db.exec("pragma journal_mode = wal; update counter set number = 4711");
    process.kill(process.pid, "SIGKILL");`;
  spawnSync(process.execPath, ["-e", script]);
  assert.ok(readFileSync(join(data, "postern.db-wal")).length > 0);
  const report = await doctor(data);
  assert.match(report.stdout, /at change 4711/);
});

/** A certificate that ended the day after it was made, in 2024. */
async function endedCertificate(): Promise<string> {
  const signingAlgorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const keys = await crypto.subtle.generateKey(signingAlgorithm, false, ["sign", "verify"]);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: "CN=edge-1",
    keys,
    signingAlgorithm,
    notBefore: new Date("2024-01-01T00:00:00Z"),
    notAfter: new Date("2024-01-02T00:00:00Z"),
  });
  return certificate.toString("pem");
}
