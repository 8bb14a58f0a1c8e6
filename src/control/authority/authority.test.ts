import "reflect-metadata";
import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { connect, createServer } from "node:tls";
import {
  PemConverter,
  SubjectAlternativeNameExtension,
  X509Certificate as X509,
  X509CertificateGenerator,
} from "@peculiar/x509";
import { manualClock, systemIds, systemSchedule } from "#kernel";
import { openSecrets, type Secrets } from "#secrets";
import { openStore, type Store } from "#store";
import { addressBytes } from "./address.ts";
import { type DevelopmentCertificate, developmentCertificate } from "./index.ts";

const HOSTS = ["postern.test", "*.postern.test", "127.0.0.1", "::1"];
const DAY = 24 * 60 * 60 * 1000;

const clock = manualClock(Date.now());
let folder: string;
let store: Store;
let secrets: Secrets;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "postern-authority-"));
  store = await openStore({
    path: join(folder, "postern.db"),
    clock,
    ids: systemIds,
    schedule: systemSchedule,
    notify: () => undefined,
  });
  secrets = await openSecrets({
    store,
    masterKey: { kind: "own-file", path: join(folder, "master.key") },
    clock,
    ids: systemIds,
  });
});
after(async () => {
  await store.close();
  await rm(folder, { recursive: true });
});

/** The error of a real handshake with a server of that certificate, or undefined when the client accepts it. */
async function handshake(
  server: { cert: string; key: string },
  ca: string,
  servername: string,
): Promise<Error | undefined> {
  const listening = createServer(server, (socket) => socket.end()).listen(0, "127.0.0.1");
  await once(listening, "listening");
  const { port } = listening.address() as AddressInfo;
  try {
    return await new Promise((resolve) => {
      const socket = connect({ host: "127.0.0.1", port, ca, servername }, () => {
        socket.end();
        resolve(undefined);
      });
      socket.on("error", resolve);
    });
  } finally {
    listening.close();
  }
}

async function make(hosts: readonly string[] = HOSTS): Promise<DevelopmentCertificate> {
  return await developmentCertificate({ secrets, hosts, clock });
}

test("a TLS client that trusts the authority accepts each named host, and no other", async () => {
  const { certificate, key, authority } = await make();
  const server = { cert: certificate, key };
  assert.equal(await handshake(server, authority, "wiki.postern.test"), undefined);
  assert.equal(await handshake(server, authority, "postern.test"), undefined);
  assert.match(String(await handshake(server, authority, "postern.example")), /altnames|Hostname/i);
  assert.match(String(await handshake(server, authority, "a.b.postern.test")), /altnames|Hostname/i);
  const other = await make(["other.test"]);
  assert.match(String(await handshake(server, other.authority, "postern.test")), /certificate/i);
});

test("names, addresses, uses and times are as promised", async () => {
  const { certificate, authority } = await make();
  const leaf = new X509Certificate(certificate);
  const root = new X509Certificate(authority);
  assert.equal(leaf.checkIP("127.0.0.1"), "127.0.0.1");
  assert.equal(leaf.checkIP("::1"), "::1");
  assert.equal(leaf.checkIP("127.0.0.2"), undefined);
  assert.deepEqual(leaf.keyUsage, ["1.3.6.1.5.5.7.3.1"]);
  assert.equal(leaf.ca, false);
  assert.equal(root.ca, true);
  assert.equal(leaf.verify(root.publicKey), true);
  assert.equal(Math.round((Date.parse(leaf.validTo) - clock.now()) / DAY), 30);
  assert.equal(Math.round((Date.parse(root.validTo) - clock.now()) / DAY), 365);
});

test("the authority stays, each leaf is new, and it is replaced before it can no longer outlive a leaf", async () => {
  const first = await make();
  const second = await make([...HOSTS].reverse());
  assert.equal(second.authority, first.authority);
  assert.notEqual(second.key, first.key);
  clock.advance(336 * DAY);
  const third = await make();
  assert.notEqual(third.authority, first.authority);
  assert.equal((await make()).authority, third.authority);
  clock.advance(-336 * DAY);
});

test("a certificate that the authority's key signs for a foreign name is refused", async () => {
  const { authority } = await make();
  // what somebody with the stolen key of the authority could do
  const names = (
    await store.db.selectFrom("secret").select("name").where("name", "like", "authority/%").execute()
  ).map((row) => row.name);
  let stolen: { key: Awaited<ReturnType<typeof crypto.subtle.importKey>>; certificate: X509 } | undefined;
  for (const name of names) {
    const bytes = await secrets.named(name, () => assert.fail("exists"));
    const [certificate, key] = PemConverter.decode(new TextDecoder().decode(bytes));
    assert.ok(certificate !== undefined && key !== undefined);
    const found = new X509(certificate);
    if (`${found.toString("pem")}\n` === authority)
      stolen = {
        certificate: found,
        key: await crypto.subtle.importKey("pkcs8", key, { name: "ECDSA", namedCurve: "P-256" }, false, [
          "sign",
        ]),
      };
  }
  assert.ok(stolen !== undefined);
  for (const [type, value, servername] of [
    ["dns", "bank.example", "bank.example"],
    ["ip", "192.0.2.7", "192.0.2.7"],
  ] as const) {
    const keys = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, [
      "sign",
      "verify",
    ]);
    const forged = await X509CertificateGenerator.create({
      subject: "CN=forged",
      issuer: stolen.certificate.subject,
      notBefore: new Date(clock.now() - 1000),
      notAfter: new Date(clock.now() + DAY),
      signingAlgorithm: { name: "ECDSA", hash: "SHA-256" },
      publicKey: keys.publicKey,
      signingKey: stolen.key,
      extensions: [new SubjectAlternativeNameExtension([{ type, value }])],
    });
    const key = PemConverter.encode(await crypto.subtle.exportKey("pkcs8", keys.privateKey), "PRIVATE KEY");
    const error = await handshake(
      { cert: forged.toString("pem"), key },
      authority,
      type === "dns" ? servername : "",
    );
    assert.match(String(error), /permitted subtree violation|permitted/i);
  }
});

test("hosts that no certificate can name are refused", async () => {
  for (const hosts of [[], ["*"], ["a b"], ["*.*.test"], ["UPPER.test"], ["fe80::1%eth0"], ["x.test/y"]])
    await assert.rejects(make(hosts), { code: "input.invalid" });
});

test("addresses become their bytes in every form", () => {
  assert.deepEqual([...addressBytes("192.0.2.7")], [192, 0, 2, 7]);
  assert.equal(addressBytes("::").toString("hex"), "0".repeat(32));
  assert.equal(addressBytes("::1").toString("hex"), `${"0".repeat(31)}1`);
  assert.equal(addressBytes("2001:db8::7:0:1").toString("hex"), "20010db8000000000000000700000001");
  assert.equal(addressBytes("::ffff:192.0.2.7").toString("hex"), "00000000000000000000ffffc0000207");
});
