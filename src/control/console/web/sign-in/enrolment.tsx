import { browserSupportsWebAuthn, startRegistration } from "@simplewebauthn/browser";
import { type SubmitEvent, useEffect, useState } from "react";
import type { EnrolmentOpened, EnrolmentOptions, Verified, VerifyPasskey } from "#identity";
import { post } from "../api/client.ts";
import { Button } from "../parts/button.tsx";
import { TextField } from "../parts/field.tsx";
import { text } from "../text/forms.ts";
import { goOn } from "./go-on.ts";
import { NextStep, Step, Trouble as TroubleNotice } from "./step.tsx";
import { browserTrouble, codeOf, linkTrouble, passkeyTrouble, type Trouble } from "./trouble.ts";

type RegistrationOptions = Parameters<typeof startRegistration>[0]["optionsJSON"];

interface EnrolmentProps {
  readonly kind: "setup" | "invite";
  readonly token: string;
}

/** The page of a setup or invitation link: it names the person and makes their passkey. */
export function Enrolment({ kind, token }: EnrolmentProps) {
  const [opened, setOpened] = useState<EnrolmentOpened>();
  const [trouble, setTrouble] = useState<Trouble>();
  const [busy, setBusy] = useState(false);
  const [nameError, setNameError] = useState<string>();

  useEffect(() => {
    const unable = browserTrouble(isSecureContext, browserSupportsWebAuthn());
    // a browser that cannot make a passkey must not be the one that the link binds to
    if (unable !== undefined || token === "") {
      setTrouble(unable ?? linkTrouble("link.missing", kind));
      return;
    }
    post<EnrolmentOpened>("/enrol/open", { token }).then(setOpened, (error: unknown) =>
      setTrouble(linkTrouble(codeOf(error), kind) ?? { ...passkeyTrouble(error, "create"), over: true }),
    );
  }, [kind, token]);

  async function create(wanted: EnrolmentOptions): Promise<void> {
    setBusy(true);
    setTrouble(undefined);
    setNameError(undefined);
    try {
      const optionsJSON = await post<RegistrationOptions>("/enrol/options", wanted);
      const response: VerifyPasskey = { response: await startRegistration({ optionsJSON }) };
      const { next } = await post<Verified>("/enrol/verify", response);
      goOn(next === "/" ? "/#ready" : next);
    } catch (error) {
      const dead = linkTrouble(codeOf(error), kind);
      const words = dead ?? passkeyTrouble(error, "create");
      const aboutName = kind === "setup" && ["conflict", "input.invalid"].includes(codeOf(error));
      if (aboutName) setNameError(words.what);
      else setTrouble(words);
      setBusy(false);
    }
  }

  if (trouble?.over === true)
    return (
      <Step title={trouble.what} moved>
        <NextStep text={trouble.next} />
        <p>
          <a className="button" href="/">
            Go to my applications
          </a>
        </p>
      </Step>
    );
  if (opened === undefined)
    return (
      <Step title={kind === "setup" ? "Set up Postern" : "Accept your invitation"}>
        <p role="status">Opening the link…</p>
      </Step>
    );
  return (
    <Step
      title={
        kind === "setup"
          ? "Become the first administrator"
          : `Welcome, ${opened.displayName ?? opened.name ?? ""}`
      }
    >
      <p>
        You sign in with a passkey: your device keeps it and asks for your fingerprint, face or PIN. There is
        no password.
      </p>
      <form
        className="form"
        onSubmit={(event: SubmitEvent<HTMLFormElement>) => {
          event.preventDefault();
          const data = new FormData(event.currentTarget);
          void create({
            name: opened.name ?? text(data, "name"),
            displayName: opened.displayName ?? text(data, "displayName"),
          });
        }}
      >
        {opened.name === undefined ? (
          <Names error={nameError} />
        ) : (
          <p>
            Your user name is <strong>{opened.name}</strong>.
          </p>
        )}
        {trouble !== undefined && <TroubleNotice trouble={trouble} />}
        <Button kind="primary" type="submit" disabled={busy}>
          {busy ? "Waiting for your device…" : "Create a passkey"}
        </Button>
      </form>
      <p className="id">This link works in this browser only, until it is used.</p>
    </Step>
  );
}

function Names({ error }: { readonly error: string | undefined }) {
  return (
    <>
      <TextField
        name="name"
        label="User name"
        required
        maxLength={64}
        pattern="[a-z0-9._\-]+"
        title="a to z, 0 to 9, dot, underscore and hyphen"
        autoComplete="username webauthn"
        autoCapitalize="none"
        spellCheck={false}
        hint="Short, such as ada: a to z, 0 to 9, dot, underscore and hyphen."
        error={error}
      />
      <TextField
        name="displayName"
        label="Display name"
        required
        maxLength={100}
        autoComplete="name"
        hint="As others see you, such as Ada Lovelace."
      />
    </>
  );
}
