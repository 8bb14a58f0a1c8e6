import { PosternError } from "#kernel";
import type { EntryAccepted, RecordsAccepted } from "./messages.ts";

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

function isObject(value: unknown): value is { readonly [member: string]: unknown } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function unexpected(what: string): PosternError {
  return new PosternError("input.invalid", `control's answer to ${what} is of another shape`);
}
