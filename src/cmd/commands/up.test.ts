import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { takeFolders } from "../supervisor/data-folder.ts";
import { choosePort } from "../supervisor/ports.ts";
import { type Ran, runLine } from "../world-of-test.test.ts";

let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), "up-"));
});
after(() => rmSync(folder, { recursive: true, force: true }));

const up = async (...flags: readonly string[]): Promise<Ran> => await runLine(["up", ...flags], { folder });

test("an address that others reach is refused without TLS, before anything is made", async () => {
  for (const listen of ["0.0.0.0", "::", "10.1.2.3", "[2001:db8::1]"]) {
    const { code, stderr } = await up("--listen", listen, "--data", "off-loopback");
    assert.equal(code, 1);
    assert.match(
      stderr,
      /^error: Postern does not serve .* without TLS[\s\S]*--tls-cert FILE --tls-key FILE/,
    );
  }
  assert.ok(!existsSync(join(folder, "off-loopback")));
});

test("with --json what goes wrong is an event like all others", async () => {
  const { code, stdout, stderr } = await up("--listen", "0.0.0.0", "--json");
  assert.equal(code, 1);
  const { event, code: error, remedy } = JSON.parse(stdout) as { [member: string]: unknown };
  assert.deepEqual([event, error], ["failed", "tls.required"]);
  assert.ok(typeof remedy === "string" && stderr.includes(remedy));
});

test("what cannot be meant is a usage error", async () => {
  for (const { flags, says } of [
    { flags: ["--port", "65536"], says: /--port is a whole number from 0 to 65535/ },
    { flags: ["--port", "http"], says: /--port is a whole number/ },
    { flags: ["--listen", "example.com"], says: /--listen is an IP address/ },
    { flags: ["--domain", "no_such"], says: /--domain is a domain name/ },
    { flags: ["--domain", "-x.test"], says: /--domain is a domain name/ },
    { flags: ["--domain", "a..b"], says: /--domain is a domain name/ },
    { flags: ["--domain", "127.0.0.1"], says: /--domain is a domain name/ },
    { flags: ["--host-style", "path"], says: /--host-style is one of subdomain, port/ },
    { flags: ["--tls-cert", "x"], says: /--tls-key is missing/ },
    { flags: ["--tls-key", "x"], says: /--tls-cert is missing/ },
    { flags: ["--tls", "production"], says: /--tls is one of development/ },
    { flags: ["--tls", "development", "--tls-cert", "a", "--tls-key", "b"], says: /exclude each other/ },
    { flags: ["somewhere"], says: /one word too many/ },
  ]) {
    const { code, stderr } = await up(...flags);
    assert.equal(code, 2, flags.join(" "));
    assert.match(stderr, says);
  }
});

test("TLS files that cannot be used are found before the start", async () => {
  const missing = await up("--tls-cert", "none.crt", "--tls-key", "none.key");
  assert.equal(missing.code, 1);
  assert.match(missing.stderr, /the TLS certificate cannot be read\n {2}.*none\.crt/);
  writeFileSync(join(folder, "no.crt"), "not PEM");
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  writeFileSync(join(folder, "some.key"), privateKey.export({ type: "pkcs8", format: "pem" }));
  const bad = await up("--tls-cert", "no.crt", "--tls-key", "some.key");
  assert.match(bad.stderr, /this is no TLS certificate in PEM\n {2}.*no\.crt/);
});

test("a busy port is named, with one that is free", async () => {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const bound = server.address();
  const port = typeof bound === "object" && bound !== null ? bound.port : 0;
  const { code, stderr } = await up("--port", String(port), "--data", "busy");
  server.close();
  assert.equal(code, 1);
  assert.match(
    stderr,
    new RegExp(`^error: port ${port} is in use by another program\n  127\\.0\\.0\\.1:${port}\n`),
  );
  const free = /try: npm start -- --port (\d+)/.exec(stderr)?.[1];
  assert.equal(await choosePort(Number(free), "127.0.0.1", 1), Number(free));
});

test("port 0 takes free ones, as many in a row as are needed", async () => {
  const port = await choosePort(0, "127.0.0.1", 4);
  assert.equal(await choosePort(port, "127.0.0.1", 4), port);
});

test("an address that this machine does not have is said to be that", async () => {
  await assert.rejects(choosePort(0, "192.0.2.1", 1), /EADDRNOTAVAIL|no address/);
  await assert.rejects(choosePort(7_400, "192.0.2.1", 1), /no address 192\.0\.2\.1/);
});

test("a data folder that cannot be written is one line", async () => {
  writeFileSync(join(folder, "file"), "");
  for (const data of ["file/below", "/proc/postern"]) {
    const { code, stderr } = await up("--data", data, "--port", "0");
    assert.equal(code, 1);
    assert.match(
      stderr,
      /^error: the data folder cannot be written \(E[A-Z]+\)\n {2}.*\n {2}try: .*--data DIR\n$/,
    );
  }
});

test("a folder with other people's things is not closed to them", async () => {
  const shared = join(folder, "shared");
  mkdirSync(shared);
  chmodSync(shared, 0o755);
  writeFileSync(join(shared, "letter.txt"), "");
  const { code, stderr } = await up("--data", shared, "--port", "0");
  assert.equal(code, 1);
  assert.match(stderr, /open to other users and holds other things/);
  assert.equal(lstatSync(shared).mode & 0o777, 0o755);
});

test("a data folder has one supervisor at a time, however the last one ended", async () => {
  const data = join(folder, "one");
  const run = join(data, "run");
  const lock = takeFolders({ data, run });
  assert.equal(lstatSync(data).mode & 0o777, 0o700);
  assert.equal(lstatSync(run).mode & 0o777, 0o700);
  assert.deepEqual(readdirSync(data).sort(), ["run", "supervisor.lock"]);
  assert.equal(lstatSync(join(data, "supervisor.lock")).mode & 0o777, 0o600);
  const second = await up("--data", data, "--port", "0");
  assert.equal(second.code, 1);
  assert.match(second.stderr, /^error: another Postern runs on this data folder\n {2}.*one\n {2}try: /);
  lock.release();
  takeFolders({ data, run }).release();
});
