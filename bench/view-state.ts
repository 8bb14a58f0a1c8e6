/** The state of a large instance, as the link carries it: the same at every run, made line by line so that nobody holds it. */
import { sha256Hex } from "#kernel";
import type { EntityChange, StateMessage } from "#link";
import { compileSet } from "#policy";

/** How much of it there is. */
export interface Size {
  readonly people: number;
  readonly sessions: number;
  readonly entriesOfSession: number;
  readonly devices: number;
  readonly applications: number;
}

export const LARGE: Size = {
  people: 10_000,
  sessions: 20_000,
  entriesOfSession: 3,
  devices: 10_000,
  applications: 1_000,
};

/** As the link parts a snapshot. */
const PART = 1_000;
const DOCUMENTS_A_FILE = 10;
const START = 1_767_225_600_000;
const HOUR = 3_600_000;

const ROLES = ["admin", "member", "auditor", "contractor"];
const CLASSIFICATIONS = ["public", "internal", "confidential", "restricted"];

export function userId(n: number): string {
  return `usr_${sha256Hex(`user ${n}`).slice(0, 26)}`;
}
export function sessionId(n: number): string {
  return `ses_${sha256Hex(`session ${n}`).slice(0, 26)}`;
}
/** What the view knows a cookie by. */
export function cookieHash(session: number, n: number): string {
  return sha256Hex(`cookie ${session} ${n}`);
}
export function hostOf(application: number): string {
  return `app-${application}.postern.localhost`;
}

/** Entities in the order in which the link sends them: by kind and key, but for what decides how the others are cut. */
function* entities(size: Size): Generator<EntityChange> {
  yield {
    kind: "instance",
    key: "instance",
    value: {
      id: "ins",
      domain: "postern.localhost",
      hostStyle: "subdomain",
      origins: { login: "https://login.postern.localhost", console: "https://console.postern.localhost" },
      scheme: "https",
      port: 443,
    },
  };
  const files = policyFiles(size);
  const { version } = compileSet(files);
  yield { kind: "policy", key: "active", value: { version, activation: 1, activatedAt: START, files } };
  for (let n = 0; n < size.devices; n++) yield device(size, n, START);
  for (let n = 0; n < size.sessions; n++)
    for (let i = 0; i < size.entriesOfSession; i++) yield entry(size, n, i);
  for (let n = 0; n < size.sessions; n++) yield session(size, n, START);
  for (let n = 0; n < size.people; n++) yield user(n, false);
}

function user(n: number, disabled: boolean): EntityChange {
  const groups = ["everybody", `team-${n % 50}`, `site-${n % 7}`];
  const id = userId(n);
  const value = {
    id,
    name: `person${n}`,
    displayName: `Person Number ${n}`,
    role: pick(ROLES, n),
    groups,
    disabled,
  };
  return { kind: "user", key: id, value };
}

function session(size: Size, n: number, at: number): EntityChange {
  const authenticatedAt = at + n * 17;
  const id = sessionId(n);
  return {
    kind: "session",
    key: id,
    value: {
      id,
      user: userId(n % size.people),
      createdAt: authenticatedAt,
      authenticatedAt,
      amr: ["hwk", "user", "mfa"],
      mfaVerifiedAt: authenticatedAt,
      idleExpiresAt: authenticatedAt + HOUR,
      absoluteExpiresAt: authenticatedAt + 12 * HOUR,
    },
  };
}

function entry(size: Size, of: number, n: number): EntityChange {
  const host = hostOf((of * size.entriesOfSession + n) % size.applications);
  return { kind: "entry", key: cookieHash(of, n), value: { session: sessionId(of), host } };
}

function device(size: Size, n: number, reportedAt: number): EntityChange {
  const id = `dev_${sha256Hex(`device ${n}`).slice(0, 26)}`;
  const facts = {
    id,
    managed: n % 3 !== 0,
    posture: n % 5 === 0 ? "failing" : "compliant",
    compliance_score: n % 101,
    disk_encrypted: true,
    os_patched: n % 4 !== 0,
  };
  return { kind: "device", key: id, value: { id, user: userId(n % size.people), facts, reportedAt } };
}

function policyFiles({ applications }: Size): { readonly path: string; readonly text: string }[] {
  const files: { path: string; text: string }[] = [];
  for (let first = 0; first < applications; first += DOCUMENTS_A_FILE) {
    const documents = Array.from({ length: Math.min(DOCUMENTS_A_FILE, applications - first) }, (_, i) =>
      manifest(first + i),
    );
    files.push({
      path: `applications/${String(first).padStart(6, "0")}.yaml`,
      text: documents.join("---\n"),
    });
  }
  const rules = Array.from(
    { length: Math.ceil(applications / 5) },
    (_, n) => `ALLOW IF resource.name == "app-${n * 5}" AND user.groups CONTAINS "team-${n % 50}"\n`,
  );
  files.push({ path: "rules/teams.rules", text: rules.join("") });
  return files;
}

function manifest(n: number): string {
  return `apiVersion: postern.dev/v1
kind: Application
metadata:
  name: app-${n}
spec:
  title: Application number ${n}
  upstream: https://10.0.${n >> 8}.${n & 255}:8080
  classification: ${pick(CLASSIFICATIONS, n)}
  env: ${n % 2 === 0 ? "production" : "staging"}
  labels:
    team: team-${n % 50}
`;
}

function pick(values: readonly string[], n: number): string {
  return values[n % values.length] ?? "";
}

/** The lines of a snapshot. */
export function* snapshotLines(size: Size): Generator<string> {
  let gathered: EntityChange[] = [];
  const line = (more: boolean): string => {
    const message: StateMessage = {
      ...{ type: "snapshot", epoch: "e1", number: 1, entities: gathered },
      ...(more ? { more: true } : {}),
    };
    gathered = [];
    return JSON.stringify(message);
  };
  for (const entity of entities(size)) {
    if (gathered.length === PART) yield line(true);
    gathered.push(entity);
  }
  yield line(false);
}

/** Changes from number 2 on as they come in a busy hour: mostly logins and what they end, reports of devices, some people. */
export function* changeLines(size: Size, count: number): Generator<string> {
  for (let n = 0; n < count; n++) {
    const message: StateMessage = { type: "change", epoch: "e1", number: n + 2, entities: changed(size, n) };
    yield JSON.stringify(message);
  }
}

function changed(size: Size, n: number): readonly EntityChange[] {
  const round = Math.floor(n / 10);
  const at = START + HOUR + n;
  const of = round % size.sessions;
  switch (n % 10) {
    case 0:
      // a session ends, with its entries
      return [
        ...Array.from(
          { length: size.entriesOfSession },
          (_, i): EntityChange => ({ ...entry(size, of, i), value: null }) as EntityChange,
        ),
        { kind: "session", key: sessionId(of), value: null },
      ];
    case 1:
      return [session(size, of, at)];
    case 2:
    case 3:
    case 4:
      return [entry(size, of, (n % 10) - 2)];
    case 5:
    case 6:
      return [session(size, (n * 7) % size.sessions, at)];
    case 7:
      return [user(n % size.people, round % 2 === 0)];
    default:
      return [device(size, n % size.devices, at)];
  }
}
