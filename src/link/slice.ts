/**
 * What of the state an enforcement point gets. A gateway: its own applications, with the ports of those and the right of
 * cookies to their hosts, and all people and sessions, since any of them may come to it. An agent: how to reach control and whom to
 * trust. Of kinds that are not named here nobody gets anything.
 */
import { isOn, type Placement, type PolicyFile, readPlacement, type SourceFile } from "#policy";
import type { EntityChange, EntityKind, InstanceState, PolicyState, PortState } from "./messages.ts";
import type { LinkPeer } from "./peer.ts";

/** What decides which of the others a gateway gets. */
export const BASIS_KINDS: readonly EntityKind[] = ["instance", "policy", "port"];

const GETS: { readonly [R in LinkPeer["role"]]: ReadonlySet<string> } = {
  gateway: new Set<EntityKind>(["user", "session", "entry", "authority", "control", "device", "grant"]),
  agent: new Set<EntityKind>(["instance", "authority", "control"]),
};

/** The part of a state that decides how it is cut. */
export interface Basis {
  readonly instance?: InstanceState;
  readonly policy?: PolicyState;
  readonly ports: ReadonlyMap<string, PortState>;
}

export const EMPTY_BASIS: Basis = { ports: new Map() };

/** Reads where applications are, once for each policy set however many ask. */
export type Placements = (policy: PolicyState) => Placement;

/** The state of one peer, as far as what it gets next depends on it. */
export interface Slice {
  /** Entities of the basis as the peer holds them. */
  basis(): readonly EntityChange[];
  /** Those of other kinds that the peer gets. */
  others(changes: readonly EntityChange[]): readonly EntityChange[];
  /** What a change of the whole is to the peer, and its slice from then on; undefined when it has to be given all anew. */
  next(
    changes: readonly EntityChange[],
  ): { readonly changes: readonly EntityChange[]; readonly slice: Slice } | undefined;
}

/** The slice of a peer of a state with this basis. */
export function sliceOf(peer: LinkPeer, basis: Basis, placements: Placements): Slice {
  return peer.role === "gateway" ? gatewaySlice(peer.name, basis, placements) : AGENT_SLICE;
}

/** Whether a change may alter how other entities are cut. */
export function touchesBasis(changes: readonly EntityChange[]): boolean {
  return changes.some(({ kind }) => BASIS_KINDS.includes(kind));
}

/** The basis after changes. */
export function foldBasis(basis: Basis, changes: readonly EntityChange[]): Basis {
  let { instance, policy } = basis;
  const ports = new Map(basis.ports);
  for (const change of changes) {
    if (change.kind === "instance") instance = change.value ?? undefined;
    else if (change.kind === "policy") policy = change.value ?? undefined;
    else if (change.kind === "port") {
      if (change.value === null) ports.delete(change.key);
      else ports.set(change.key, change.value);
    }
  }
  return {
    ...(instance === undefined ? {} : { instance }),
    ...(policy === undefined ? {} : { policy }),
    ports,
  };
}

const AGENT_SLICE: Slice = {
  basis: () => [],
  others: (changes) => changes.filter((change) => GETS.agent.has(change.kind)),
  next: (changes) => ({ changes: AGENT_SLICE.others(changes), slice: AGENT_SLICE }),
};

function gatewaySlice(name: string, basis: Basis, placements: Placements): GatewaySlice {
  const { instance, policy, ports } = basis;
  const placement = policy === undefined ? undefined : placements(policy);
  const hidden = whatIsHidden(name, basis, placement);

  function cut(change: EntityChange): readonly EntityChange[] {
    if (change.kind === "port") return hidden.application(change.key) ? [] : [change];
    if (change.kind !== "policy" || change.value === null || placement === undefined) return [change];
    return [{ ...change, value: { ...change.value, files: placement.cut(name) } }];
  }

  return {
    hidden,
    cut,
    basis: () =>
      [
        ...(instance === undefined ? [] : [{ kind: "instance", key: "instance", value: instance } as const]),
        ...(policy === undefined ? [] : [{ kind: "policy", key: "active", value: policy } as const]),
        ...[...ports].map(([key, value]) => ({ kind: "port", key, value }) as const),
      ].flatMap(cut),
    others: (changes) =>
      changes.filter((change) => GETS.gateway.has(change.kind) && !isHidden(hidden, change)),
    next(changes) {
      if (!touchesBasis(changes)) return { changes: this.others(changes), slice: this };
      const after = gatewaySlice(name, foldBasis(basis, changes), placements);
      if (after.hidden.list !== hidden.list) return undefined;
      const policies = changes.filter(({ kind }) => kind === "policy");
      const cuts = changes.flatMap((change) => {
        if (!BASIS_KINDS.includes(change.kind)) return after.others([change]);
        // only the last one is cut as it is to be, and only that one counts
        return change.kind === "policy" && change !== policies.at(-1) ? [] : after.cut(change);
      });
      return { changes: cuts, slice: after };
    },
  };
}

interface GatewaySlice extends Slice {
  readonly hidden: Hidden;
  /** A change of the basis as the gateway gets it. */
  cut(change: EntityChange): readonly EntityChange[];
}

/** What a gateway is not to know of. */
interface Hidden {
  /** Whether all applications of a host are on other gateways. */
  host(host: string): boolean;
  application(name: string): boolean;
  /** Two that hide the same are equal in this. */
  readonly list: string;
}

/** An entry keeps its host and a grant its application, so that nothing that a peer holds becomes hidden by itself. */
function isHidden(hidden: Hidden, { kind, value }: EntityChange): boolean {
  if (value === null) return false;
  if (kind === "entry") return hidden.host(value.host);
  return kind === "grant" && value.application !== undefined && hidden.application(value.application);
}

function whatIsHidden(gateway: string, { instance, ports }: Basis, placement: Placement | undefined): Hidden {
  const applications = [...(placement?.applications.values() ?? [])];
  const elsewhere = applications.filter((one) => !isOn(one, gateway));
  const names = new Set(elsewhere.map(({ name }) => name));
  const application = (name: string): boolean => names.has(name);
  // whose hosts are not known is not known either
  if (instance === undefined) return { host: () => true, application, list: "all" };
  const hosts = new Set<string>();
  if (instance.hostStyle === "port") {
    for (const { name } of elsewhere) {
      hosts.add(name);
      const port = ports.get(name);
      if (port !== undefined) hosts.add(`localhost:${port.port}`);
    }
  } else {
    const own = new Set(applications.filter((one) => isOn(one, gateway)).map(({ host }) => host));
    for (const { host } of elsewhere) if (!own.has(host)) hosts.add(`${host}.${instance.domain}`);
  }
  return {
    application,
    // an address may carry the port of the instance
    host: (host) => hosts.has(instance.hostStyle === "port" ? host : (host.split(":", 1)[0] ?? "")),
    list: JSON.stringify([[...names].sort(), [...hosts].sort()]),
  };
}

/** How many policy sets are remembered: the active one, and those that were before it for whoever is behind. */
const REMEMBERED = 4;

/** @returns what reads where the applications of a set are, and remembers it */
export function rememberPlacements(): Placements {
  const known = new Map<string, Placement>();
  return ({ version, files }) => {
    let placement = known.get(version);
    if (placement === undefined) placement = readPlacement(files.filter(isWhole));
    known.delete(version);
    known.set(version, placement);
    for (const oldest of known.keys()) {
      if (known.size <= REMEMBERED) break;
      known.delete(oldest);
    }
    return placement;
  };
}

function isWhole(file: PolicyFile): file is SourceFile {
  return "text" in file;
}
