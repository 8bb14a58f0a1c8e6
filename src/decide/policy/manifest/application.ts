import { isMap, isNode, isSeq, type Node } from "yaml";
import { LABEL_NAME } from "../facts/table.ts";
import type { Place } from "../findings.ts";
import { type Application, CLASSIFICATIONS, type Classification } from "../types.ts";
import { placeOf } from "./document.ts";
import {
  mapping,
  numberBetween,
  oneOf,
  type Reader,
  type Reading,
  sequence,
  text,
  texts,
  truth,
} from "./fields.ts";
import { checkUpstream, isInsecure, type Wrong } from "./upstream.ts";

/** `kind: Application`: something that Postern stands in front of. */

/** Hosts that are Postern's own. */
const RESERVED: readonly string[] = ["login", "console", "postern", "enrol"];
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const METHODS = ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "CONNECT"] as const;

/** A label of a host name (RFC 1123 §2.1) that is not Postern's own. */
export function checkHostLabel(value: string): Wrong | undefined {
  if (RESERVED.includes(value)) return [`is ${value}, which is Postern's own`, "choose another name"];
  if (LABEL.test(value)) return undefined;
  const lower = value
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 63);
  const hint = "lower-case letters, digits and -, at most 63";
  return [
    "is no single label of a host name",
    LABEL.test(lower) && !RESERVED.includes(lower) ? `${hint}: ${lower}` : hint,
  ];
}

/** A path prefix that every server reads alike: no percent-encoding, no `//`, no dots as a segment, no parameters. */
function checkPathPrefix(value: string): Wrong | undefined {
  if (!value.startsWith("/")) return ["does not begin with /", `write /${value}`];
  if (/[%;\\?#]/.test(value)) return ["holds one of % ; \\ ? #, which servers read in different ways"];
  if (!/^[A-Za-z0-9/._~!$&'()*+,=:@-]*$/.test(value)) return ["holds characters that no path has"];
  if (value.includes("//") || value.split("/").some((segment) => segment === "." || segment === ".."))
    return ["has an empty or dotted segment, which servers read in different ways"];
  return undefined;
}

function checkApplicationPrefix(value: string): Wrong | undefined {
  if (/^\/\.postern(?:\/|$)/i.test(value)) return ["is /.postern, which is Postern's own"];
  return checkPathPrefix(value);
}

function checkActionName(value: string): Wrong | undefined {
  return /^[a-z][a-z0-9_-]{0,62}$/.test(value)
    ? undefined
    : ["is no name of an action", "lower-case letters, digits, - and _, such as deploy"];
}

/** Names of gateways are one label of a host name each, as `postern gateway token` takes them. */
function checkGatewayName(value: string): Wrong | undefined {
  return LABEL.test(value)
    ? undefined
    : ["is no name of a gateway", "lower-case letters, digits and -, at most 63"];
}

interface Action {
  readonly name: string;
  readonly methods: readonly string[];
  readonly pathPrefix: string;
}

interface Spec {
  readonly title?: string;
  readonly description?: string;
  readonly upstream: string;
  readonly insecureUpstream?: boolean;
  readonly host?: string;
  readonly pathPrefix?: string;
  readonly classification: Classification;
  readonly env?: string;
  readonly sensitivityScore?: number;
  readonly labels?: { readonly [name: string]: string };
  readonly explain?: "conditions" | "full";
  readonly actions?: readonly Action[];
  readonly gateways?: readonly string[];
}

const anything = (): undefined => undefined;

const readAction: Reader<Action> = (node, path, reading) => {
  const action = mapping<Action>({
    name: { read: text(checkActionName), required: true },
    methods: { read: sequence(oneOf(METHODS), METHODS.length), required: true },
    pathPrefix: { read: text(checkPathPrefix) },
  })(node, path, reading);
  if (action?.name === undefined || action.methods === undefined) return undefined;
  if (action.methods.length === 0) {
    reading.findings.error(
      "manifest.bad_value",
      placeOf(node, reading.source),
      `${path}.methods is empty, so that nothing is this action`,
    );
    return undefined;
  }
  return { name: action.name, methods: action.methods, pathPrefix: action.pathPrefix ?? "/" };
};

const readNames = sequence(text(checkGatewayName), 100);

const readGateways: Reader<readonly string[]> = (node, path, reading) => {
  const names = readNames(node, path, reading);
  if (names === undefined) return undefined;
  if (isSeq(node) && node.items.length === 0) {
    reading.findings.error(
      "manifest.bad_value",
      placeOf(node, reading.source),
      `${path} is empty, so that no gateway has this application`,
      "leave it out for all gateways",
    );
    return undefined;
  }
  return names;
};

const readSpec = mapping<Spec>({
  title: { read: text(anything) },
  description: { read: text(anything, { most: 1_000, lines: true }) },
  upstream: { read: text(checkUpstream), required: true },
  insecureUpstream: { read: truth },
  host: { read: text(checkHostLabel) },
  pathPrefix: { read: text(checkApplicationPrefix) },
  classification: { read: oneOf(CLASSIFICATIONS), required: true },
  env: { read: text(anything) },
  sensitivityScore: { read: numberBetween(0, 100) },
  labels: { read: texts(LABEL_NAME, text(anything)) },
  explain: { read: oneOf(["conditions", "full"] as const) },
  actions: { read: sequence(readAction, 100) },
  gateways: { read: readGateways },
});

/** Reads the `spec` of an application, complete with defaults; undefined when something that it needs is missing or wrong. */
export function readApplication(
  node: Node,
  name: string,
  source: string,
  reading: Reading,
): Application | undefined {
  const spec = readSpec(node, "spec", reading);
  if (spec?.upstream === undefined || spec.classification === undefined) return undefined;
  const { upstream, insecureUpstream, title, host, pathPrefix, labels, explain, actions, ...rest } = spec;
  if (isInsecure(upstream) && insecureUpstream !== true) {
    reading.findings.error(
      "manifest.insecure_upstream",
      upstreamPlace(node, reading),
      `spec.upstream ${upstream} is plain http to another machine: whoever is on the way can read and change it`,
      "use https, or write insecureUpstream: true if the way is protected otherwise",
    );
    return undefined;
  }
  return {
    ...rest,
    classification: spec.classification,
    name,
    title: title ?? name,
    upstream,
    host: host ?? name,
    pathPrefix: pathPrefix === undefined ? "/" : withoutSlash(pathPrefix),
    labels: labels ?? {},
    explain: explain ?? "conditions",
    actions: actions ?? [],
    source,
  };
}

/** `/docs/` and `/docs` are the same place. */
function withoutSlash(prefix: string): string {
  return prefix.length > 1 && prefix.endsWith("/") ? prefix.slice(0, -1) : prefix;
}

function upstreamPlace(spec: Node, reading: Reading): Place {
  const upstream: unknown = isMap(spec) ? spec.get("upstream", true) : undefined;
  return placeOf(isNode(upstream) ? upstream : spec, reading.source);
}
