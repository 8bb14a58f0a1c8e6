import "reflect-metadata";
import assert from "node:assert/strict";
import { createPrivateKey } from "node:crypto";
import { before, test } from "node:test";
import {
  BasicConstraintsExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  Pkcs10CertificateRequest,
  SubjectAlternativeNameExtension,
  X509Certificate,
  X509CertificateGenerator,
} from "@peculiar/x509";
import {
  contextOf,
  controlListener,
  handshake,
  type Instance,
  leafOf,
  memberCredentials,
  newRequest,
  openInstance,
  P256,
  TRUST_DOMAIN,
} from "./authority-rig.test.ts";
import type { Authority } from "./index.ts";

let instance: Instance;
let authority: Authority;
before(async () => {
  instance = await openInstance();
  authority = await instance.node("control-a");
});

test("control and a member take each other for what their certificates say", async () => {
  const { port } = await controlListener(authority.controlCredentials());
  for (const [role, name] of [
    ["gateway", "edge-1"],
    ["agent", `a${"b".repeat(61)}c`],
  ] as const) {
    const member = await memberCredentials(authority, role, name);
    assert.deepEqual(await handshake(port, contextOf(member)), {
      server: "URI:spiffe://postern.test/postern/control/control-a",
      client: `URI:spiffe://postern.test/postern/${role}/${name}`,
    });
  }
});

test("control takes no certificate of another authority, of its own making, or none", async () => {
  const { port } = await controlListener(authority.controlCredentials());
  const { authorities } = authority.controlCredentials();
  const other = await (await openInstance()).node("control-a");
  const stranger = await memberCredentials(other, "gateway", "edge-1");
  await assert.rejects(handshake(port, { ...contextOf(stranger), ca: [...authorities] }));
  await assert.rejects(handshake(port, { ca: [...authorities] }));
  const own = await forge({ by: "itself", extensions: [] });
  await assert.rejects(handshake(port, { ...own, ca: [...authorities] }));
});

test("a member takes no control of another authority", async () => {
  const other = await (await openInstance()).node("control-a");
  const { port } = await controlListener({
    ...other.controlCredentials(),
    authorities: authority.controlCredentials().authorities,
  });
  const member = await memberCredentials(authority, "gateway", "edge-1");
  await assert.rejects(handshake(port, contextOf(member)), /self-signed|verify|issuer/);
});

test("a member cannot vouch for another", async () => {
  const { port } = await controlListener(authority.controlCredentials());
  const { authorities } = authority.controlCredentials();
  const member = await memberCredentials(authority, "gateway", "edge-1");
  const forged = await forge({
    by: { certificate: new X509Certificate(member.certificate), key: member.key },
    extensions: [spiffe(`spiffe://${TRUST_DOMAIN}/postern/gateway/edge-2`)],
  });
  await assert.rejects(
    handshake(port, { ...forged, cert: forged.cert + member.certificate, ca: [...authorities] }),
  );
});

test("the authority's own key vouches for nothing outside its trust domain, and for no further authority", async () => {
  const { port } = await controlListener(authority.controlCredentials());
  const { authorities } = authority.controlCredentials();
  const root = await stolenRoot();
  const inside = await forge({
    by: root,
    extensions: [spiffe(`spiffe://${TRUST_DOMAIN}/postern/gateway/edge-1`)],
  });
  await handshake(port, { ...inside, ca: [...authorities] });
  for (const extension of [
    spiffe("spiffe://elsewhere.test/postern/gateway/edge-1"),
    spiffe(`spiffe://sub.${TRUST_DOMAIN}/postern/gateway/edge-1`),
    new SubjectAlternativeNameExtension([{ type: "dns", value: "bank.example" }]),
    new SubjectAlternativeNameExtension([{ type: "ip", value: "192.0.2.7" }]),
  ]) {
    const outside = await forge({ by: root, extensions: [extension] });
    await assert.rejects(handshake(port, { ...outside, ca: [...authorities] }));
  }
  const below = await forge({
    by: root,
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true),
    ],
  });
  const leaf = await forge({
    by: { certificate: new X509Certificate(below.cert), key: below.key },
    extensions: [spiffe(`spiffe://${TRUST_DOMAIN}/postern/gateway/edge-1`)],
  });
  await assert.rejects(
    handshake(port, { cert: leaf.cert + below.cert, key: leaf.key, ca: [...authorities] }),
  );
});

