import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Component, Overview } from "#api";
import { overviewQuery } from "../api/queries.ts";
import { useNow } from "../parts/clock.tsx";
import { HourlyBars } from "../parts/hourly-bars.tsx";
import { Id } from "../parts/id.tsx";
import { Empty } from "../parts/notice.tsx";
import { Mark } from "../parts/outcome.tsx";
import { Page, Section } from "../parts/page.tsx";
import { Loaded } from "../parts/skeleton.tsx";
import { type Column, Table } from "../parts/table.tsx";
import { Time } from "../parts/time.tsx";
import { lasted } from "../text/time.ts";
import "./overview.css";

export function OverviewPage() {
  const overview = useQuery(overviewQuery);
  return (
    <Page
      title="Overview"
      purpose="What is protected, who is here, and what was decided in the last 24 hours."
    >
      <Loaded
        query={overview}
        what="The overview could not be read"
        stillWorks="Gateways go on deciding with what they know, and then deny."
      >
        {(data) => (
          <>
            <Counts overview={data} />
            <Section title="Decisions in the last 24 hours">
              <HourlyBars hours={data.decisions} />
            </Section>
            <Section title="Gateways and agents">
              {data.components.length === 0 ? (
                <Empty title="No gateway or agent has connected yet">
                  <p>
                    <code>postern up</code> starts one of each.
                  </p>
                </Empty>
              ) : (
                <Table
                  label="Gateways and agents"
                  columns={COMPONENTS}
                  rows={data.components}
                  rowKey={({ role, name }) => `${role} ${name}`}
                />
              )}
            </Section>
          </>
        )}
      </Loaded>
    </Page>
  );
}

function Counts({ overview: { applications, people, sessions, policy } }: { readonly overview: Overview }) {
  return (
    <ul className="counts">
      <Count number={applications} of={<Link to="/applications">Applications</Link>} />
      <Count number={people} of={<Link to="/people">People</Link>} />
      <Count number={sessions} of={<Link to="/sessions">Sessions now</Link>} />
      <li>
        <span className="count">
          <Id id={policy.version} of="policy version" />
        </span>
        <span>
          <Link to="/policies">Policies</Link>{" "}
          <span className="muted">
            in force since <Time at={policy.activatedAt} />
          </span>
        </span>
      </li>
    </ul>
  );
}

function Count({ number, of }: { readonly number: number; readonly of: ReactNode }) {
  return (
    <li>
      <span className="count">{number.toLocaleString("en")}</span>
      <span>{of}</span>
    </li>
  );
}

const COMPONENTS: readonly Column<Component>[] = [
  {
    key: "state",
    card: "head",
    head: "State",
    width: "19rem",
    cell: (component) => <Connection component={component} />,
  },
  {
    key: "role",
    head: "Part",
    width: "10rem",
    cell: ({ role, name }) => `${role === "gateway" ? "Gateway" : "Agent"} ${name}`,
  },
  { key: "host", head: "Host", cell: ({ hostname }) => hostname },
  { key: "os", head: "System", extra: true, cell: ({ osRelease }) => osRelease },
  { key: "version", head: "Version", width: "6rem", cell: ({ version }) => version },
  { key: "seen", head: "Last heard", width: "9rem", cell: ({ lastSeenAt }) => <Time at={lastSeenAt} /> },
];

function Connection({ component: { connectedSince, lastSeenAt } }: { readonly component: Component }) {
  const now = useNow();
  if (connectedSince !== undefined)
    return <Mark kind="allow" glyph="✓" word={`Connected for ${lasted(now - connectedSince)}`} />;
  return <Mark kind="deny" glyph="✕" word={`Not connected for ${lasted(now - lastSeenAt)}`} />;
}
