import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import {
  chmodSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { type Notice, PosternError } from "#kernel";
import type { AuthorityState, ControlState, EntityChange, Membership, RenewRequest } from "#link";
import type { ViewListener } from "#view";
import { newKeyAndRequest } from "./certificate-request.ts";
import { type HeldMembership, openMembership } from "./index.ts";
import { newMemberOf } from "./member.ts";
import { readMemberFile, writeMemberFile } from "./member-file.ts";
import {
  closing,
  collect,
  keyIn,
  newAuthority,
  newFolder,
  serialOf,
  type TestAuthority,
  Timers,
  until,
} from "./rig.test.ts";

const HOUR = 3_600_000;
const URL_A = "https://control-a.test:7443";
const URL_B = "https://control-b.test:7443";

/** A view as far as a membership reads it. */
class Known {
  readonly #authorities = new Map<string, AuthorityState>();
  readonly #controls = new Map<string, ControlState>();
  readonly #listeners = new Set<ViewListener>();
  readonly #standing = new Set<() => void>();
  #blocked: string | undefined;
  authorities = (): ReadonlyMap<string, AuthorityState> => this.#authorities;
  controls = (): ReadonlyMap<string, ControlState> => this.#controls;
  blocked = (): string | undefined => this.#blocked;
  onChange(listener: ViewListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
  onStanding(listener: () => void): () => void {
    this.#standing.add(listener);
    return () => this.#standing.delete(listener);
  }
  block(why: string | undefined): void {
    this.#blocked = why;
    for (const listener of this.#standing) listener();
  }
  put(...changes: EntityChange[]): void {
    for (const change of changes) {
      if (change.kind === "authority") put(this.#authorities, change.key, change.value);
      if (change.kind === "control") put(this.#controls, change.key, change.value);
    }
    for (const listener of this.#listeners) listener(changes, new Set());
  }
  get listeners(): number {
    return this.#listeners.size + this.#standing.size;
  }
}

function put<T>(map: Map<string, T>, key: string, value: T | null): void {
  if (value === null) map.delete(key);
  else map.set(key, value);
}

interface Rig {
  readonly folder: string;
  readonly timers: Timers;
  readonly known: Known;
  readonly notices: Notice[];
  readonly membership: HeldMembership;
  readonly requests: RenewRequest[];
  /** What control does with the next request for a certificate. */
  answer: (csr: string) => Promise<Membership>;
  onDisk(): Promise<string>;
}

async function joined(folder: string, authority: TestAuthority, now: number, name = "edge-1"): Promise<void> {
  const { key, csr } = newKeyAndRequest();
  const life = { from: now, to: now + 24 * HOUR };
  const membership = await authority.membership(csr, { ...life, name, controls: [URL_A] });
  await writeMemberFile(folder, newMemberOf(membership, key));
}

async function rig(authority: TestAuthority): Promise<Rig> {
  const folder = newFolder();
  const timers = new Timers();
  await joined(folder, authority, timers.clock.now());
  const { notices, notify } = collect();
  const membership = await openMembership({ folder, clock: timers.clock, schedule: timers, notify });
  const known = new Known();
  const requests: RenewRequest[] = [];
  const made: Rig = {
    folder,
    timers,
    known,
    notices,
    membership,
    requests,
    answer: async (csr) =>
      await authority.membership(csr, {
        from: timers.clock.now(),
        to: timers.clock.now() + 24 * HOUR,
        controls: [URL_A],
      }),
    onDisk: async () => (await readMemberFile(folder)).member.certificate,
  };
  membership.start({
    boot: "boot_1",
    view: known,
    link: {
      async send(path, message) {
        assert.equal(path, "/link/v1/renew");
        const request = message as RenewRequest;
        requests.push(request);
        return await made.answer(request.csr);
      },
    },
  });
  closing.push(async () => await membership.close());
  return made;
}

const said = ({ notices }: Rig, event: string): string[] =>
  notices.filter((notice) => notice.event === event).map(({ message }) => message ?? "");

test("a certificate is renewed at half of its life, with a new key", async () => {
  const made = await rig(await newAuthority());
  const { timers, membership, requests } = made;
  const before = membership.credentials();
  await timers.pass(10.7 * HOUR, 60_000);
  assert.equal(requests.length, 0, "renewed long before its half-life");
  await timers.pass(2.6 * HOUR, 60_000);
  await until("the renewal", () => membership.credentials().certificate !== before.certificate);
  assert.equal(requests.length, 1);
  assert.equal(requests[0]?.boot, "boot_1");
  const after = membership.credentials();
  assert.notEqual(after.key, before.key);
  assert.ok(membership.certificateNotAfter() > timers.clock.now() + 21 * HOUR);
  await until("the file", async () => (await made.onDisk()) === after.certificate);
  assert.deepEqual(readdirSync(made.folder), ["member.json"]);
  await timers.pass(2 * HOUR, 60_000);
  assert.equal(requests.length, 1, "renewed again right away");
});

test("members that joined together do not renew together", async () => {
  const authority = await newAuthority();
  const at: number[] = [];
  for (let i = 0; i < 4; i++) {
    const { timers, requests } = await rig(authority);
    const start = timers.clock.monotonic();
    while (requests.length === 0) await timers.pass(60_000, 60_000);
    at.push(timers.clock.monotonic() - start);
  }
  assert.ok(Math.max(...at) - Math.min(...at) > 60_000, String(at));
});

test("while control refuses, tries are spaced, the end is announced, and it recovers", async () => {
  const made = await rig(await newAuthority());
  const { timers, requests, membership } = made;
  const { answer } = made;
  made.answer = async () =>
    await Promise.reject(new PosternError("not_running", "control cannot be reached"));
  await timers.pass(13.5 * HOUR, 60_000);
  assert.ok(requests.length >= 3);
  assert.equal(said(made, "certificate-unrenewed").length, 1);
  const hour = requests.length;
  await timers.pass(HOUR, 5_000);
  assert.ok(requests.length - hour <= 13, `${requests.length - hour} tries in an hour`);
  assert.equal(said(made, "certificate-ending").length, 0);
  await timers.pass(4 * HOUR, 60_000);
  assert.equal(said(made, "certificate-ending").length, 1);
  await timers.pass(6 * HOUR, 60_000);
  assert.match(
    said(made, "certificate-ended")[0] ?? "",
    /join again with a new token \(postern gateway token edge-1/,
  );
  const before = membership.credentials().certificate;
  made.answer = answer;
  await timers.pass(6 * 60_000, 60_000);
  await until("the renewal", () => membership.credentials().certificate !== before);
});

for (const [what, options] of [
  ["somebody else", { id: "spiffe://postern.test/postern/gateway/edge-2" }],
  ["an agent of the same name", { id: "spiffe://postern.test/postern/agent/edge-1" }],
  ["another key", "key"],
  ["an authority that is not among those that count", "authority"],
] as const) {
  test(`a certificate for ${what} is not taken`, async () => {
    const authority = await newAuthority();
    const other = await newAuthority();
    const made = await rig(authority);
    const before = made.membership.credentials();
    made.answer = async (csr) => {
      if (options === "key") return await authority.membership(newKeyAndRequest().csr);
      if (options === "authority") return await authority.membership(csr, { authorities: [other.pem] });
      return await authority.membership(csr, options);
    };
    await made.timers.pass(14 * HOUR, 60_000);
    await until("the refusal", () => said(made, "certificate-unrenewed").length === 1);
    assert.deepEqual(made.membership.credentials(), before);
    assert.equal(await made.onDisk(), before.certificate);
  });
}

test("through a rotation it trusts what control trusts, and has a certificate of the newest as soon as that signs", async () => {
  const old = await newAuthority();
  const made = await rig(old);
  const { known, timers, membership, requests } = made;
  known.put(old.entity);
  const next = await newAuthority(timers.clock.now() - 60_000);
  const life = (): { from: number; to: number } => ({
    from: timers.clock.now(),
    to: timers.clock.now() + 24 * HOUR,
  });
  const authorities = [old.pem, next.pem];
  made.answer = async (csr) => await old.membership(csr, { ...life(), authorities });
  known.put(next.entity);
  await until("both in the bundle", () => membership.credentials().authorities.length === 2);
  await until("a first try", () => requests.length >= 1);
  assert.deepEqual((await readMemberFile(made.folder)).member.authorities, authorities);

  await timers.pass(HOUR, 5_000);
  assert.ok(requests.length < 20, `${requests.length} tries while the old one signs`);
  made.answer = async (csr) => await next.membership(csr, { ...life(), authorities });
  await timers.pass(6 * 60_000, 5_000);
  const isOfNext = (): boolean =>
    new X509Certificate(membership.credentials().certificate).verify(new X509Certificate(next.pem).publicKey);
  await until("a certificate of the next", isOfNext);

  known.put({ kind: "authority", key: old.entity.key, value: null });
  await until("the old one to be gone", () => membership.credentials().authorities.length === 1);
  const settled = requests.length;
  await timers.pass(HOUR, 5_000);
  assert.equal(requests.length, settled);
});

test("control nodes come and go in the file; what the view does not know stays", async () => {
  const authority = await newAuthority();
  const made = await rig(authority);
  const { known, membership } = made;
  assert.deepEqual(membership.controls(), [URL_A]);
  known.put({ kind: "control", key: "b", value: { url: URL_B } });
  await until("b alone", () => membership.controls().join() === URL_B);
  known.put({ kind: "control", key: "a", value: { url: URL_A } });
  await until("both", async () => (await readMemberFile(made.folder)).member.controls.length === 2);
  known.put({ kind: "control", key: "a", value: null }, { kind: "control", key: "b", value: null });
  await made.timers.pass(10_000);
  assert.equal(membership.controls().length, 2, "it knows no way to control any more");
  assert.equal(membership.credentials().authorities.length, 1);
});

test("nothing is taken over from a view in which not everything is in force", async () => {
  const authority = await newAuthority();
  const made = await rig(authority);
  made.known.block("an authority cannot be taken");
  made.known.put({ kind: "control", key: "b", value: { url: URL_B } });
  await made.timers.pass(20_000);
  assert.deepEqual(made.membership.controls(), [URL_A]);
  made.known.block(undefined);
  await until("b", () => made.membership.controls().join() === URL_B);
});

test("a membership that somebody put in its place by joining again is the one in use", async () => {
  const authority = await newAuthority();
  const made = await rig(authority);
  const before = made.membership.credentials().certificate;
  await joined(made.folder, authority, made.timers.clock.now());
  await made.timers.pass(10_000);
  await until("the new one", () => made.membership.credentials().certificate !== before);
  assert.equal(serialOf(made.membership.credentials().certificate), serialOf(await made.onDisk()));
  assert.equal(said(made, "membership-replaced").length, 1);
});

test("the membership of another name is neither used nor written over", async () => {
  const authority = await newAuthority();
  const made = await rig(authority);
  const before = made.membership.credentials().certificate;
  await joined(made.folder, authority, made.timers.clock.now(), "edge-2");
  const other = await made.onDisk();
  await made.timers.pass(14 * HOUR, 60_000);
  await until("the renewal", () => made.membership.credentials().certificate !== before);
  assert.equal(await made.onDisk(), other);
  assert.equal(made.notices.filter(({ message }) => message?.includes("start this process anew")).length, 1);
});

test("a file that was taken away is not brought back, and what runs goes on", async () => {
  const made = await rig(await newAuthority());
  const before = made.membership.credentials().certificate;
  rmSync(join(made.folder, "member.json"));
  await made.timers.pass(14 * HOUR, 60_000);
  await until("the renewal", () => made.membership.credentials().certificate !== before);
  assert.equal(existsSync(join(made.folder, "member.json")), false);
});

test("closing ends all that it set going", async () => {
  const made = await rig(await newAuthority());
  await made.membership.close();
  assert.equal(made.known.listeners, 0);
  await made.timers.pass(20 * HOUR, 60_000);
  assert.equal(made.requests.length, 0);
});

async function opening(
  prepare: (folder: string, path: string) => void,
  later = 0,
): Promise<PosternError["code"] | undefined> {
  const folder = newFolder();
  const timers = new Timers();
  await joined(folder, await newAuthority(), timers.clock.now());
  prepare(folder, join(folder, "member.json"));
  timers.clock.step(later);
  const { notify } = collect();
  try {
    await openMembership({ folder, clock: timers.clock, schedule: timers, notify });
    return undefined;
  } catch (error) {
    assert.ok(error instanceof PosternError, String(error));
    return error.code;
  }
}

const edit = (path: string, change: (content: { [name: string]: unknown }) => void): void => {
  const content = JSON.parse(readFileSync(path, "utf8")) as { [name: string]: unknown };
  change(content);
  writeFileSync(path, JSON.stringify(content));
};

const other = newKeyAndRequest().key;
for (const [what, code, prepare] of [
  ["none", "not_found", (_folder, path) => rmSync(path)],
  ["one that others may read", "folder.unsafe", (_folder, path) => chmodSync(path, 0o644)],
  ["one that a group may read", "folder.unsafe", (_folder, path) => chmodSync(path, 0o640)],
  [
    "a link",
    "folder.unsafe",
    (folder, path) => {
      writeFileSync(join(folder, "elsewhere"), readFileSync(path), { mode: 0o600 });
      rmSync(path);
      symlinkSync(join(folder, "elsewhere"), path);
    },
  ],
  [
    "half a file",
    "state.damaged",
    (_folder, path) => writeFileSync(path, readFileSync(path).subarray(0, 900)),
  ],
  ["an empty file", "state.damaged", (_folder, path) => writeFileSync(path, "")],
  ["a list", "state.damaged", (_folder, path) => writeFileSync(path, "[]")],
  ["no format", "state.damaged", (_folder, path) => edit(path, (content) => delete content["format"])],
  ["a later format", "state.newer", (_folder, path) => edit(path, (content) => (content["format"] = 2))],
  ["another key", "state.damaged", (_folder, path) => edit(path, (content) => (content["key"] = other))],
  ["another name", "state.damaged", (_folder, path) => edit(path, (content) => (content["name"] = "edge-2"))],
  ["no controls", "state.damaged", (_folder, path) => edit(path, (content) => delete content["controls"])],
] as const satisfies readonly (readonly [
  string,
  PosternError["code"],
  (folder: string, path: string) => void,
])[]) {
  test(`${what} in place of a membership: ${code}`, async () => {
    assert.equal(await opening(prepare), code);
  });
}

test("one whose certificate has ended cannot be opened", async () => {
  assert.equal(await opening(() => undefined, 25 * HOUR), "unauthenticated");
  assert.equal(await opening(() => undefined, 23 * HOUR), undefined);
});

test("what an ended process left half written is removed", async () => {
  let left = "";
  assert.equal(
    await opening((folder) => {
      left = join(folder, "member.json.4711.new");
      writeFileSync(left, "half", { mode: 0o600 });
    }),
    undefined,
  );
  assert.equal(existsSync(left), false);
});

test("a file of the process's own id that an earlier one left is in nobody's way", async () => {
  const folder = newFolder();
  writeFileSync(join(folder, `member.json.${process.pid}.new`), "half");
  await joined(folder, await newAuthority(), Date.now());
  assert.deepEqual(readdirSync(folder), ["member.json"]);
});

test("requests are what the library that control reads them with takes for PKCS#10", () => {
  const { csr } = newKeyAndRequest();
  assert.match(
    csr,
    /^-----BEGIN CERTIFICATE REQUEST-----\n(?:[A-Za-z0-9+/=]{1,64}\n)+-----END CERTIFICATE REQUEST-----\n$/,
  );
  assert.ok(keyIn(csr).toString("base64").length > 100);
});
