import { PosternError } from "#kernel";
import type {
  EntityChange,
  EntryAccepted,
  LoginClient,
  RecordsAccepted,
  ServerCertificate,
  StateMessage,
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

/**
 * Checks that a line of the stream is one of its messages. What an entity holds is control's own state, which control
 * checked when it was written.
 * @throws PosternError `input.invalid`
 */
export function parseStateMessage(line: unknown): StateMessage {
  if (!isObject(line)) throw unexpected("the stream");
  const { type, epoch, number, entities, head, now } = line;
  if (typeof epoch !== "string") throw unexpected("the stream");
  if (type === "heartbeat" && isWhole(head) && isWhole(now)) return { type, epoch, head, now };
  if ((type === "snapshot" || type === "change") && isWhole(number) && areChanges(entities))
    return { type, epoch, number, entities };
  throw unexpected("the stream");
}

function areChanges(value: unknown): value is EntityChange[] {
  return Array.isArray(value) && value.every(isEntityChange);
}

function isEntityChange(value: unknown): value is EntityChange {
  if (!isObject(value)) return false;
  const held = value["value"];
  return (
    typeof value["kind"] === "string" && typeof value["key"] === "string" && (held === null || isObject(held))
  );
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
