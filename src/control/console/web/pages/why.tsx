import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { createContext, type ReactNode, useContext } from "react";
import type { DecisionDetail } from "#api";
import { decisionQuery, useActiveVersion } from "../api/queries.ts";
import { Id } from "../parts/id.tsx";
import { Mark, Outcome } from "../parts/outcome.tsx";
import { Facts } from "../parts/page.tsx";
import { Loaded } from "../parts/skeleton.tsx";
import { Time } from "../parts/time.tsx";
import { flatten } from "../text/rows.ts";
import { duration } from "../text/time.ts";
import "./decisions.css";

type Decision = DecisionDetail["decision"];
type Explanation = NonNullable<DecisionDetail["explanation"]>;

const Level = createContext<"h2" | "h3">("h3");

interface LoadedWhyProps {
  readonly id: string;
  /** The level of its headings: below a panel's title, or a page's. */
  readonly heading: "h2" | "h3";
}

/** Why a decision came out as it did, for the panel and for its own page. */
export function LoadedWhy({ id, heading }: LoadedWhyProps) {
  const query = useQuery(decisionQuery(id));
  return (
    <Level value={heading}>
      <Loaded query={query} what="This decision could not be read">
        {(detail) => <Why detail={detail} />}
      </Loaded>
    </Level>
  );
}

function Why({ detail }: { readonly detail: DecisionDetail }) {
  const { item, decision, explanation } = detail;
  const active = useActiveVersion();
  return (
    <div className="why">
      <p className="why-said">
        <Outcome effect={decision.effect} />: {item.subject ?? "somebody unknown"}, {item.action} on{" "}
        {item.resource}, <Time at={item.time} />.
      </p>
      <Reasons decision={decision} />
      {decision.failed !== undefined && decision.failed.length > 0 && <Failed failed={decision.failed} />}
      <Request detail={detail} />
      <Part title="Facts it was decided on">
        <Facts facts={flatten(detail.input).map(({ name, value }) => [name, value] as const)} />
      </Part>
      {explanation !== undefined && <Trace explanation={explanation} />}
      {active !== undefined && active !== decision.version && (
        <p className="muted">
          The policies have changed since: a link to a rule shows the text in force now, which may differ.
        </p>
      )}
      <details>
        <summary>The event as recorded</summary>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it */}
        <pre className="raw" tabIndex={0}>
          {JSON.stringify(detail.event, undefined, 2)}
        </pre>
      </details>
    </div>
  );
}

function Part({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  const Heading = useContext(Level);
  return (
    <section>
      <Heading>{title}</Heading>
      {children}
    </section>
  );
}

/** A place in the policies, as `file:line`, that leads there. */
export function Source({ source }: { readonly source: string }) {
  return (
    <Link className="source" to="/policies" hash={source}>
      <code>{source}</code>
    </Link>
  );
}

function Reasons({ decision: { reasons } }: { readonly decision: Decision }) {
  return (
    <Part title="Reasons">
      <ul className="why-list">
        {reasons.map(({ message, source }) => (
          <li key={`${source} ${message}`}>
            {message}
            {source !== "" && <Source source={source} />}
          </li>
        ))}
      </ul>
    </Part>
  );
}

function Failed({ failed }: { readonly failed: NonNullable<Decision["failed"]> }) {
  return (
    <Part title="What did not hold">
      <ul className="why-list">
        {failed.map(({ fact, plain, actual, source }) => (
          <li key={`${source} ${fact} ${plain}`}>
            <Mark kind="deny" glyph="✕" word="" />
            {plain}. <span className="muted">Seen: {actual}</span> <code>{fact}</code>
            <Source source={source} />
          </li>
        ))}
      </ul>
    </Part>
  );
}

function Request({ detail: { item, decision } }: { readonly detail: DecisionDetail }) {
  const facts: (readonly [string, ReactNode])[] = [
    ["Decision", <Id key="id" id={decision.id} of="decision id" />],
  ];
  facts.push(["Policy version", <Id key="version" id={decision.version} of="policy version" />]);
  if (item.method !== undefined)
    facts.push(["Request", <code key="act">{`${item.method} ${item.path ?? ""}`}</code>]);
  if (item.sourceIp !== undefined) facts.push(["From", item.sourceIp]);
  if (item.status !== undefined) facts.push(["Answered", String(item.status)]);
  if (item.durationMs !== undefined) facts.push(["Took", duration(item.durationMs)]);
  return (
    <Part title="Request">
      <Facts facts={facts} />
    </Part>
  );
}

const RESULTS = {
  true: ["allow", "✓", "held"],
  false: ["deny", "✕", "did not hold"],
  undefined: ["unknown", "?", "not known"],
  error: ["deny", "✕", "failed"],
} as const;

function Trace({ explanation: { trace } }: { readonly explanation: Explanation }) {
  return (
    <Part title="Rules as they were tried">
      <ul className="why-list">
        {trace.map((rule) => (
          <li key={rule.source}>
            <details open={rule.fired}>
              <summary>
                {rule.rule} {rule.fired ? "fired" : "did not fire"}
              </summary>
              <Source source={rule.source} />
              <pre className="rule-text">{rule.text}</pre>
              <ol className="steps">
                {rule.steps.map((step) => {
                  const [kind, glyph, word] = RESULTS[step.result];
                  return (
                    <li key={`${step.source} ${step.text}`}>
                      <Mark kind={kind} glyph={glyph} word={word} /> <code>{step.text}</code>
                      {step.facts.length > 0 && (
                        <span className="muted">
                          {" "}
                          with {step.facts.map(({ fact, value }) => `${fact} = ${value}`).join(", ")}
                        </span>
                      )}
                    </li>
                  );
                })}
              </ol>
            </details>
          </li>
        ))}
      </ul>
    </Part>
  );
}
