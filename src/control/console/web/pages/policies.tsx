import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useLocation } from "@tanstack/react-router";
import { useEffect } from "react";
import type { PolicyActive, PolicyVersionItem } from "#api";
import { policyQuery, policyVersionsQuery } from "../api/queries.ts";
import { Id } from "../parts/id.tsx";
import { Empty } from "../parts/notice.tsx";
import { Mark } from "../parts/outcome.tsx";
import { Facts, Page, Section } from "../parts/page.tsx";
import { Loaded } from "../parts/skeleton.tsx";
import { type Column, Table } from "../parts/table.tsx";
import { Time } from "../parts/time.tsx";
import { Source } from "./why.tsx";
import "./policies.css";

const route = getRouteApi("/policies");

/** The policies in force, with their text. */
export function PoliciesPage() {
  const policy = useQuery(policyQuery);
  const versions = useQuery(policyVersionsQuery(route.useSearch().before));
  return (
    <Page
      title="Policies"
      purpose={
        <>
          The rules and manifests in force, down to the line. They change as files:{" "}
          <code>npx postern apply -f DIR</code>
        </>
      }
    >
      <Loaded
        query={policy}
        what="The policies could not be read"
        stillWorks="The gateways go on deciding by the last version that was activated."
      >
        {(active) => (
          <>
            <Active active={active} />
            <Warnings active={active} />
            <Section title="Rules">
              <Table label="Rules" columns={RULES} rows={active.rules} rowKey={({ source }) => source} />
            </Section>
            <Files active={active} />
          </>
        )}
      </Loaded>
      <Section title="Activations">
        <Loaded query={versions} what="The history could not be read">
          {({ items, next }) => (
            <>
              <Table
                label="Activations, newest first"
                columns={VERSIONS}
                rows={items}
                rowKey={({ activation }) => String(activation)}
              />
              {next !== undefined && (
                <p>
                  <Link className="button" to="/policies" search={{ before: next }} resetScroll={false}>
                    Older
                  </Link>
                </p>
              )}
            </>
          )}
        </Loaded>
      </Section>
    </Page>
  );
}

function Active({ active }: { readonly active: PolicyActive }) {
  return (
    <div className="card-box">
      <Facts
        facts={[
          ["Version", <Id key="version" id={active.version} of="policy version" />],
          ["Activation", `number ${active.activation}, by ${active.actor}`],
          ["In force since", <Time key="time" at={active.activatedAt} />],
          ["Time zone of rules", active.timeZone ?? "none stated: rules that read the time do not hold"],
        ]}
      />
    </div>
  );
}

function Warnings({ active: { warnings } }: { readonly active: PolicyActive }) {
  if (warnings.length === 0) return null;
  return (
    <Section title="Warnings">
      <ul className="why-list card-box">
        {warnings.map(({ file, line, column, message, hint }) => (
          <li key={`${file}:${line}:${column} ${message}`}>
            <Mark kind="step-up" glyph="!" word="Warning" /> {message}
            {hint !== undefined && <span className="muted"> {hint}</span>}
            <Source source={`${file}:${line}`} />
          </li>
        ))}
      </ul>
    </Section>
  );
}

function Files({ active: { files } }: { readonly active: PolicyActive }) {
  const hash = useLocation({ select: (location) => decodeURIComponent(location.hash) });
  const file = hash.replace(/:\d+$/, "");
  useEffect(() => {
    const line = hash === "" ? null : document.getElementById(hash);
    if (line === null) return;
    line.closest("details")?.setAttribute("open", "");
    line.scrollIntoView({ block: "center" });
    line.focus({ preventScroll: true });
  }, [hash]);
  return (
    <Section title="Files">
      {files.length === 0 && (
        <Empty title="No file yet">
          <code>npx postern apply -f examples/first/</code>
        </Empty>
      )}
      {files.map(({ path, text }) => (
        <details key={path} className="file" open={path === file || files.length <= 4}>
          <summary>
            <code>{path}</code>
          </summary>
          <FileText path={path} text={text} marked={hash} />
        </details>
      ))}
    </Section>
  );
}

function FileText({ path, text, marked }: { path: string; text: string; marked: string }) {
  const lines = text.replace(/\n$/, "").split("\n");
  return (
    <ol className="lines">
      {lines.map((line, index) => {
        const anchor = `${path}:${index + 1}`;
        return (
          <li key={anchor} id={anchor} tabIndex={-1} className={anchor === marked ? "marked" : undefined}>
            <code>{line === "" ? " " : line}</code>
          </li>
        );
      })}
    </ol>
  );
}

const RULES: readonly Column<PolicyActive["rules"][number]>[] = [
  {
    key: "effect",
    card: "head",
    head: "Effect",
    width: "7rem",
    cell: ({ effect }) =>
      effect === "allow" ? (
        <Mark kind="allow" glyph="✓" word="Allows" />
      ) : (
        <Mark kind="deny" glyph="✕" word="Denies" />
      ),
  },
  { key: "rule", head: "Rule", width: "16rem", cell: ({ rule }) => <span title={rule}>{rule}</span> },
  { key: "text", head: "Text", extra: true, cell: ({ text }) => <code title={text}>{text}</code> },
  { key: "source", head: "Where", width: "14rem", cell: ({ source }) => <Source source={source} /> },
];

const VERSIONS: readonly Column<PolicyVersionItem>[] = [
  { key: "activation", head: "Number", width: "6rem", cell: ({ activation }) => activation },
  {
    key: "version",
    head: "Version",
    width: "12rem",
    cell: ({ version }) => <Id id={version} of="policy version" />,
  },
  { key: "actor", head: "By", cell: ({ actor }) => actor },
  { key: "at", head: "When", width: "9rem", cell: ({ at }) => <Time at={at} /> },
];
