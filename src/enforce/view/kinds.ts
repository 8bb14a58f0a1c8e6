/**
 * The kinds of entities that a view holds: how each is read from what came over the link, what it is found by beside its key,
 * and what goes when it goes. A kind of state that comes later is one more entry here.
 */
import { X509Certificate } from "node:crypto";
import { sha256Hex } from "#kernel";
import type { EntityKind, EntityShapes } from "#link";
import type { DeviceFacts } from "#policy";
import {
  address,
  amount,
  flag,
  label,
  labels,
  type Members,
  malformed,
  membersOf,
  oneOf,
  optionalFlag,
  optionalLabel,
  pem,
  port,
  time,
  words,
} from "./fields.ts";
import type { SharedStrings } from "./shared-strings.ts";

/** The policy set is held compiled, and elsewhere. */
export type HeldKind = Exclude<EntityKind, "policy">;

export interface KindDefinition<T> {
  /**
   * Copies what this version knows of a value, and nothing else: objects of one kind then have one shape.
   * @throws PosternError `input.invalid` when a member is not what it must be
   */
  readonly read: (value: Members, key: string, strings: SharedStrings) => T;
  /** What entities of this kind can be found by, many with the same. */
  readonly groupedBy?: (value: T) => string | number;
  /** The kind whose entities grouped by this one's key go with it. */
  readonly takes?: HeldKind;
  /** The person whose connections a change of it touches, where its key does not say so. */
  readonly owner?: (value: T) => string;
}

const WEB: readonly string[] = ["http:", "https:"];

export const KINDS: { readonly [K in HeldKind]: KindDefinition<EntityShapes[K]> } = {
  instance: {
    read(value) {
      const origins = membersOf(value["origins"], "origins");
      return {
        id: words(value, "id"),
        domain: words(value, "domain"),
        hostStyle: oneOf(value, "hostStyle", ["subdomain", "port"]),
        origins: { login: address(origins, "login", WEB), console: address(origins, "console", WEB) },
        scheme: oneOf(value, "scheme", ["http", "https"]),
        port: port(value, "port"),
      };
    },
  },
  user: {
    read: (value, key, strings) => ({
      id: ownKey(value, key, strings),
      name: words(value, "name"),
      displayName: words(value, "displayName"),
      role: label(value, "role", strings),
      groups: labels(value, "groups", strings),
      disabled: flag(value, "disabled"),
    }),
  },
  session: {
    read(value, key, strings) {
      const session = {
        id: ownKey(value, key, strings),
        user: label(value, "user", strings),
        createdAt: time(value, "createdAt"),
        authenticatedAt: time(value, "authenticatedAt"),
        amr: labels(value, "amr", strings),
        idleExpiresAt: time(value, "idleExpiresAt"),
        absoluteExpiresAt: time(value, "absoluteExpiresAt"),
      };
      return {
        ...session,
        ...(value["mfaVerifiedAt"] === undefined ? {} : { mfaVerifiedAt: time(value, "mfaVerifiedAt") }),
        ...(value["lastSeenAt"] === undefined ? {} : { lastSeenAt: time(value, "lastSeenAt") }),
      };
    },
    groupedBy: ({ user }) => user,
    takes: "entry",
  },
  entry: {
    read: (value, _key, strings) => ({
      session: label(value, "session", strings),
      host: label(value, "host", strings),
    }),
    groupedBy: ({ session }) => session,
  },
  port: {
    read: (value) => ({ port: port(value, "port") }),
    groupedBy: ({ port: own }) => own,
  },
  authority: {
    read(value, key) {
      const certificate = pem(value, "certificate");
      if (sha256Hex(parsed(certificate).raw) !== key)
        throw malformed("certificate", "the one that its key names");
      return { certificate };
    },
  },
  control: {
    read: (value) => ({ url: address(value, "url", ["https:"]) }),
  },
  device: {
    read: (value, key, strings) => ({
      id: ownKey(value, key, strings),
      user: label(value, "user", strings),
      facts: deviceFacts(membersOf(value["facts"], "facts"), strings),
      reportedAt: time(value, "reportedAt"),
    }),
    groupedBy: ({ user }) => user,
    owner: ({ user }) => user,
  },
  grant: {
    read(value, key, strings) {
      const application = optionalLabel(value, "application", strings);
      const grant = {
        id: ownKey(value, key, strings),
        user: label(value, "user", strings),
        expiresAt: time(value, "expiresAt"),
      };
      return application === undefined ? grant : { ...grant, application };
    },
    groupedBy: ({ user }) => user,
    owner: ({ user }) => user,
  },
};

export const HELD_KINDS: readonly HeldKind[] = Object.keys(KINDS) as HeldKind[];

export function isHeldKind(kind: string): kind is HeldKind {
  return Object.hasOwn(KINDS, kind);
}

/** The id of an entity that is its key as well. */
function ownKey(value: Members, key: string, strings: SharedStrings): string {
  if (value["id"] !== key) throw malformed("id", "its key");
  return strings.one(key);
}

/** What is not known stays absent. */
function deviceFacts(value: Members, strings: SharedStrings): DeviceFacts {
  const id = optionalLabel(value, "id", strings);
  const managed = optionalFlag(value, "managed");
  const posture = optionalLabel(value, "posture", strings);
  const score =
    value["compliance_score"] === undefined ? undefined : amount(value, "compliance_score", 0, 100);
  const encrypted = optionalFlag(value, "disk_encrypted");
  const patched = optionalFlag(value, "os_patched");
  return {
    ...(id === undefined ? {} : { id }),
    ...(managed === undefined ? {} : { managed }),
    ...(posture === undefined ? {} : { posture }),
    ...(score === undefined ? {} : { compliance_score: score }),
    ...(encrypted === undefined ? {} : { disk_encrypted: encrypted }),
    ...(patched === undefined ? {} : { os_patched: patched }),
  };
}

function parsed(certificate: string): X509Certificate {
  try {
    return new X509Certificate(certificate);
  } catch (cause) {
    throw malformed("certificate", "a certificate in PEM", cause);
  }
}
