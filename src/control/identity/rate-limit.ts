import { isIPv6 } from "node:net";
import type { Clock } from "#kernel";

/** A limit on how often something may happen, by source address. */
export interface RateLimit {
  /** Takes one; returns undefined when there was one, else the seconds after which to try again. */
  take(address: string): number | undefined;
  /** Gives one back: what was taken for it went well. */
  giveBack(address: string): void;
}

/** Sources that are remembered; the one seen longest ago is forgotten first. */
const MOST_SOURCES = 10_000;

/** A token bucket for each source in this process: `perMinute` at once, and refilled over a minute. */
export function rateLimit(perMinute: number, clock: Clock): RateLimit {
  const buckets = new Map<string, { tokens: number; at: number }>();

  function bucketOf(address: string): { tokens: number; at: number } {
    const source = sourceOf(address);
    const now = clock.monotonic();
    const before = buckets.get(source) ?? { tokens: perMinute, at: now };
    const tokens = Math.min(perMinute, before.tokens + ((now - before.at) / 60_000) * perMinute);
    const bucket = { tokens, at: now };
    // put back at the end: a Map keeps the order of insertion
    buckets.delete(source);
    buckets.set(source, bucket);
    if (buckets.size > MOST_SOURCES) {
      const oldest = buckets.keys().next();
      if (oldest.done !== true) buckets.delete(oldest.value);
    }
    return bucket;
  }

  return {
    take(address) {
      const bucket = bucketOf(address);
      if (bucket.tokens < 1) return Math.ceil((1 - bucket.tokens) * (60 / perMinute));
      bucket.tokens -= 1;
      return undefined;
    },
    giveBack(address) {
      const bucket = bucketOf(address);
      bucket.tokens = Math.min(perMinute, bucket.tokens + 1);
    },
  };
}

/** One person commonly has a whole /64 of IPv6, so that is one source. */
function sourceOf(address: string): string {
  if (!isIPv6(address)) return address;
  const canonical = new URL(`http://[${address.replace(/%.*$/, "")}]/`).hostname.slice(1, -1);
  const [head = "", tail] = canonical.split("::", 2);
  const before = head === "" ? [] : head.split(":");
  const missing = tail === undefined ? 0 : 8 - before.length - (tail === "" ? 0 : tail.split(":").length);
  const groups = [...before, ...Array<string>(missing).fill("0"), ...(tail ?? "").split(":")];
  return groups.slice(0, 4).join(":");
}
