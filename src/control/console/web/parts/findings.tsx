import { Link } from "@tanstack/react-router";
import type { DeploymentFinding } from "#api";
import { partName } from "../text/deployment.ts";
import { Mark } from "./outcome.tsx";
import { Time } from "./time.tsx";
import "./findings.css";

/** This many are shown at once: what they speak of should not be pushed off the screen. */
const FIRST = 5;

interface FindingsProps {
  readonly findings: readonly DeploymentFinding[];
  /** Whether each leads to the part that it is about. */
  readonly links: boolean;
}

/** What is wrong with the deployment, and what to do: what denies first. */
export function Findings({ findings, links }: FindingsProps) {
  const more = findings.slice(FIRST);
  return (
    <div className="findings">
      <List findings={findings.slice(0, FIRST)} links={links} />
      {more.length > 0 && (
        <details>
          <summary>Show {more.length} more</summary>
          <List findings={more} links={links} />
        </details>
      )}
    </div>
  );
}

function List({ findings, links }: FindingsProps) {
  return (
    <ul aria-label="What needs attention">
      {findings.map((finding) => (
        <Finding key={keyOf(finding)} finding={finding} link={links} />
      ))}
    </ul>
  );
}

/** Without what changes while it stays the same finding, such as an age: what has the focus keeps it. */
function keyOf({ about, message, remedy }: DeploymentFinding): string {
  return `${about?.role ?? ""} ${about?.name ?? ""} ${message.replace(/\d[\d.,]*/g, "")} ${remedy}`;
}

function Finding({ finding, link }: { readonly finding: DeploymentFinding; readonly link: boolean }) {
  const { severity, about, message, at, remedy } = finding;
  return (
    <li className={severity}>
      <p>
        {severity === "error" ? (
          <Mark kind="deny" glyph="✕" word="Problem" />
        ) : (
          <Mark kind="step-up" glyph="!" word="Warning" />
        )}{" "}
        {sentence(message)}
        {at !== undefined && (
          <>
            {" "}
            <span className="muted">
              (<Time at={at} />)
            </span>
          </>
        )}
      </p>
      <p className="finding-remedy">
        <span className="muted">What to do:</span> {remedy}
        {link && about !== undefined && about.role !== "control" && (
          <>
            {" · "}
            <Link
              to="/deployment"
              search={(former) => ({ ...former, add: undefined, open: `${about.role}:${about.name}` })}
              resetScroll={false}
            >
              Show {partName(about).toLowerCase()}
            </Link>
          </>
        )}
      </p>
    </li>
  );
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
