import { PosternError } from "#kernel";
import type {
  EntityChange,
  EntityKind,
  EntryAccepted,
  LoginClient,
  Membership,
  RecordsAccepted,
  ServerCertificate,
  StateMessage,
  StreamEnd,
  UnknownEntity,
} from "./messages.ts";

/** Checks control's answer to a batch of records. @throws PosternError `input.invalid` */
export function parseRecordsAccepted(answer: unknown): RecordsAccepted {
  const accepted = isObject(answer) ? answer["accepted"] : undefined;
  if (!isObject(accepted)) throw unexpected("records");
  for (const sequence of Object.values(accepted)) {
    if (!Number.isSafeInteger(sequence)) throw unexpected("records");
  }
  return { accepted: accepted as { [boot: string]: number } };
}

/** Checks control's answer to an entry. @throws PosternError `input.invalid` */
export function parseEntryAccepted(answer: unknown): EntryAccepted {
  const number = isObject(answer) ? answer["number"] : undefined;
  if (typeof number !== "number" || !Number.isSafeInteger(number)) throw unexpected("an entry");
  return { number };
}

/** Checks control's answer to a gateway that asks for its certificate. @throws PosternError `input.invalid` */
export function parseServerCertificate(answer: unknown): ServerCertificate {
  const { certificate, key } = isObject(answer) ? answer : {};
  if (typeof certificate !== "string" || typeof key !== "string") throw unexpected("a certificate");
  return { certificate, key };
}

/** Checks control's answer to a gateway that asks how to sign people in. @throws PosternError `input.invalid` */
export function parseLoginClient(answer: unknown): LoginClient {
  const { clientId, sealKey } = isObject(answer) ? answer : {};
  if (typeof clientId !== "string" || typeof sealKey !== "string" || !/^[A-Za-z0-9_-]{43}$/.test(sealKey))
    throw unexpected("a login client");
  return { clientId, sealKey };
}

/** Checks control's answer to a join or a renewal. @throws PosternError `input.invalid` */
export function parseMembership(answer: unknown): Membership {
  const { role, name, trustDomain, certificate, authorities, controls } = isObject(answer) ? answer : {};
  if (
    (role !== "gateway" && role !== "agent") ||
    typeof name !== "string" ||
    typeof trustDomain !== "string" ||
    typeof certificate !== "string" ||
    !areTexts(authorities) ||
    !areTexts(controls)
  )
    throw unexpected("a membership");
  return { role, name, trustDomain, certificate, authorities, controls };
}

/** The error that control answered with, or ended a stream with. */
export function errorFrom(answer: unknown): PosternError {
  const { code, message, remedy } = isObject(answer) ? answer : {};
  if (typeof code !== "string" || !/^[a-z][a-z_.]{1,62}$/.test(code) || typeof message !== "string")
    return new PosternError("internal", "control answered with an unknown error");
  // one of ours, or of a later control: it is shown to people and compared with those that are known
  return new PosternError(
    code as PosternError["code"],
    message,
    typeof remedy === "string" ? { remedy } : {},
  );
}

/**
 * Checks that a line of the stream is one of its messages. What an entity holds is control's own state, which control
 * checked when it was written. What a later minor version added is passed over: messages of a type that is not known
 * (undefined), and entities of a kind that is not known, but for those marked `must`, which the message then names.
 * @throws PosternError `input.invalid`
 */
export function parseStateMessage(line: unknown): StateMessage | StreamEnd | undefined {
  if (!isObject(line) || typeof line["type"] !== "string") throw unexpected("the stream");
  switch (line["type"]) {
    case "heartbeat": {
      const { epoch, head, now } = line;
      if (typeof epoch !== "string" || !isWhole(head) || !isWhole(now)) throw unexpected("the stream");
      return { type: "heartbeat", epoch, head, now };
    }
    case "snapshot":
      return { type: "snapshot", ...entitiesOf(line), ...(line["more"] === true ? { more: true } : {}) };
    case "change":
      return { type: "change", ...entitiesOf(line) };
    case "ended": {
      const { code, message, remedy } = line;
      if (typeof code !== "string" || typeof message !== "string") throw unexpected("the stream");
      return { type: "ended", code, message, ...(typeof remedy === "string" ? { remedy } : {}) };
    }
    default:
      return undefined;
  }
}

const KINDS: { readonly [K in EntityKind]: true } = {
  instance: true,
  policy: true,
  user: true,
  session: true,
  entry: true,
  port: true,
  authority: true,
  control: true,
  device: true,
  grant: true,
};

interface Entities {
  readonly epoch: string;
  readonly number: number;
  readonly entities: readonly EntityChange[];
  readonly unknown?: readonly UnknownEntity[];
}

function entitiesOf({ epoch, number, entities }: { readonly [member: string]: unknown }): Entities {
  if (typeof epoch !== "string" || !isWhole(number) || !Array.isArray(entities))
    throw unexpected("the stream");
  const known: EntityChange[] = [];
  const unknown: UnknownEntity[] = [];
  for (const entity of entities as readonly unknown[]) {
    if (!isEntity(entity)) throw unexpected("the stream");
    if (isKnown(entity)) known.push(entity.must === undefined ? entity : unmarked(entity));
    else if (entity.must === true) unknown.push({ kind: entity.kind, key: entity.key });
  }
  return { epoch, number, entities: known, ...(unknown.length === 0 ? {} : { unknown }) };
}

interface Entity {
  readonly kind: string;
  readonly key: string;
  readonly value: object | null;
  readonly must?: unknown;
}

function isEntity(value: unknown): value is Entity {
  if (!isObject(value)) return false;
  const held = value["value"];
  return (
    typeof value["kind"] === "string" && typeof value["key"] === "string" && (held === null || isObject(held))
  );
}

function unmarked({ kind, key, value }: EntityChange): EntityChange {
  return { kind, key, value } as EntityChange;
}

function isKnown(entity: Entity): entity is EntityChange & Entity {
  return Object.hasOwn(KINDS, entity.kind);
}

function areTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

function isObject(value: unknown): value is { readonly [member: string]: unknown } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function unexpected(what: string): PosternError {
  return new PosternError("input.invalid", `control's answer to ${what} is of another shape`);
}
