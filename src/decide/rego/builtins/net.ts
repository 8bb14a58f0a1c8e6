/** Networks (OPA policy reference, "Net"). */
import { isArray, isObject, isSet, RegoSet, sortedEntries, type Value } from "../values/index.ts";
import {
  type Address,
  addressText,
  contains,
  lastOf,
  type Prefix,
  parseAddress,
  parsePrefix,
  prefixOf,
} from "./address.ts";
import { type Evaluation, failure, type Implementations, stringOperand } from "./builtin.ts";

function prefixOperand(name: string, position: number, value: Value): Prefix {
  const text = stringOperand(name, position, value);
  const prefix = parsePrefix(text);
  if (prefix === undefined) throw failure(name, `invalid CIDR address: ${text}`);
  return prefix;
}

/** Whether a prefix holds an address, or another prefix whole. */
function holds(name: string, prefix: Prefix, text: string): boolean {
  const address = parseAddress(text);
  if (address !== undefined) return contains(prefix, address);
  const other = parsePrefix(text);
  if (other === undefined)
    throw failure(name, `not a valid textual representation of an IP address or CIDR: ${text}`);
  return contains(prefix, other) && contains(prefix, { bits: other.bits, value: lastOf(other) });
}

/** Texts with the keys that results name them by: a text by itself, items by their index or key, members by themselves. */
function keyed(name: string, position: number, value: Value): readonly (readonly [Value, string])[] {
  const item = (found: Value): string => {
    const text = isArray(found) ? found[0] : found;
    if (typeof text !== "string")
      throw failure(name, `operand ${position}: element must be string or non-empty array`);
    return text;
  };
  if (typeof value === "string") return [[value, value]];
  if (isArray(value)) return value.map((found, index) => [index, item(found)]);
  if (isSet(value)) return value.sorted().map((found) => [found, item(found)]);
  if (isObject(value)) return sortedEntries(value).map(([key, found]) => [key, item(found)]);
  // A scalar has nothing to go through.
  return [];
}

/** A run of addresses, all as 128 bits: an IPv4 address is `::ffff:a.b.c.d`. */
interface Block {
  first: bigint;
  last: bigint;
  /** As it was given, while nothing was merged into it. */
  text: string | undefined;
}

const MAPPED = 0xffffn << 32n;

function wide(address: Address): bigint {
  return address.bits === 32 ? MAPPED | address.value : address.value;
}

function blockOf(text: string): Block {
  const prefix = parsePrefix(text);
  if (prefix !== undefined)
    return {
      first: wide(prefix),
      last: wide({ bits: prefix.bits, value: lastOf(prefix) }),
      text: `${addressText(prefix)}/${prefix.length}`,
    };
  const address = parseAddress(text);
  if (address === undefined) throw failure("net.cidr_merge", `invalid CIDR address: ${text}`);
  if (address.bits === 128) throw failure("net.cidr_merge", "IPv6 invalid: needs prefix length");
  // The mask that an IPv4 address had by its class (Go's DefaultMask).
  const top = Number(address.value >> 24n);
  const length = top < 128 ? 8 : top < 192 ? 16 : 24;
  const network = prefixOf(32, address.value, length);
  return {
    first: wide(address),
    last: wide({ bits: 32, value: lastOf(network) }),
    text: `${addressText(address)}/${length}`,
  };
}

function merge(evaluation: Evaluation, texts: readonly string[]): RegoSet {
  const blocks = texts.map(blockOf);
  const order = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0);
  blocks.sort((a, b) => order(a.last, b.last) || order(a.first, b.first));
  for (let at = blocks.length - 1; at > 0; at--) {
    evaluation.charge(1);
    const block = blocks[at] as Block;
    const before = blocks[at - 1] as Block;
    if (before.last + 1n < block.first) continue;
    before.last = block.last;
    if (block.first < before.first) before.first = block.first;
    before.text = undefined;
    blocks.splice(at, 1);
  }
  return RegoSet.of(blocks.flatMap((block) => (block.text === undefined ? prefixesOf(block) : [block.text])));
}

/** The fewest prefixes that make up a run of addresses. */
function prefixesOf({ first, last }: Block): readonly string[] {
  const isMapped = first >> 32n === 0xffffn && last >> 32n === 0xffffn;
  const bits = isMapped ? 32 : 128;
  const end = isMapped ? last & 0xffffffffn : last;
  const found: string[] = [];
  let at = isMapped ? first & 0xffffffffn : first;
  while (at <= end) {
    let length: number = bits;
    while (length > 0) {
      const wider = prefixOf(bits, at, length - 1);
      if (wider.value !== at || lastOf(wider) > end) break;
      length--;
    }
    found.push(`${addressText({ bits, value: at })}/${length}`);
    at += 1n << BigInt(bits - length);
  }
  return found;
}

function contained(name: string): (_: Evaluation, a: Value, b: Value) => Value {
  return (_, a, b) => holds(name, prefixOperand(name, 1, a), stringOperand(name, 2, b));
}

export const NET: Implementations = {
  "net.cidr_contains": contained("net.cidr_contains"),
  "net.cidr_overlap": contained("net.cidr_overlap"),
  "net.cidr_contains_matches": (evaluation, a, b) => {
    const name = "net.cidr_contains_matches";
    const found = new RegoSet();
    // Each is read when its turn comes: what no other is held against may be anything.
    for (const [key, text] of keyed(name, 1, a))
      for (const [otherKey, other] of keyed(name, 2, b)) {
        evaluation.charge(1);
        if (holds(name, prefixOperand(name, 1, text), other)) found.add([key, otherKey]);
      }
    return found;
  },
  "net.cidr_expand": (evaluation, value) => {
    const prefix = prefixOperand("net.cidr_expand", 1, value);
    const found = new RegoSet();
    const last = lastOf(prefix);
    for (let at = prefix.value; at <= last; at++) {
      evaluation.charge(1);
      found.add(addressText({ bits: prefix.bits, value: at } satisfies Address));
    }
    return found;
  },
  "net.cidr_intersects": (_, a, b) => {
    const left = prefixOperand("net.cidr_intersects", 1, a);
    const right = prefixOperand("net.cidr_intersects", 2, b);
    return contains(left, right) || contains(right, left);
  },
  "net.cidr_is_valid": (_, value) => typeof value === "string" && parsePrefix(value) !== undefined,
  "net.cidr_merge": (evaluation, value) => {
    if (!isArray(value) && !isSet(value)) throw failure("net.cidr_merge", "operand must be an array");
    const texts = (isSet(value) ? value.sorted() : value).map((item) => {
      if (typeof item !== "string") throw failure("net.cidr_merge", "element must be string");
      return item;
    });
    return merge(evaluation, texts);
  },
  "net.lookup_ip_addr": (evaluation, value) => {
    const name = stringOperand("net.lookup_ip_addr", 1, value);
    const literal = parseAddress(name);
    if (literal !== undefined) return RegoSet.of([addressText(literal)]);
    if (evaluation.world === undefined) throw failure("net.lookup_ip_addr", "no network is allowed here");
    const memo = evaluation.memo("net.lookup_ip_addr");
    let found = memo.get(name);
    if (found === undefined) {
      found = RegoSet.of(evaluation.world.lookup(name));
      memo.set(name, found);
    }
    return found;
  },
};
