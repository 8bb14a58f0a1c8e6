import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { PosternError, systemClock, systemSchedule } from "#kernel";
import { type LinkCredentials, linkClient, tlsDialer } from "#link";
import { openView } from "#view";
import { type Joined, type JoinOptions, joinControl, openMembership } from "./index.ts";
import {
  closing,
  collect,
  keyIn,
  type LeafOptions,
  newAuthority,
  newFolder,
  startControl,
  startImpostor,
  TOKEN,
  TRUST_DOMAIN,
  until,
} from "./rig.test.ts";

async function joinAt(url: string, pin: string, more: Partial<JoinOptions> = {}): Promise<Joined> {
  return await joinControl({
    url,
    pin,
    token: TOKEN,
    role: "gateway",
    folder: newFolder(),
    boot: "boot_1",
    version: "0.1.0",
    clock: systemClock,
    ...more,
  });
}

function refusal(code: PosternError["code"], message?: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof PosternError, String(error));
    assert.equal(error.code, code, error.message);
    if (message !== undefined) assert.match(error.message, message);
    return true;
  };
}

test("who joins has a certificate, a file for themselves alone, and is let in with it", async () => {
  const authority = await newAuthority();
  const control = await startControl(authority);
  const folder = newFolder();
  const joined = await joinAt(control.url, authority.pin, { folder });
  assert.deepEqual(
    { ...joined, notAfter: 0 },
    { role: "gateway", name: "edge-1", trustDomain: TRUST_DOMAIN, notAfter: 0, controls: [control.url] },
  );
  assert.deepEqual(readdirSync(folder), ["member.json"]);
  assert.equal(statSync(join(folder, "member.json")).mode & 0o777, 0o600);
  assert.equal(control.joins[0]?.token, TOKEN);
  const text = readFileSync(join(folder, "member.json"), "utf8");
  assert.ok(!text.includes(TOKEN), "the token rests in the file");

  const { notify } = collect();
  const membership = await openMembership({ folder, clock: systemClock, schedule: systemSchedule, notify });
  assert.equal(membership.certificateNotAfter(), joined.notAfter);
  const dialer = tlsDialer({ ...membership, clock: systemClock, schedule: systemSchedule });
  const link = linkClient({ dialer, boot: "boot_1", role: "gateway", name: membership.name });
  const who = { role: membership.role, name: membership.name, boot: "boot_1", version: "0.1.0" };
  const view = openView({ link, ...who, clock: systemClock, schedule: systemSchedule, notify });
  closing.push(
    () => view.close(),
    () => link.close(),
  );
  control.put({ kind: "user", key: "u", value: null });
  await view.ready;
  control.put({ kind: "user", key: "v", value: null });
  await until("the change", () => view.position() !== undefined && view.sizes().user === 0);

  assert.equal(view.ended(), undefined);
  control.revoked = true;
  await until("the end", () => view.ended() !== undefined);
  assert.match(String(view.ended()), /revoked/);
  assert.equal(view.ageSeconds(), Number.POSITIVE_INFINITY);
});

test("the pin may be in upper case, and is checked for its form", async () => {
  const authority = await newAuthority();
  const control = await startControl(authority);
  await joinAt(
    control.url,
    authority.pin.replace(/[a-f]/g, (digit) => digit.toUpperCase()),
  );
  for (const pin of ["", "sha256:", authority.pin.slice(0, -1), authority.pin.slice(7), "sha1:00"])
    await assert.rejects(joinAt(control.url, pin), refusal("input.invalid"));
  assert.equal(control.joins.length, 1);
});

/** RFC 5280 §4.2.1.12. */
const CODE_SIGNING = "1.3.6.1.5.5.7.3.3";

const real = await newAuthority();
const evil = await newAuthority();
const impostors: readonly (readonly [string, () => Promise<Pick<LinkCredentials, "certificate" | "key">>])[] =
  [
    ["another authority", async () => await evil.credentials()],
    [
      "another authority, with the pinned one's certificate beside",
      async () => {
        const own = await evil.credentials();
        return { ...own, certificate: own.certificate + real.pem };
      },
    ],
    [
      "a certificate of another authority, right before the pinned one's",
      async () => {
        const own = await evil.credentials();
        return { ...own, certificate: own.certificate.replace(evil.pem, real.pem) };
      },
    ],
    ...(
      [
        ["a gateway of this instance", { id: `spiffe://${TRUST_DOMAIN}/postern/gateway/edge-2` }],
        ["a certificate for nobody of an instance", { id: "https://control.example/" }],
        ["a certificate that has ended", { to: Date.now() - 1_000 }],
        ["a certificate of tomorrow", { from: Date.now() + 3_600_000, to: Date.now() + 7_200_000 }],
        ["a certificate that is not for servers", { usage: CODE_SIGNING }],
        ["an authority below the pinned one", { ca: true }],
      ] as const satisfies readonly (readonly [string, LeafOptions])[]
    ).map(([what, options]) => [what, async () => await real.credentials(options)] as const),
  ];

