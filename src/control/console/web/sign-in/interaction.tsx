import { browserSupportsWebAuthn, startAuthentication } from "@simplewebauthn/browser";
import { useEffect, useRef, useState } from "react";
import type { Verified, VerifyPasskey } from "#identity";
import { post } from "../api/client.ts";
import { Button } from "../parts/button.tsx";
import { goOn } from "./go-on.ts";
import { NextStep, Step, Trouble as TroubleNotice } from "./step.tsx";
import { browserTrouble, passkeyTrouble, type Trouble } from "./trouble.ts";

type AuthenticationOptions = Parameters<typeof startAuthentication>[0]["optionsJSON"];

/** On the way to an application: sign in with a passkey, and be there. */
export function Interaction({ uid }: { readonly uid: string }) {
  const [trouble, setTrouble] = useState(() => browserTrouble(isSecureContext, browserSupportsWebAuthn()));
  const [busy, setBusy] = useState(false);
  const button = useRef<HTMLDivElement>(null);
  useEffect(() => button.current?.querySelector("button")?.focus(), []);

  async function signIn(): Promise<void> {
    setBusy(true);
    setTrouble(undefined);
    try {
      const optionsJSON = await post<AuthenticationOptions>(`/interaction/${uid}/options`, {});
      const response: VerifyPasskey = { response: await startAuthentication({ optionsJSON }) };
      const { next } = await post<Verified>(`/interaction/${uid}/verify`, response);
      goOn(next);
    } catch (error) {
      setTrouble(passkeyTrouble(error, "use"));
      setBusy(false);
    }
  }

  if (trouble?.over === true) return <Over trouble={trouble} />;
  return (
    <Step title="Sign in to continue">
      <p>You go on to where you were heading as soon as you are signed in.</p>
      {trouble !== undefined && <TroubleNotice trouble={trouble} />}
      <div className="form" ref={button}>
        <Button kind="primary" disabled={busy} onClick={() => void signIn()}>
          {busy ? "Waiting for your passkey…" : "Sign in with a passkey"}
        </Button>
      </div>
      <p className="muted">No passkey yet? Ask an administrator for an invitation.</p>
    </Step>
  );
}

function Over({ trouble }: { readonly trouble: Trouble }) {
  return (
    <Step title={trouble.what} moved>
      <NextStep text={trouble.next} />
      <p>
        <a className="button primary" href="/">
          Start again
        </a>
      </p>
    </Step>
  );
}
