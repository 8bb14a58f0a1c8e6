import { createHash, createSign, generateKeyPairSync, type KeyObject, randomBytes } from "node:crypto";

/** What a ceremony is lied to about; each absent part is as it should be. */
export interface Lies {
  readonly origin?: string;
  readonly rpId?: string;
  readonly userVerified?: boolean;
  readonly challenge?: string;
  readonly counter?: number;
  readonly userHandle?: string;
  readonly type?: string;
  readonly signature?: Uint8Array;
}

/** A passkey in software: real CBOR, real attestation `none`, real ES256 signatures. */
export interface SoftwareAuthenticator {
  readonly credentialId: string;
  /** WebAuthn Level 3 §5.1.3, answering `PublicKeyCredentialCreationOptionsJSON`. */
  create(options: Options, lies?: Lies): unknown;
  /** §5.1.4, answering `PublicKeyCredentialRequestOptionsJSON`. */
  get(options: Options, lies?: Lies): unknown;
  /** The counter of the last ceremony. */
  counter: number;
}

interface Options {
  readonly challenge: string;
  readonly rpId?: string;
  readonly rp?: { readonly id?: string };
  readonly user?: { readonly id: string };
}

const FLAGS = { userPresent: 0x01, userVerified: 0x04, attestedData: 0x40 };

/** Makes an authenticator in a browser that is at `origin`. `counts` tells whether it has a signature counter. */
export function softwareAuthenticator(origin: string, counts = true): SoftwareAuthenticator {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const id = randomBytes(32);
  let userHandle = "";

  function clientData(type: string, options: Options, lies: Lies): Buffer {
    const data = {
      type: lies.type ?? type,
      challenge: lies.challenge ?? options.challenge,
      origin: lies.origin ?? origin,
      crossOrigin: false,
    };
    return Buffer.from(JSON.stringify(data));
  }

  const authenticator: SoftwareAuthenticator = {
    credentialId: id.toString("base64url"),
    counter: 0,
    create(options, lies = {}) {
      userHandle = options.user?.id ?? "";
      const attested = Buffer.concat([Buffer.alloc(16), uint16(id.length), id, coseKey(publicKey)]);
      const authData = authenticatorData(options.rp?.id ?? "", FLAGS.attestedData, lies, counterFor(lies));
      const attestation = new Map<string, CborValue>([
        ["fmt", "none"],
        ["attStmt", new Map()],
        ["authData", Buffer.concat([authData, attested])],
      ]);
      return {
        id: authenticator.credentialId,
        rawId: authenticator.credentialId,
        type: "public-key",
        response: {
          clientDataJSON: clientData("webauthn.create", options, lies).toString("base64url"),
          attestationObject: cbor(attestation).toString("base64url"),
          transports: ["internal"],
        },
        clientExtensionResults: {},
      };
    },
    get(options, lies = {}) {
      const authData = authenticatorData(options.rpId ?? "", 0, lies, counterFor(lies));
      const data = clientData("webauthn.get", options, lies);
      const signature = createSign("sha256")
        .update(authData)
        .update(createHash("sha256").update(data).digest())
        .sign(privateKey);
      return {
        id: authenticator.credentialId,
        rawId: authenticator.credentialId,
        type: "public-key",
        response: {
          clientDataJSON: data.toString("base64url"),
          authenticatorData: authData.toString("base64url"),
          signature: Buffer.from(lies.signature ?? signature).toString("base64url"),
          userHandle: lies.userHandle ?? userHandle,
        },
        clientExtensionResults: {},
      };
    },
  };

  function counterFor(lies: Lies): number {
    if (lies.counter !== undefined) return lies.counter;
    if (counts) authenticator.counter += 1;
    return authenticator.counter;
  }
  return authenticator;
}

/** §6.1. */
function authenticatorData(rpId: string, more: number, lies: Lies, counter: number): Buffer {
  const verified = lies.userVerified === false ? 0 : FLAGS.userVerified;
  const count = Buffer.alloc(4);
  count.writeUInt32BE(counter);
  return Buffer.concat([
    createHash("sha256")
      .update(lies.rpId ?? rpId)
      .digest(),
    Buffer.from([FLAGS.userPresent | verified | more]),
    count,
  ]);
}

/** RFC 9053 §7.1: an EC2 key for ES256. */
function coseKey(key: KeyObject): Buffer {
  const { x = "", y = "" } = key.export({ format: "jwk" });
  return cbor(
    new Map<number, CborValue>([
      [1, 2],
      [3, -7],
      [-1, 1],
      [-2, Buffer.from(x, "base64url")],
      [-3, Buffer.from(y, "base64url")],
    ]),
  );
}

type CborValue = number | string | Uint8Array | ReadonlyMap<string | number, CborValue>;

/** RFC 8949, as much of it as an authenticator needs. */
function cbor(value: CborValue): Buffer {
  if (typeof value === "number") return value < 0 ? head(1, -1 - value) : head(0, value);
  if (typeof value === "string")
    return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)]);
  if (value instanceof Uint8Array) return Buffer.concat([head(2, value.length), value]);
  return Buffer.concat([
    head(5, value.size),
    ...[...value].flatMap(([key, item]) => [cbor(key), cbor(item)]),
  ]);
}

function head(major: number, length: number): Buffer {
  if (length < 24) return Buffer.from([(major << 5) | length]);
  if (length < 256) return Buffer.from([(major << 5) | 24, length]);
  return Buffer.concat([Buffer.from([(major << 5) | 25]), uint16(length)]);
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}
