import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from "jose";
import { LINK_PATHS, type LinkClient } from "#link";

/** The gateway's key of this boot: signs assertions, and proves to the login host who asks. It never rests on disk. */
export interface GatewayKeys {
  readonly kid: string;
  readonly privateKey: CryptoKey;
  /** The public half with `kid`, `alg` and `use` (RFC 7517). */
  readonly jwk: JWK;
  /** Resolves once control knows the public half; tries again after a failure. @throws PosternError as `LinkClient.send` */
  announced(): Promise<void>;
  /** Control does not seem to know the key (any more): announce it at the next use. */
  announceAgain(): void;
}

type CryptoKey = Awaited<ReturnType<typeof generateKeyPair>>["privateKey"];

export async function makeKeys(link: LinkClient, gateway: string): Promise<GatewayKeys> {
  const { privateKey, publicKey } = await generateKeyPair("ES256");
  const half = await exportJWK(publicKey);
  const kid = await calculateJwkThumbprint(half);
  const jwk: JWK = { ...half, kid, alg: "ES256", use: "sig" };
  let announcing: Promise<void> | undefined;
  return {
    kid,
    privateKey,
    jwk,
    async announced() {
      announcing ??= link.send(LINK_PATHS.keys, { gateway, jwk }).then(() => undefined);
      try {
        await announcing;
      } catch (error) {
        announcing = undefined;
        throw error;
      }
    },
    announceAgain() {
      announcing = undefined;
    },
  };
}
