import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Deployment, Overview } from "#api";
import { overviewQuery } from "../api/queries.ts";
import { Findings } from "../parts/findings.tsx";
import { HourlyBars } from "../parts/hourly-bars.tsx";
import { Id } from "../parts/id.tsx";
import { Mark } from "../parts/outcome.tsx";
import { Page, Section } from "../parts/page.tsx";
import { Loaded } from "../parts/skeleton.tsx";
import { Time } from "../parts/time.tsx";
import { inventory, verdict } from "../text/deployment.ts";
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
            <Section title="Deployment">
              <Health deployment={data.components} />
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

function Health({ deployment }: { readonly deployment: Deployment }) {
  const { findings } = deployment;
  return (
    <>
      <p>
        <Mark {...verdict(deployment)} /> <span className="muted">·</span>{" "}
        <Link to="/deployment">{inventory(deployment)}</Link>
      </p>
      {findings.length > 0 && <Findings findings={findings} links />}
    </>
  );
}
