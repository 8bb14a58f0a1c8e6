import { ExternalLink, LogOut, Settings } from "lucide-react";
import { useEffect, useState } from "react";
import type { MyAccess } from "#identity";
import { get, post } from "../api/client.ts";
import { Button } from "../parts/button.tsx";
import { ClockProvider, type Now } from "../parts/clock.tsx";
import { Time } from "../parts/time.tsx";
import { NextStep, Step, Trouble as TroubleNotice } from "./step.tsx";
import { codeOf, passkeyTrouble, type Trouble } from "./trouble.ts";

type State =
  | { readonly at: "asking" }
  | { readonly at: "in"; readonly me: MyAccess }
  | { readonly at: "out"; readonly left: boolean }
  | { readonly at: "failed"; readonly trouble: Trouble };

/** My applications, and the way out; for somebody signed out, the way in. */
export function Home({ now, ready }: { readonly now: Now; readonly ready: boolean }) {
  const [state, setState] = useState<State>({ at: "asking" });
  useEffect(() => {
    get<MyAccess>("/me").then(
      (me) => setState({ at: "in", me }),
      (error: unknown) =>
        setState(
          codeOf(error) === "unauthenticated"
            ? { at: "out", left: false }
            : { at: "failed", trouble: passkeyTrouble(error, "use") },
        ),
    );
  }, []);
  switch (state.at) {
    case "asking":
      return (
        <Step title="My applications">
          <p className="skeleton-text" role="status">
            Looking who you are…
          </p>
        </Step>
      );
    case "in":
      return (
        <ClockProvider now={now}>
          <Mine me={state.me} left={() => setState({ at: "out", left: true })} />
        </ClockProvider>
      );
    case "out":
      return <SignedOut ready={ready} left={state.left} />;
    case "failed":
      return (
        <Step title={state.trouble.what} moved>
          <NextStep text={state.trouble.next} />
          <p>
            <Button kind="primary" onClick={() => location.reload()}>
              Try again
            </Button>
          </p>
        </Step>
      );
  }
}

function SignedOut({ ready, left }: { readonly ready: boolean; readonly left: boolean }) {
  const title = left ? "You are signed out" : ready ? "Your passkey is ready" : "You are not signed in";
  return (
    <Step title={title} moved={left}>
      {left && <p>Every application that you had open here is closed to this browser.</p>}
      <p>
        To sign in, open the address of an application, such as the one in your bookmarks or in the message
        that invited you. Postern asks for your passkey on the way.
      </p>
      <p className="muted">You don’t know an address? The person who invited you does.</p>
    </Step>
  );
}

function Mine({ me, left }: { readonly me: MyAccess; readonly left: () => void }) {
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<Trouble>();
  async function signOut(): Promise<void> {
    setBusy(true);
    try {
      await post("/sign-out", {});
      left();
    } catch (error) {
      setTrouble({ ...passkeyTrouble(error, "use"), what: "You are still signed in." });
      setBusy(false);
    }
  }
  return (
    <Step title="My applications">
      <p className="muted">
        Signed in as <strong>{me.displayName}</strong> ({me.name}), <Time at={me.signedInAt} />
      </p>
      {me.applications.length === 0 ? (
        <p>There is no application that you may open yet. Ask the person who invited you for access.</p>
      ) : (
        <ul className="mine">
          {me.applications.map(({ title, url, description }) => (
            <li key={url}>
              <a href={url}>
                <strong>{title}</strong>
                {description !== undefined && <span className="muted">{description}</span>}
              </a>
              <ExternalLink size={16} aria-hidden="true" />
            </li>
          ))}
        </ul>
      )}
      {trouble !== undefined && <TroubleNotice trouble={trouble} />}
      <div className="actions">
        {me.consoleUrl !== undefined && (
          <a className="button" href={me.consoleUrl}>
            <Settings size={16} aria-hidden="true" />
            Open the console
          </a>
        )}
        <Button icon={<LogOut size={16} aria-hidden="true" />} disabled={busy} onClick={() => void signOut()}>
          Sign out
        </Button>
      </div>
    </Step>
  );
}