test("certificates are as X.509-SVID asks", async () => {
  const { csr } = await newRequest();
  const before = Date.now();
  const issued = await authority.issueMember({ role: "gateway", name: "edge-1", csr });
  const leaf = new X509Certificate(issued.certificate);
  const node = leafOf(issued.certificate);
  assert.equal(node.ca, false);
  assert.equal(node.subjectAltName, "URI:spiffe://postern.test/postern/gateway/edge-1");
  assert.deepEqual(node.keyUsage, ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"]);
  const usages = leaf.getExtension(KeyUsagesExtension);
  assert.deepEqual([usages?.usages, usages?.critical], [KeyUsageFlags.digitalSignature, true]);
  assert.notEqual(leaf.getExtension("2.5.29.14"), null);
  assert.notEqual(leaf.getExtension("2.5.29.35"), null);
  assert.match(issued.serial, /^[1-9a-f][0-9a-f]{30,39}$/);
  assert.equal(node.serialNumber.toLowerCase().replace(/^0+/, ""), issued.serial);
  // backdated for clocks that are behind, and good for a day
  assert.ok(issued.notBefore <= before - 4 * 60_000);
  assert.ok(Math.abs(issued.notAfter - before - 86_400_000) < 10_000);
  assert.equal(leaf.notAfter.getTime(), issued.notAfter);
  const serials = new Set<string>();
  for (let i = 0; i < 5; i++)
    serials.add((await authority.issueMember({ role: "gateway", name: "edge-1", csr })).serial);
  assert.equal(serials.size, 5);
});

test("nothing that a request asks for but its key comes into the certificate", async () => {
  const { csr, key } = await newRequest();
  const { certificate } = await authority.issueMember({ role: "agent", name: "laptop", csr });
  const leaf = leafOf(certificate);
  assert.match(leaf.subject, /CN=laptop/);
  assert.doesNotMatch(leaf.subject, /whoever/);
  assert.equal(leaf.checkPrivateKey(createPrivateKey(key)), true);
});

test("requests with strong keys are taken", async () => {
  const rsa = { name: "RSASSA-PKCS1-v1_5", publicExponent: new Uint8Array([1, 0, 1]), hash: "SHA-256" };
  for (const algorithm of [
    P256,
    { name: "ECDSA", namedCurve: "P-384" },
    { name: "ECDSA", namedCurve: "P-521" },
    { ...rsa, modulusLength: 3_072 },
  ]) {
    const { csr } = await newRequest(algorithm);
    await authority.issueMember({ role: "gateway", name: "edge-1", csr });
  }
});

test("what is no request, not whole, not proven or weak is refused, and leaves nothing behind", async () => {
  const count = async (): Promise<number> =>
    (await instance.store.db.selectFrom("member_certificate").select("serial").execute()).length;
  const before = await count();
  const { csr } = await newRequest();
  const der = PemConverter.decode(csr)[0];
  assert.ok(der !== undefined);
  const pem = (bytes: Uint8Array): string =>
    PemConverter.encode(Uint8Array.from(bytes).buffer, "CERTIFICATE REQUEST");
  const flipped = Uint8Array.from(new Uint8Array(der));
  flipped[flipped.length - 3] = (flipped[flipped.length - 3] ?? 0) ^ 1;
  // the key of one request under the signature of another
  const other = new Pkcs10CertificateRequest((await newRequest()).csr);
  const point = Buffer.from(other.publicKey.rawData).subarray(-64);
  const mixed = Buffer.from(new Uint8Array(der));
  const own = Buffer.from(new Pkcs10CertificateRequest(csr).publicKey.rawData).subarray(-64);
  point.copy(mixed, mixed.indexOf(own));
  const weak = { name: "RSASSA-PKCS1-v1_5", publicExponent: new Uint8Array([1, 0, 1]), hash: "SHA-256" };
  const odd: readonly [string, string][] = [
    ["", "input.invalid"],
    ["-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n", "input.invalid"],
    [csr + csr, "input.invalid"],
    [`${csr}\nmore`, "input.invalid"],
    [csr.replaceAll("CERTIFICATE REQUEST", "CERTIFICATE"), "input.invalid"],
    [pem(new Uint8Array(der).subarray(0, 60)), "input.invalid"],
    [pem(flipped), "input.invalid"],
    [pem(mixed), "input.invalid"],
    [(await newRequest({ ...weak, modulusLength: 2_048 })).csr, "input.invalid"],
    [`${csr}${" ".repeat(9_000)}`, "input.too_large"],
  ];
  for (const [text, code] of odd)
    await assert.rejects(
      authority.issueMember({ role: "gateway", name: "edge-1", csr: text }),
      { code },
      text.slice(0, 200),
    );
  for (const name of ["", "-a", "a-", "A", "a.b", "a/b", "a_b", "a".repeat(64), "../x", "é"])
    await assert.rejects(authority.issueMember({ role: "gateway", name, csr }), { code: "input.invalid" });
  assert.equal(await count(), before);
});

test("the pin is the hash of the key behind control's certificate", async () => {
  const [, root] = PemConverter.decode(authority.controlCredentials().certificate);
  assert.ok(root !== undefined);
  const spki = new X509Certificate(root).publicKey.rawData;
  const digest = Buffer.from(await crypto.subtle.digest("SHA-256", spki)).toString("hex");
  assert.equal(await authority.pin(), `sha256:${digest}`);
  assert.deepEqual(await authority.bundle(), [`${new X509Certificate(root).toString("pem")}\n`]);
});

test("all nodes have one authority, and a certificate each; a dump of the database has no key", async () => {
  const second = await instance.node("control-b");
  assert.deepEqual(await second.bundle(), await authority.bundle());
  const a = leafOf(authority.controlCredentials().certificate);
  const b = leafOf(second.controlCredentials().certificate);
  assert.equal(b.subjectAltName, "URI:spiffe://postern.test/postern/control/control-b");
  assert.notEqual(a.serialNumber, b.serialNumber);
  const rows = await instance.store.db.selectFrom("authority").selectAll().execute();
  assert.deepEqual(
    Object.keys(rows[0] ?? {}).filter((name) => name.includes("key")),
    ["key_sealed"],
  );
  const dump = JSON.stringify(rows);
  assert.doesNotMatch(dump, /PRIVATE KEY/);
  const { key } = await stolenRoot();
  const [pkcs8] = PemConverter.decode(key);
  assert.ok(pkcs8 !== undefined);
  for (const encoding of ["base64", "base64url", "hex"] as const)
    assert.equal(dump.includes(Buffer.from(pkcs8).toString(encoding).slice(48, 80)), false);
  await assert.rejects(instance.node("not a label"), { code: "input.invalid" });
});

/** What somebody with the database and the master key has. */
async function stolenRoot(): Promise<{ certificate: X509Certificate; key: string }> {
  const row = await instance.store.db.selectFrom("authority").selectAll().executeTakeFirstOrThrow();
  const pkcs8 = instance.secrets.open(row.key_sealed, `authority/${row.id}`);
  return {
    certificate: new X509Certificate(row.certificate),
    key: PemConverter.encode(Uint8Array.from(pkcs8).buffer, "PRIVATE KEY"),
  };
}

function spiffe(uri: string): SubjectAlternativeNameExtension {
  return new SubjectAlternativeNameExtension([{ type: "url", value: uri }]);
}

async function forge(how: {
  readonly by: "itself" | { readonly certificate: X509Certificate; readonly key: string };
  readonly extensions: readonly Extension[];
}): Promise<{ cert: string; key: string }> {
  const keys = await crypto.subtle.generateKey(P256, true, ["sign", "verify"]);
  const { by, extensions } = how;
  const signer =
    by === "itself"
      ? { key: keys.privateKey, name: "CN=forged" }
      : {
          key: await crypto.subtle.importKey("pkcs8", decoded(by.key), P256, false, ["sign"]),
          name: by.certificate.subject,
        };
  const certificate = await X509CertificateGenerator.create({
    subject: "CN=forged",
    issuer: signer.name,
    notBefore: new Date(Date.now() - 60_000),
    notAfter: new Date(Date.now() + 3_600_000),
    signingAlgorithm: { name: "ECDSA", hash: "SHA-256" },
    publicKey: keys.publicKey,
    signingKey: signer.key,
    extensions: [...extensions],
  });
  const key = PemConverter.encode(await crypto.subtle.exportKey("pkcs8", keys.privateKey), "PRIVATE KEY");
  return { cert: `${certificate.toString("pem")}\n`, key };
}

function decoded(pem: string): ArrayBuffer {
  const [bytes] = PemConverter.decode(pem);
  assert.ok(bytes !== undefined);
  return bytes;
}
