import { isMap, isScalar, type Node } from "yaml";
import { nearest } from "#kernel";
import { isTimeZone } from "../facts/time-zone.ts";
import type { Findings } from "../findings.ts";
import { partStarts } from "../parts.ts";
import type { Application, SourceFile } from "../types.ts";
import { checkHostLabel, readApplication } from "./application.ts";
import { type ManifestDocument, placeOf, readDocuments } from "./document.ts";
import { mapping, type Reader, type Reading, text } from "./fields.ts";

const API_VERSION = "postern.dev/v1";
const KINDS = ["Application", "PolicySet"] as const;

/** What all manifests of a set say together. */
export interface Manifests {
  readonly applications: ReadonlyMap<string, Application>;
  readonly timeZone?: string;
  /** There is a PolicySet, but it is wrong. */
  readonly timeZoneUnreadable: boolean;
}

interface Envelope {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name?: string };
  readonly spec: Node;
}

const asIs: Reader<Node> = (node) => node;
const anyText = text(() => undefined);
const readPolicySetSpec = mapping<{ readonly timeZone: string }>({
  timeZone: { read: text(checkTimeZone), required: true },
});

const readEnvelope = mapping<Envelope>({
  apiVersion: { read: anyText, required: true },
  kind: { read: anyText, required: true },
  metadata: {
    read: mapping<{ readonly name: string }>({ name: { read: text(checkHostLabel), required: true } }),
    required: true,
  },
  spec: { read: asIs, required: true },
});

/** Reads all manifest files of a set. */
export function readManifests(files: readonly SourceFile[], findings: Findings): Manifests {
  const applications = new Map<string, Application>();
  const addresses = new Map<string, Application>();
  const policySets: { readonly source: string; readonly timeZone?: string }[] = [];
  for (const file of files) {
    if (findings.full) break;
    const documents = readDocuments(file, findings);
    const placed = documents.filter((document) => readDocument(document)?.gateways !== undefined);
    for (const document of placed) checkAlone(document, documents, findings);
  }
  const timeZone = policySets[0]?.timeZone;
  return {
    applications,
    ...(timeZone === undefined ? {} : { timeZone }),
    timeZoneUnreadable: policySets.length > 0 && timeZone === undefined,
  };

  function readDocument({ source, map }: ManifestDocument): Application | undefined {
    const reading: Reading = { source, findings };
    if (!isOurs(map, reading)) return undefined;
    const envelope = readEnvelope(map, "", reading);
    const name = envelope?.metadata?.name;
    const at = `${source.path}:${placeOf(map, source).line}`;
    if (envelope?.kind === "PolicySet") {
      const timeZone =
        envelope.spec === undefined ? undefined : readPolicySetSpec(envelope.spec, "spec", reading)?.timeZone;
      const other = policySets[0];
      if (other !== undefined)
        findings.error(
          "manifest.duplicate",
          namePlace(map, source),
          `a set has one PolicySet, and there is one at ${other.source} already`,
          "give both the same name to replace the other by apply",
        );
      policySets.push({ source: at, ...(timeZone === undefined ? {} : { timeZone }) });
      return undefined;
    }
    if (envelope?.spec === undefined) return undefined;
    const application = readApplication(envelope.spec, name ?? "", at, reading);
    if (name !== undefined && application !== undefined) addApplication(application, namePlace(map, source));
    return application;
  }

  function addApplication(application: Application, at: ReturnType<typeof placeOf>): void {
    const { name, host, pathPrefix, source } = application;
    const twin = applications.get(name);
    const address = `${host} ${pathPrefix}`;
    const neighbour = addresses.get(address);
    if (twin !== undefined)
      findings.error(
        "manifest.duplicate",
        at,
        `application ${name} is there twice`,
        `the other is at ${twin.source}`,
      );
    else if (neighbour !== undefined)
      findings.error(
        "manifest.same_address",
        at,
        `application ${name} has the same host and pathPrefix as ${neighbour.name}`,
        `the other is at ${neighbour.source}; give one of them another host or pathPrefix`,
      );
    else {
      applications.set(name, Object.freeze({ ...application, source }));
      addresses.set(address, application);
    }
  }
}

/** Other gateways are not given this document: whoever is must be able to read all others without it. */
function checkAlone(
  document: ManifestDocument,
  documents: readonly ManifestDocument[],
  findings: Findings,
): void {
  const { source, map } = document;
  const starts = partStarts(source);
  const partOf = (other: ManifestDocument): number => {
    const [at] = other.map.range ?? [0];
    return starts.findLastIndex((start) => start <= at);
  };
  const shared = documents.some((other) => other !== document && partOf(other) === partOf(document));
  if (!shared && !/^%/m.test(source.text)) return;
  findings.error(
    "manifest.shared_document",
    placeOf(map, source),
    "an application with spec.gateways stands in a document of its own, in a file without YAML directives (%)",
    shared ? "write --- between them" : "leave the line out that begins with %",
  );
}

/** Looks at apiVersion and kind first: of a manifest of another kind, every field would be unknown. */
function isOurs(map: Node, { source, findings }: Reading): boolean {
  const apiVersion = scalarAt(map, "apiVersion");
  const kind = scalarAt(map, "kind");
  if (apiVersion !== undefined && apiVersion.value !== API_VERSION) {
    findings.error(
      "manifest.unknown_api_version",
      placeOf(apiVersion.node, source),
      `apiVersion ${JSON.stringify(apiVersion.value)} is not read by this version`,
      `write ${API_VERSION}`,
    );
    return false;
  }
  if (kind !== undefined && !(KINDS as readonly unknown[]).includes(kind.value)) {
    const meant = nearest(String(kind.value), KINDS);
    findings.error(
      "manifest.unknown_kind",
      placeOf(kind.node, source),
      `there is no kind ${JSON.stringify(kind.value)}`,
      meant === undefined ? `kinds: ${KINDS.join(", ")}` : `did you mean ${meant}?`,
    );
    return false;
  }
  return true;
}

function checkTimeZone(value: string): readonly [string, string?] | undefined {
  if (isTimeZone(value)) return undefined;
  const meant = nearest(value, Intl.supportedValuesOf("timeZone"));
  return [
    `${JSON.stringify(value)} is no time zone of the IANA database`,
    meant === undefined ? "such as Europe/Berlin or UTC" : `did you mean ${meant}?`,
  ];
}

/** Kind and name of a document, by which it replaces another; undefined when it says neither. */
export function keyOf({ map }: ManifestDocument): string | undefined {
  const kind = scalarAt(map, "kind")?.value;
  const metadata = isMap(map) ? map.get("metadata", true) : undefined;
  const name = isMap(metadata) ? scalarAt(metadata, "name")?.value : undefined;
  return typeof kind === "string" && typeof name === "string" ? `${kind} ${name}` : undefined;
}

function scalarAt(map: Node, name: string): { readonly node: Node; readonly value: unknown } | undefined {
  const node: unknown = isMap(map) ? map.get(name, true) : undefined;
  return isScalar(node) ? { node, value: node.value } : undefined;
}

function namePlace(map: Node, source: ManifestDocument["source"]): ReturnType<typeof placeOf> {
  const metadata: unknown = isMap(map) ? map.get("metadata", true) : undefined;
  const name = isMap(metadata) ? scalarAt(metadata, "name")?.node : undefined;
  return placeOf(name ?? map, source);
}
