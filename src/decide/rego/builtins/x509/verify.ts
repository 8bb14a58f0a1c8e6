/** Chains of certificates (RFC 5280 §6) as Go builds and holds them. */
import type { Certificate } from "./certificate.ts";
import { isForHost } from "./host-name.ts";
import { namesHold } from "./name-constraints.ts";
import { keyObjectOf } from "./public-key.ts";
import { signatureHolds } from "./signature-algorithm.ts";

export interface VerifyOptions {
  /** Milliseconds since the Unix epoch. */
  readonly time: number;
  /** Empty for any. */
  readonly host: string;
  /** Go's numbers; one of them is enough. Zero is any. */
  readonly usages: readonly number[];
  /** Called with the steps that the next piece of work is worth. */
  readonly charge: (steps: number) => void;
}

const ANY_USAGE = 0;
const SERVER_AUTH = 1;
const KEY_CERT_SIGN = 1 << 5;
const MAX_SIGNATURES = 100;
/** A signature takes about as long as so many steps. */
const SIGNATURE_STEPS = 200;

/** The first chain from the leaf to the root, or undefined where there is none. */
export function verifyChain(
  leaf: Certificate,
  intermediates: readonly Certificate[],
  root: Certificate,
  options: VerifyOptions,
): readonly Certificate[] | undefined {
  if (!isValid(leaf, "leaf", [], options)) return undefined;
  if (options.host !== "" && !isForHost(leaf, options.host)) return undefined;
  const builder = new ChainBuilder(intermediates, root, options);
  const chains = same(leaf.raw, root.raw) ? [[leaf]] : builder.build([leaf]);
  const usages = options.usages.length === 0 ? [SERVER_AUTH] : options.usages;
  return chains.find((chain) => usages.includes(ANY_USAGE) || usagesHold(chain, usages));
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

type Chain = readonly Certificate[];

class ChainBuilder {
  readonly #intermediates: readonly Certificate[];
  readonly #root: Certificate;
  readonly #options: VerifyOptions;
  #signatures = 0;
  constructor(intermediates: readonly Certificate[], root: Certificate, options: VerifyOptions) {
    this.#intermediates = intermediates;
    this.#root = root;
    this.#options = options;
  }

  /** Every chain that goes on from this one, up to the root. */
  build(chain: Chain): readonly Chain[] {
    const child = chain.at(-1) as Certificate;
    const chains: Chain[] = [];
    if (this.#isParent(this.#root, "root", chain)) chains.push([...chain, this.#root]);
    for (const candidate of parentsFirst(child, this.#intermediates))
      if (this.#isParent(candidate, "intermediate", chain)) chains.push(...this.build([...chain, candidate]));
    return chains;
  }

  #isParent(candidate: Certificate, type: "intermediate" | "root", chain: Chain): boolean {
    const child = chain.at(-1) as Certificate;
    if (!same(child.rawIssuer, candidate.rawSubject)) return false;
    if (candidate.publicKey.value === null || chain.some((other) => isTwin(candidate, other))) return false;
    if (++this.#signatures > MAX_SIGNATURES) return false;
    this.#options.charge(SIGNATURE_STEPS);
    return isSignedBy(child, candidate) && isValid(candidate, type, chain, this.#options);
  }
}

/** Those whose key's identifier is the one that the child names come first, those of another one last. */
function parentsFirst(child: Certificate, candidates: readonly Certificate[]): readonly Certificate[] {
  const named = child.extended.authorityKeyId;
  const rank = ({ extended: { subjectKeyId } }: Certificate): number => {
    if (named === undefined || subjectKeyId === undefined) return 1;
    return same(named, subjectKeyId) ? 0 : 2;
  };
  return candidates.toSorted((a, b) => rank(a) - rank(b));
}

/** Of one subject, one key and the same alternative names: to go over it again leads nowhere. */
function isTwin(a: Certificate, b: Certificate): boolean {
  const names = (certificate: Certificate): Uint8Array | undefined =>
    certificate.extensions.find(({ id }) => id.join(".") === "2.5.29.17")?.value;
  const [left, right] = [names(a), names(b)];
  return (
    same(a.rawSubject, b.rawSubject) &&
    same(a.publicKey.spki, b.publicKey.spki) &&
    (left === undefined || right === undefined ? left === right : same(left, right))
  );
}

function isSignedBy(child: Certificate, parent: Certificate): boolean {
  const { basicConstraints, keyUsage } = parent.extended;
  if (basicConstraints === undefined ? parent.version === 3 : !basicConstraints.ca) return false;
  if (keyUsage !== 0 && (keyUsage & KEY_CERT_SIGN) === 0) return false;
  const { algorithm, spki } = parent.publicKey;
  return signatureHolds(
    child.signatureAlgorithm,
    algorithm,
    keyObjectOf(spki),
    child.signed,
    child.signature,
  );
}

/** Whether a certificate may stand after this chain. */
function isValid(
  certificate: Certificate,
  type: "leaf" | "intermediate" | "root",
  chain: Chain,
  options: VerifyOptions,
): boolean {
  const { unhandled, basicConstraints, permitted, excluded } = certificate.extended;
  if (unhandled.length > 0) return false;
  if (options.time < certificate.notBefore || options.time > certificate.notAfter) return false;
  if (type === "intermediate" && basicConstraints?.ca !== true) return false;
  const below = chain.length - 1;
  if (
    basicConstraints !== undefined &&
    basicConstraints.pathLength >= 0 &&
    below > basicConstraints.pathLength
  )
    return false;
  return chain.every(({ extended }) => namesHold(extended.names, permitted, excluded, options.charge));
}

/** Whether a usage is allowed by every certificate; those that name none allow all. */
function usagesHold(chain: Chain, wanted: readonly number[]): boolean {
  return wanted.some((usage) =>
    chain.every(({ extended: { usages, unknownUsages } }) => {
      const unlimited = usages.length === 0 && unknownUsages.length === 0;
      return unlimited || usages.includes(ANY_USAGE) || usages.includes(usage);
    }),
  );
}
