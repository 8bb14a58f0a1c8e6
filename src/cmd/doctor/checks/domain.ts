/** The domain that browsers use: it must lead here, belong to its owner alone, and be safe with the scheme. */
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { type DoctorCheck, type Finding, fine, problem, warning } from "../check.ts";

const LOOKUP_MS = 3_000;
/** Top-level names that are nobody's to buy (RFC 2606, RFC 6762 Appendix G, ICANN's .internal). */
const PRIVATE_TOP = new Set(["test", "internal", "home", "lan", "corp", "local"]);

export const domain: DoctorCheck = {
  name: "domain",
  title: "Domain",
  async examine(patient) {
    const instance = await patient.instance();
    if (instance === undefined || patient.member() !== undefined) return [];
    const { domain: name, scheme, origins } = instance;
    const loopback = name === "localhost" || name.endsWith(".localhost");
    const findings: Finding[] = [];
    if (scheme === "http" && !loopback && instance.hostStyle === "subdomain")
      findings.push(
        problem(
          `browsers are served plain http at ${origins.login}: anybody on the way reads along, and cookies are refused`,
          "serve with TLS: --tls-cert FILE --tls-key FILE",
        ),
      );
    const labels = name.split(".");
    if (labels.length === 1 && name !== "localhost")
      findings.push(
        problem(
          `${name} is a public suffix: browsers keep no cookies apart under it`,
          "use a domain under it",
        ),
      );
    else if (PRIVATE_TOP.has(labels.at(-1) ?? "") && scheme === "https")
      findings.push(
        warning(
          `no public authority certifies names under .${labels.at(-1)}`,
          "use a domain of your own, or make every browser trust yours",
        ),
      );
    return [...findings, ...(await resolution(new URL(origins.login).hostname, loopback))];
  },
};

async function resolution(host: string, loopback: boolean): Promise<Finding[]> {
  if (isIP(host) !== 0) return [];
  const found = await addressesOf(host);
  if (found instanceof Error) {
    // browsers know *.localhost themselves (RFC 6761 §6.3); curl and Safari ask the system
    return loopback
      ? [
          warning(
            `this system does not resolve ${host}; browsers do so by themselves, but not every program`,
            "install libnss-myhostname, or with curl: --resolve HOST:PORT:127.0.0.1",
          ),
        ]
      : [
          problem(
            `${host} does not resolve (${found.message})`,
            `make a DNS record for *.${host.split(".").slice(1).join(".")}`,
          ),
        ];
  }
  const own = found.every((address) => address === "::1" || address.startsWith("127."));
  if (loopback && !own)
    return [
      problem(
        `${host} resolves to ${found.join(", ")}, not to this machine`,
        "see /etc/hosts and the DNS server",
      ),
    ];
  if (!loopback && own)
    return [
      warning(
        `${host} resolves to this machine's loopback only`,
        "make a DNS record that leads to the gateway",
      ),
    ];
  return [fine(`${host} resolves to ${found.join(", ")}`)];
}

async function addressesOf(host: string): Promise<readonly string[] | Error> {
  const late = new Promise<Error>((resolve) => {
    setTimeout(() => resolve(new Error("no answer in time")), LOOKUP_MS).unref();
  });
  const asked = lookup(host, { all: true }).then(
    (found) => found.map(({ address }) => address),
    (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
  );
  return await Promise.race([asked, late]);
}
