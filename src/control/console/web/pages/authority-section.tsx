import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import type { AuthorityStatus } from "#api";
import { authorityQuery, useSend } from "../api/queries.ts";
import { Button } from "../parts/button.tsx";
import { ConfirmDialog } from "../parts/confirm.tsx";
import { Id } from "../parts/id.tsx";
import { Mark } from "../parts/outcome.tsx";
import { Facts, Section } from "../parts/page.tsx";
import { Loaded } from "../parts/skeleton.tsx";
import { Time } from "../parts/time.tsx";

/** The phases of a rotation as steps, in their order. */
const STEPS: { readonly [phase in Exclude<AuthorityStatus["phase"], "steady">]: string } = {
  published: "step 1 of 3, the next authority is made known",
  members: "step 2 of 3, gateways and agents get certificates of it",
  control: "step 3 of 3, control nodes present it",
};

/** What the parts know each other by, and its rotation. */
export function AuthoritySection() {
  const query = useQuery(authorityQuery);
  const send = useSend();
  const [asked, setAsked] = useState(false);
  return (
    <Section title="Authority">
      <Loaded query={query} what="The authority could not be read">
        {(authority) => (
          <div className="card-box authority">
            <p className="muted">
              Control, gateways and agents know each other by certificates of this authority, over mutual TLS.
            </p>
            <Facts facts={facts(authority)} />
            {authority.phase === "steady" && (
              <div className="form-actions">
                <Button onClick={() => setAsked(true)}>Rotate the authority</Button>
              </div>
            )}
          </div>
        )}
      </Loaded>
      {asked && (
        <ConfirmDialog
          title="Rotate the authority?"
          verb="Rotate"
          act={() => send("POST", "/authority/rotate")}
          done="The rotation has begun"
          onClose={() => setAsked(false)}
        >
          <p>
            A new authority is made, and everybody gets certificates of it. Nobody is cut off: it takes some
            seconds while all are connected, and waits for whoever is away and for tokens that are not used
            yet.
          </p>
          <p>Whoever joins afterwards pins the new authority, so make tokens after it rather than before.</p>
        </ConfirmDialog>
      )}
    </Section>
  );
}

function facts(authority: AuthorityStatus): readonly (readonly [name: string, value: ReactNode])[] {
  const { trustDomain, pin, phase, since, waitingFor, authorities } = authority;
  return [
    ["Trust domain", trustDomain],
    ["Pin", <Id key="pin" id={pin} of="pin" />],
    ...authorities.map(
      ({ id, notAfter }, i) =>
        [
          i === 0 ? "Authority" : "Next authority",
          <span key={id}>
            <Id id={id} of="authority" /> ends <Time at={notAfter} />
          </span>,
        ] as const,
    ),
    [
      "Rotation",
      phase === "steady" ? (
        "by itself, at half of its life"
      ) : (
        <span key="rotation">
          <Mark kind="step-up" glyph="↻" word="Under way:" /> {STEPS[phase]}, since <Time at={since} />
        </span>
      ),
    ],
    ...(waitingFor.length === 0
      ? []
      : [
          [
            "Waits for",
            <ul key="waiting" className="list">
              {waitingFor.map((what) => (
                <li key={what}>{what}</li>
              ))}
            </ul>,
          ] as const,
        ]),
  ];
}
