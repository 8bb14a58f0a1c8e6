import { isIPv4 } from "node:net";
import { Extension } from "@peculiar/x509";
import { addressBytes } from "./address.ts";

/** RFC 5280 §4.2.1.10. */
const NAME_CONSTRAINTS = "2.5.29.30";

const SEQUENCE = 0x30;
const PERMITTED_SUBTREES = 0xa0;
/** GeneralName, RFC 5280 §4.2.1.6: `[2] dNSName`, `[6] uniformResourceIdentifier`, `[7] iPAddress`. */
const DNS_NAME = 0x82;
const URI = 0x86;
const IP_ADDRESS = 0x87;

/** What an authority may vouch for. */
export interface Permitted {
  /** Each takes in everything below it. */
  readonly domains?: readonly string[];
  readonly addresses?: readonly string[];
  /** Hosts of URIs, each for itself alone. Absent leaves URIs unconstrained. */
  readonly uriHosts?: readonly string[];
}

/** Says for which names and addresses an authority may vouch. */
export function nameConstraints({ domains = [], addresses = [], uriHosts = [] }: Permitted): Extension {
  const bases = [
    // an authority without a name among its hosts could otherwise vouch for every name
    ...(domains.length === 0 ? ["invalid"] : domains).map((domain) =>
      der(DNS_NAME, Buffer.from(domain, "ascii")),
    ),
    // an authority with no address among its names could otherwise vouch for every address
    ...(addresses.length === 0 ? ["255.255.255.255"] : addresses).map((address) => {
      const bytes = addressBytes(address);
      return der(IP_ADDRESS, Buffer.concat([bytes, Buffer.alloc(isIPv4(address) ? 4 : 16, 0xff)]));
    }),
    ...uriHosts.map((host) => der(URI, Buffer.from(host, "ascii"))),
  ];
  const subtrees = Buffer.concat(bases.map((base) => der(SEQUENCE, base)));
  return new Extension(NAME_CONSTRAINTS, true, der(SEQUENCE, der(PERMITTED_SUBTREES, subtrees)));
}

/** One element in DER (X.690 §8.1): tag, length, contents. */
function der(tag: number, contents: Uint8Array): Buffer<ArrayBuffer> {
  const length: number[] = [];
  for (let rest = contents.length; rest > 0; rest = Math.floor(rest / 256)) length.unshift(rest % 256);
  const header = contents.length < 0x80 ? [tag, contents.length] : [tag, 0x80 | length.length, ...length];
  return Buffer.concat([Buffer.from(header), contents]);
}