for (const [what, credentials] of impostors) {
  test(`the token is not sent to ${what}`, async () => {
    const impostor = await startImpostor(await credentials());
    const folder = newFolder();
    await assert.rejects(joinAt(impostor.url, real.pin, { folder }), refusal("pin.mismatch"));
    await until("the connection to end", () => impostor.closed() === 1);
    assert.equal(impostor.heard(), "");
    assert.deepEqual(readdirSync(folder), []);
  });
}

test("the token is sent to whom the pinned authority vouches for as control", async () => {
  const control = await startImpostor(await real.credentials(), (socket) => socket.destroy());
  await assert.rejects(joinAt(control.url, real.pin), refusal("not_running", /may have used the token up/));
  assert.match(control.heard(), new RegExp(TOKEN));
});

test("a control whose clock is another day's is not taken for control", async () => {
  const control = await startControl(real);
  const clock = { ...systemClock, now: () => Date.now() + 48 * 3_600_000 };
  await assert.rejects(
    joinAt(control.url, real.pin, { clock }),
    refusal("pin.mismatch", /does not count now/),
  );
  assert.equal(control.joins.length, 0);
});

test("nobody there, and somebody who does not speak TLS, are told", async () => {
  const deaf = createServer((socket) => socket.resume().end("hello\n"));
  await new Promise<void>((resolve) => deaf.listen(0, "127.0.0.1", resolve));
  const address = deaf.address();
  const port = typeof address === "object" ? address?.port : undefined;
  await assert.rejects(joinAt(`https://127.0.0.1:${port}`, real.pin), refusal("not_running"));
  await new Promise((resolve) => deaf.close(resolve));
  await assert.rejects(joinAt(`https://127.0.0.1:${port}`, real.pin), refusal("not_running"));
  for (const url of ["http://127.0.0.1:1", "control", "https://", ""])
    await assert.rejects(joinAt(url, real.pin), refusal("input.invalid"));
});

test("what control refuses with is passed on, and nothing is written", async () => {
  const control = await startControl(real);
  const folder = newFolder();
  await assert.rejects(joinAt(control.url, real.pin, { token: "pjt_old", folder }), (error) => {
    assert.ok(error instanceof PosternError);
    assert.deepEqual([error.code, error.details.remedy], ["token.used", "make a new one"]);
    return true;
  });
  assert.deepEqual(readdirSync(folder), []);
});

test("a folder that cannot be written is found before the token is used up", async () => {
  const control = await startControl(real);
  const missing = { folder: join(newFolder(), "missing") };
  await assert.rejects(joinAt(control.url, real.pin, missing), refusal("folder.unwritable"));
  assert.equal(control.joins.length, 0);
});

test("an answer that does not fit what was asked is refused", async () => {
  const other = await newAuthority();
  const answers = {
    "a token for an agent": { role: "agent" },
    "another instance": { trustDomain: "other.test", id: "spiffe://other.test/postern/gateway/edge-1" },
    "a certificate for somebody else": { id: `spiffe://${TRUST_DOMAIN}/postern/gateway/edge-2` },
    "other authorities": { authorities: [other.pem] },
    "another key": { certificate: (await real.credentials()).certificate },
    "no certificate": { certificate: "x" },
  } as const;
  for (const [what, options] of Object.entries(answers)) {
    const join_ = async ({ csr }: { readonly csr: string }): ReturnType<typeof real.membership> =>
      await real.membership(csr, options);
    const control = await startControl(real, { handlers: { join: join_ } });
    const folder = newFolder();
    const code = what === "a token for an agent" ? "token.unknown" : "tls.invalid";
    await assert.rejects(joinAt(control.url, real.pin, { folder }), refusal(code), what);
    assert.deepEqual(readdirSync(folder), [], what);
  }
});

test("joining again takes the place of the earlier membership", async () => {
  const control = await startControl(real);
  const folder = newFolder();
  writeFileSync(join(folder, "member.json"), "{ half", { mode: 0o644 });
  await joinAt(control.url, real.pin, { folder });
  assert.equal(statSync(join(folder, "member.json")).mode & 0o777, 0o600);
  const { notify } = collect();
  await openMembership({ folder, clock: systemClock, schedule: systemSchedule, notify });
});

test("the request is PKCS#10 for a key of its own each time", async () => {
  const control = await startControl(real);
  for (const token of [TOKEN, TOKEN]) await joinAt(control.url, real.pin, { token });
  const [first, second] = control.joins.map(({ csr }) => keyIn(csr).toString("base64"));
  assert.notEqual(first, second);
});
