/** UUIDs (RFC 9562), and random values that are derived from the evaluation's seed. */
import { createHash } from "node:crypto";
import { RefusedError } from "../errors.ts";
import { integer, integerOf, objectOf, type Value } from "../values/index.ts";
import { type Evaluation, failure, type Implementations, numberOperand, stringOperand } from "./builtin.ts";

const FORMS = [
  /^(?:urn:uuid:)?([0-9a-f]{8})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{12})$/i,
  /^\{([0-9a-f]{8})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{12})\}$/i,
  /^([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})$/i,
];

/** Hundreds of nanoseconds from 1582-10-15 to the Unix epoch. */
const GREGORIAN = 122_192_928_000_000_000n;
const DOMAINS = ["Person", "Group", "Org"];

function variantOf(octet: number): string {
  if ((octet & 0xc0) === 0x80) return "RFC4122";
  if ((octet & 0xe0) === 0xc0) return "Microsoft";
  return (octet & 0xe0) === 0xe0 ? "Future" : "Reserved";
}

function parse(text: string): Value | undefined {
  const match = FORMS.map((form) => form.exec(text)).find((found) => found !== null);
  if (match === null || match === undefined) return undefined;
  const [low, middle, high, clock] = match.slice(1, 5).map((part) => Number.parseInt(part, 16)) as [
    number,
    number,
    number,
    number,
  ];
  const node = match[5] as string;
  const version = high >> 12;
  const members: [string, Value][] = [
    ["version", version],
    ["variant", variantOf(clock >> 8)],
  ];
  if (version === 1 || version === 2) {
    const octets = node.toLowerCase().match(/../g) as string[];
    const first = Number.parseInt(octets[0] as string, 16);
    const ticks = (BigInt(high & 0xfff) << 48n) | (BigInt(middle) << 32n) | BigInt(low);
    members.push(
      ["nodeid", octets.join("-")],
      [
        "macvariables",
        `${(first & 2) === 2 ? "local" : "global"}:${(first & 1) === 1 ? "multicast" : "unicast"}`,
      ],
      ["clocksequence", clock & 0x3fff],
      ["time", integer((ticks - GREGORIAN) * 100n)],
    );
    if (version === 2) {
      const domain = clock & 0xff;
      members.push(["id", low], ["domain", DOMAINS[domain] ?? `Domain${domain}`]);
    }
  }
  return objectOf(members);
}

/** So many bytes for a built-in and what it is asked by: the same within one evaluation, and for one seed. */
function derived({ seed }: Evaluation, builtin: string, key: string): Buffer {
  if (seed === undefined) throw new RefusedError(`${builtin}: nothing random is allowed here`, "chance");
  return createHash("sha256")
    .update(JSON.stringify([seed, `${builtin} ${key}`]))
    .digest();
}

export const UUID: Implementations = {
  "uuid.parse": (_, value) => parse(stringOperand("uuid.parse", 1, value)),
  "uuid.rfc4122": (evaluation, key) => {
    const bytes = derived(evaluation, "uuid.rfc4122", stringOperand("uuid.rfc4122", 1, key));
    bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x40, 6);
    bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
    return bytes.toString("hex", 0, 16).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  },
  "rand.intn": (evaluation, key, limit) => {
    const name = stringOperand("rand.intn", 1, key);
    const size = integerOf(numberOperand("rand.intn", 2, limit));
    if (size === undefined)
      throw failure("rand.intn", "operand 2 must be integer number but got floating-point number");
    if (size === 0n) return 0;
    const positive = size < 0n ? -size : size;
    return integer(
      BigInt(`0x${derived(evaluation, "rand.intn", `${name} ${positive}`).toString("hex")}`) % positive,
    );
  },
};
