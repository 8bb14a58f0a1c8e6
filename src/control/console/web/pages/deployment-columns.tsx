import { Link } from "@tanstack/react-router";
import type { Component, Deployment } from "#api";
import { useNow } from "../parts/clock.tsx";
import { Mark } from "../parts/outcome.tsx";
import type { Column } from "../parts/table.tsx";
import { Time } from "../parts/time.tsx";
import { rankOf, shownCondition, shownNode, viewAge } from "../text/deployment.ts";
import { lasted } from "../text/time.ts";

/** What tells a component from all others, also in the URL. */
export function keyOf({ role, name }: Pick<Component, "role" | "name">): string {
  return `${role}:${name}`;
}

/** The columns of the gateways or of the agents. */
export function componentColumns(role: Component["role"]): readonly Column<Component>[] {
  return [
    {
      key: "name",
      card: "head",
      head: "Name",
      sort: ({ name }) => name,
      cell: (component) => (
        <Link
          className="row-link"
          to="/deployment"
          search={(former) => ({ ...former, add: undefined, open: keyOf(component) })}
          resetScroll={false}
        >
          {component.name}
        </Link>
      ),
    },
    {
      key: "condition",
      card: "head",
      head: "State",
      width: "10.5rem",
      sort: rankOf,
      cell: (component) => <Mark {...shownCondition(component)} />,
    },
    {
      key: "view",
      head: "View age",
      width: "9.5rem",
      sort: ({ viewAgeSeconds = -1 }) => viewAgeSeconds,
      cell: (component) => viewAge(component),
    },
    ...(role === "gateway" ? [OPEN] : []),
    {
      key: "certificate",
      head: "Certificate",
      width: "9rem",
      sort: ({ certificate }) => certificate?.notAfter ?? Number.MAX_SAFE_INTEGER,
      cell: (component) => <Certificate component={component} />,
    },
    { key: "control", head: "Control", width: "8rem", extra: true, cell: ({ node }) => node },
    { key: "version", head: "Version", width: "6rem", extra: true, cell: ({ version }) => version },
  ];
}

const OPEN: Column<Component> = {
  key: "open",
  head: "Open",
  width: "5rem",
  align: "end",
  extra: true,
  sort: ({ liveConnections = 0 }) => liveConnections,
  cell: ({ connectedSince, liveConnections }) =>
    connectedSince === undefined ? undefined : liveConnections?.toLocaleString("en"),
};

/** Until when its certificate is good; those beside control need none. */
export function Certificate({
  component: { state, certificate },
}: {
  readonly component: Pick<Component, "state" | "certificate">;
}) {
  const now = useNow();
  if (state === "local") return <span className="muted">none needed</span>;
  if (certificate === undefined) return <span className="muted">none</span>;
  return (
    <span>
      {certificate.notAfter > now ? "ends" : "ended"} <Time at={certificate.notAfter} />
    </span>
  );
}

type Node = Deployment["controls"][number];

export const NODES: readonly Column<Node>[] = [
  {
    key: "name",
    card: "head",
    head: "Name",
    cell: ({ name, self }) => (
      <span>
        {name}
        {self && <span className="muted"> (this one)</span>}
      </span>
    ),
  },
  {
    key: "state",
    card: "head",
    head: "State",
    width: "10.5rem",
    cell: (node) => <Mark {...shownNode(node)} />,
  },
  { key: "since", head: "Since", width: "9.5rem", cell: (node) => <Since node={node} /> },
  { key: "number", head: "Change", width: "5rem", align: "end", extra: true, cell: ({ number }) => number },
  {
    key: "link",
    head: "Reached at",
    cell: ({ url }) =>
      url === undefined ? <span className="muted">this machine alone</span> : <span title={url}>{url}</span>,
  },
  { key: "version", head: "Version", width: "6rem", extra: true, cell: ({ version }) => version },
];

function Since({ node: { live, startedAt, lastSeenAt } }: { readonly node: Node }) {
  const now = useNow();
  return live ? lasted(now - startedAt) : <Time at={lastSeenAt} />;
}
