import "reflect-metadata";
import assert from "node:assert/strict";
import { request } from "node:https";
import { after, before, test } from "node:test";
import { connect } from "node:tls";
import * as x509 from "@peculiar/x509";
import { PosternError, systemClock } from "#kernel";
import { setTransportSecurity } from "./answers.ts";
import { type Listener, openListener } from "./listener.ts";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
let tls: { cert: string; key: string };
let listener: Listener;

async function makeCertificate(): Promise<{ cert: string; key: string }> {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: "CN=wiki.example.com",
    keys,
    signingAlgorithm: ALGORITHM,
    notAfter: new Date(Date.now() + 86_400_000),
    extensions: [new x509.SubjectAlternativeNameExtension([{ type: "dns", value: "wiki.example.com" }])],
  });
  const key = Buffer.from(await crypto.subtle.exportKey("pkcs8", keys.privateKey)).toString("base64");
  return {
    cert: certificate.toString("pem"),
    key: `-----BEGIN PRIVATE KEY-----\n${key}\n-----END PRIVATE KEY-----\n`,
  };
}

before(async () => {
  tls = await makeCertificate();
  listener = await openListener({
    listen: "127.0.0.1",
    port: 0,
    tls,
    clock: systemClock,
    handle: ({ response, tls: connection, source }) => {
      setTransportSecurity(response, new URL("https://wiki.example.com"));
      response.end(JSON.stringify({ connection, source }));
    },
  });
});
after(async () => {
  listener.destroy();
  await listener.close();
});

for (const host of ["127.0.0.1", "::1"]) {
  test(`TLS at ${host}: its version and the client's address are known, and browsers are told to stay`, async () => {
    const answer = await new Promise<{ hsts: unknown; body: string }>((resolve, reject) => {
      request(
        { host, port: listener.port, servername: "wiki.example.com", ca: tls.cert, agent: false },
        (response) => {
          let body = "";
          response.setEncoding("utf8").on("data", (text: string) => {
            body += text;
          });
          response.on("end", () => resolve({ hsts: response.headers["strict-transport-security"], body }));
        },
      )
        .on("error", reject)
        .end();
    });
    assert.equal(answer.hsts, "max-age=31536000");
    const { connection, source } = JSON.parse(answer.body) as {
      connection: { version: string };
      source: { ip: string };
    };
    assert.equal(connection.version, "TLSv1.3");
    assert.equal(source.ip, host);
  });
}

test("older TLS is refused", async () => {
  const error = await new Promise<Error>((resolve, reject) => {
    const socket = connect(
      {
        host: "127.0.0.1",
        port: listener.port,
        maxVersion: "TLSv1.1",
        minVersion: "TLSv1",
        rejectUnauthorized: false,
      },
      () => reject(new Error("TLS 1.1 was taken")),
    );
    socket.on("error", resolve);
  });
  assert.ok(error);
});

test("a certificate and a key that do not fit are refused with a code", async () => {
  const other = await makeCertificate();
  await assert.rejects(
    openListener({
      listen: "127.0.0.1",
      port: 0,
      tls: { cert: tls.cert, key: other.key },
      clock: systemClock,
      handle: () => undefined,
    }),
    (error: unknown) => error instanceof PosternError && error.code === "tls.invalid",
  );
});

test("loopback names and plain http are not told to stay with https", () => {
  const told = (origin: string): boolean => {
    const headers: string[] = [];
    const response = { setHeader: (name: string) => headers.push(name) };
    setTransportSecurity(response, new URL(origin));
    return headers.length > 0;
  };
  assert.ok(told("https://wiki.example.com"));
  assert.ok(!told("https://wiki.postern.localhost:7400"));
  assert.ok(!told("https://localhost:7400"));
  assert.ok(!told("http://wiki.example.com"));
});
