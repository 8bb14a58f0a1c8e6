import { isIPv4 } from "node:net";

/** The bytes of an IP address in network order: 4 or 16. Takes only what `net.isIP` takes, without a zone. */
export function addressBytes(address: string): Buffer<ArrayBuffer> {
  if (isIPv4(address)) return Buffer.from(address.split(".").map(Number));
  // the URL parser writes every form of IPv6 in the one of RFC 5952, without dotted decimals
  const canonical = new URL(`http://[${address}]/`).hostname.slice(1, -1);
  const [head = "", tail] = canonical.split("::", 2);
  const before = head === "" ? [] : head.split(":");
  const after = tail === undefined || tail === "" ? [] : tail.split(":");
  const gap = Array<string>(8 - before.length - after.length).fill("0");
  const groups = [...before, ...gap, ...after].map((group) => Number.parseInt(group, 16));
  return Buffer.from(groups.flatMap((group) => [group >> 8, group & 0xff]));
}
