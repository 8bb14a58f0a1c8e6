import type { Clock, IdSource } from "#kernel";
import type { LinkCredentials } from "#link";
import type { Store } from "#store";
import { type AuthorityRow, readRows, signerOf } from "./authorities.ts";
import { newLeafKey, pemOf, type SigningAuthority, signLeaf } from "./x509-svid.ts";

interface OwnCertificateParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly trustDomain: string;
  /** This node's name. */
  readonly node: string;
  readonly keyOf: (row: AuthorityRow) => Promise<SigningAuthority>;
}

/** What this control node serves the link with, and by whom it takes others to be vouched for. */
export interface OwnCertificate {
  credentials(): LinkCredentials;
  standing(): { readonly trusts: readonly string[]; readonly presents: string };
  onChange(listener: () => void): () => void;
  /** Brings it in line with the database, and renews it at its half-life: also while the database cannot be read. */
  refresh(): Promise<void>;
}

interface Own {
  readonly credentials: LinkCredentials;
  readonly trusts: readonly string[];
  readonly presents: string;
  /** Its half-life. */
  readonly renewAt: number;
}

/** Makes a certificate whose key never leaves this process. */
export async function ownCertificate(parts: OwnCertificateParts): Promise<OwnCertificate> {
  const { store, clock, ids, trustDomain, node, keyOf } = parts;
  const listeners = new Set<() => void>();
  let rows = await readRows(store.db);
  let own = await issue();

  async function issue(): Promise<Own> {
    const authority = await keyOf(signerOf(rows, "signs_control"));
    const { publicKey, key } = await newLeafKey();
    const now = clock.now();
    const leaf = await signLeaf(authority, { trustDomain, role: "control", name: node, publicKey }, now, ids);
    return {
      credentials: {
        certificate: pemOf(leaf.certificate) + pemOf(authority.certificate),
        key,
        authorities: rows.map(({ certificate }) => certificate),
        trustDomain,
      },
      trusts: rows.map(({ id }) => id),
      presents: authority.id,
      renewAt: now + (leaf.notAfter - now) / 2,
    };
  }

  async function inLine(): Promise<void> {
    const signer = signerOf(rows, "signs_control").id;
    const same = own.trusts.length === rows.length && rows.every(({ id }, at) => id === own.trusts[at]);
    if (same && own.presents === signer && clock.now() < own.renewAt) return;
    own = await issue();
    for (const listener of listeners) listener();
  }

  return {
    credentials: () => own.credentials,
    standing: () => ({ trusts: own.trusts, presents: own.presents }),
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async refresh() {
      try {
        rows = await readRows(store.db);
      } finally {
        await inLine();
      }
    },
  };
}
