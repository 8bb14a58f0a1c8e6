import { type ReactNode, useState } from "react";
import type { Component, Deployment } from "#api";
import { useSend } from "../api/queries.ts";
import { Button } from "../parts/button.tsx";
import { ConfirmDialog } from "../parts/confirm.tsx";
import { Findings } from "../parts/findings.tsx";
import { Id } from "../parts/id.tsx";
import { Mark } from "../parts/outcome.tsx";
import { Facts } from "../parts/page.tsx";
import { Time } from "../parts/time.tsx";
import { partName, shownCondition, viewAge } from "../text/deployment.ts";
import { count } from "../text/rows.ts";
import { Certificate } from "./deployment-columns.tsx";

interface DetailsProps {
  readonly component: Component;
  readonly deployment: Deployment;
}

/** All that is known of a gateway or agent, and the way to shut it out. */
export function ComponentDetails({ component, deployment }: DetailsProps) {
  const [asked, setAsked] = useState(false);
  const { role, name, state, condition } = component;
  const findings = deployment.findings.filter(({ about }) => about?.role === role && about.name === name);
  return (
    <>
      {findings.length > 0 && <Findings findings={findings} links={false} />}
      <Facts facts={facts(component)} />
      {state === "joined" && (
        <div className="form-actions">
          <Button kind="danger" onClick={() => setAsked(true)}>
            Revoke {partName(component).toLowerCase()}
          </Button>
        </div>
      )}
      {state === "local" && (
        <p className="muted">It runs beside control and belongs to it: to be without it, stop its process.</p>
      )}
      {condition === "revoked" && (
        <p className="muted">
          It may no longer take part. A new token lets the name join again, under a new certificate.
        </p>
      )}
      {asked && (
        <ConfirmRevoke component={component} deployment={deployment} onClose={() => setAsked(false)} />
      )}
    </>
  );
}

/** Names and values; what is not known is left out. */
function facts(component: Component): readonly (readonly [name: string, value: ReactNode])[] {
  const { connectedSince, lastSeenAt, joinedAt, revokedAt, reportedAt, certificate } = component;
  const here = connectedSince !== undefined;
  const rows: readonly (readonly [string, ReactNode])[] = [
    ["State", <Mark key="state" {...shownCondition(component)} />],
    ["Revoked", at(revokedAt)],
    ["Connected", at(connectedSince)],
    ["Last seen", here ? undefined : at(lastSeenAt)],
    ["View age", viewAge(component)],
    ["Clock", here ? apart(component.skewSeconds) : undefined],
    ["Open", here ? component.liveConnections?.toLocaleString("en") : undefined],
    ["Unsent records", here ? component.unshippedRecords?.toLocaleString("en") : undefined],
    ["Reported", at(reportedAt)],
    ["Certificate", <Certificate key="certificate" component={component} />],
    [
      "Serial",
      certificate === undefined ? undefined : <Id key="serial" id={certificate.serial} of="serial number" />,
    ],
    ["Joined", at(joinedAt)],
    ["Control", component.node],
    ["From", component.address],
    ["Host", component.hostname],
    ["System", component.osRelease],
    ["Version", component.version],
  ];
  return rows.filter(([, value]) => value !== undefined);
}

function at(time: number | undefined): ReactNode {
  return time === undefined ? undefined : <Time at={time} />;
}

function apart(seconds: number | undefined): string | undefined {
  if (seconds === undefined) return undefined;
  const rounded = Math.abs(seconds).toFixed(1);
  return rounded === "0.0" ? "as control's" : `${rounded} s ${seconds < 0 ? "behind" : "ahead of"} control's`;
}

function ConfirmRevoke({ component, deployment, onClose }: DetailsProps & { readonly onClose: () => void }) {
  const send = useSend();
  const { role, name } = component;
  const part = partName(component);
  return (
    <ConfirmDialog
      title={`Revoke ${part.toLowerCase()}?`}
      verb="Revoke"
      act={() => send("POST", `/members/${role}/${encodeURIComponent(name)}/revoke`)}
      done={`${part} is revoked`}
      onClose={onClose}
    >
      <p>{whatEnds(component)}</p>
      {role === "gateway" &&
        component.connectedSince !== undefined &&
        !isLastGateway(component, deployment) && <p>Whoever is signed in stays so at the other gateways.</p>}
      {isLastGateway(component, deployment) && (
        <p>
          <Mark kind="deny" glyph="✕" word="No other gateway is connected:" /> after this, applications cannot
          be reached, and neither can this console.
        </p>
      )}
      <p>Its certificate and its tokens end. A new token lets the name join again.</p>
    </ConfirmDialog>
  );
}

function whatEnds({ role, liveConnections = 0, connectedSince }: Component): string {
  if (connectedSince === undefined) return "It is not connected. When it comes back, it is refused.";
  if (role === "agent") return "Within a second it is shut out, and control tells its host nothing more.";
  const open =
    liveConnections === 0 ? "" : `, and ${count(liveConnections, "open connection")} through it end`;
  return `Within a second it is shut out${open}. From then on it denies every request.`;
}

function isLastGateway({ role, name, connectedSince }: Component, { gateways }: Deployment): boolean {
  if (role !== "gateway" || connectedSince === undefined) return false;
  return !gateways.some((each) => each.name !== name && each.connectedSince !== undefined);
}
