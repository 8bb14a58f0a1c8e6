/** IP addresses and prefixes as numbers, read as Go's net package reads them (RFC 4632, RFC 4291). */

export interface Address {
  /** 32 or 128. An IPv4 address written as IPv6 (`::ffff:10.0.0.1`) is one of 32. */
  readonly bits: 32 | 128;
  readonly value: bigint;
}

export interface Prefix extends Address {
  readonly length: number;
  /** The address as written, before its host bits were cleared. */
  readonly host: bigint;
}

function ipv4(text: string): bigint | undefined {
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  let value = 0n;
  for (const part of parts) {
    if (!/^(?:0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined;
    value = (value << 8n) | BigInt(part);
  }
  return value;
}

function ipv6(text: string): bigint | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const groups = (half: string): bigint[] | undefined => {
    if (half === "") return [];
    const found: bigint[] = [];
    const parts = half.split(":");
    for (const [index, part] of parts.entries()) {
      if (part.includes(".")) {
        const embedded = index === parts.length - 1 ? ipv4(part) : undefined;
        if (embedded === undefined) return undefined;
        found.push(embedded >> 16n, embedded & 0xffffn);
      } else if (/^[0-9a-fA-F]{1,4}$/.test(part)) found.push(BigInt(`0x${part}`));
      else return undefined;
    }
    return found;
  };
  const [head, tail] = [groups(halves[0] as string), halves[1] === undefined ? [] : groups(halves[1])];
  if (head === undefined || tail === undefined) return undefined;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  return [...head, ...Array<bigint>(missing).fill(0n), ...tail].reduce(
    (value, group) => (value << 16n) | group,
    0n,
  );
}

const MAPPED = 0xffffn;

/** An address, or undefined for a text that is none. */
export function parseAddress(text: string): Address | undefined {
  const four = ipv4(text);
  if (four !== undefined) return { bits: 32, value: four };
  const six = text.includes(":") ? ipv6(text) : undefined;
  if (six === undefined) return undefined;
  return six >> 32n === MAPPED ? { bits: 32, value: six & 0xffffffffn } : { bits: 128, value: six };
}

/** An address with the length of its prefix, host bits cleared, or undefined for a text that is none. */
export function parsePrefix(text: string): Prefix | undefined {
  const slash = text.indexOf("/");
  if (slash < 0 || !/^(?:0|[1-9]\d{0,2})$/.test(text.slice(slash + 1))) return undefined;
  const written = text.slice(0, slash);
  const length = Number(text.slice(slash + 1));
  const four = ipv4(written);
  if (four !== undefined) return length > 32 ? undefined : prefixOf(32, four, length);
  const six = written.includes(":") ? ipv6(written) : undefined;
  if (six === undefined || length > 128) return undefined;
  return six >> 32n === MAPPED && length >= 96
    ? prefixOf(32, six & 0xffffffffn, length - 96)
    : prefixOf(128, six, length);
}

export function prefixOf(bits: 32 | 128, host: bigint, length: number): Prefix {
  const free = BigInt(bits - length);
  return { bits, value: (host >> free) << free, length, host };
}

/** The highest address of a prefix. */
export function lastOf(prefix: Prefix): bigint {
  return prefix.value | ((1n << BigInt(prefix.bits - prefix.length)) - 1n);
}

export function contains(prefix: Prefix, address: Address): boolean {
  return prefix.bits === address.bits && address.value >= prefix.value && address.value <= lastOf(prefix);
}

export function addressText({ bits, value }: Address): string {
  if (bits === 32) return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 0xffn).join(".");
  const groups = Array.from({ length: 8 }, (_, index) =>
    Number((value >> BigInt(112 - index * 16)) & 0xffffn),
  );
  // The longest run of zeros, the first of equals, if it is longer than one group (RFC 5952 §4.2).
  let best = { start: -1, length: 1 };
  for (let start = 0; start < 8; start++) {
    let length = 0;
    while (start + length < 8 && groups[start + length] === 0) length++;
    if (length > best.length) best = { start, length };
  }
  const hexadecimal = groups.map((group) => group.toString(16));
  if (best.start < 0) return hexadecimal.join(":");
  return `${hexadecimal.slice(0, best.start).join(":")}::${hexadecimal.slice(best.start + best.length).join(":")}`;
}
