import { useQuery } from "@tanstack/react-query";
import { type SubmitEvent, useState } from "react";
import type { CreateMemberToken, MemberToken } from "#api";
import { tokensQuery, useSend } from "../api/queries.ts";
import { useAnnounce } from "../parts/announce.tsx";
import { Button } from "../parts/button.tsx";
import { SelectField, TextField } from "../parts/field.tsx";
import { CopyCommand } from "../parts/id.tsx";
import { ErrorNotice } from "../parts/notice.tsx";
import { Mark } from "../parts/outcome.tsx";
import { Time } from "../parts/time.tsx";
import { partName } from "../text/deployment.ts";
import { type FieldErrors, fieldErrors, text } from "../text/forms.ts";

const ROLES = [
  ["gateway", "gateway: people reach applications through it"],
  ["agent", "agent: reports on the host that it runs on"],
] as const;

/** One DNS label (RFC 1123 §2.1). */
const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

interface FormProps {
  /** A control node takes gateways and agents of other machines. */
  readonly listening: boolean;
  readonly onDone: () => void;
}

/** Asks what is to join, and shows the line to run on that machine this once: the token rests only as a hash. */
export function AddMemberForm({ listening, onDone }: FormProps) {
  const send = useSend();
  const announce = useAnnounce();
  const [busy, setBusy] = useState(false);
  const [errors, setErrors] = useState<FieldErrors>({ fields: {} });
  const [made, setMade] = useState<MemberToken>();

  async function make(form: HTMLFormElement): Promise<void> {
    const data = new FormData(form);
    const role = text(data, "role") === "agent" ? "agent" : "gateway";
    const wanted: CreateMemberToken = { role, name: text(data, "name") };
    if (!LABEL.test(wanted.name)) {
      setErrors({ fields: { name: "Use 1 to 63 of a to z, 0 to 9 and hyphen; no hyphen at the ends." } });
      form.querySelector<HTMLElement>('[name="name"]')?.focus();
      return;
    }
    setBusy(true);
    try {
      setMade(await send<MemberToken>("POST", "/members/tokens", wanted));
      announce("The command is ready. Copy it now.");
    } catch (error) {
      setErrors(fieldErrors(error, ["name", "role"], "name"));
    } finally {
      setBusy(false);
    }
  }

  if (made !== undefined) return <Command made={made} onDone={onDone} />;
  if (!listening) return <NotListening />;
  return (
    <form
      className="form"
      noValidate
      onSubmit={(event: SubmitEvent<HTMLFormElement>) => {
        event.preventDefault();
        void make(event.currentTarget);
      }}
    >
      <p className="muted">
        You get one command to run on the other machine, where Postern is installed. It works once, within an
        hour.
      </p>
      <SelectField name="role" label="Part" options={ROLES} initial="gateway" error={errors.fields["role"]} />
      <TextField
        name="name"
        label="Name"
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        placeholder="edge-1"
        hint="Short and lasting: certificates and the log use it."
        error={errors.fields["name"]}
      />
      {errors.form !== undefined && <ErrorNotice error={errors.form} what="No token was made" />}
      <div className="form-actions">
        <Button kind="primary" type="submit" disabled={busy}>
          Make the command
        </Button>
        <Button onClick={onDone}>Cancel</Button>
      </div>
    </form>
  );
}

function NotListening() {
  return (
    <div className="form">
      <p>
        <strong>Control takes nobody from other machines yet.</strong> Start it with an address for them, and
        with the name by which they reach it:
      </p>
      <CopyCommand label="command" command="postern up --link 0.0.0.0:7443 --link-url https://HOST:7443" />
      <p className="muted">
        The same flags go with <code>postern control run</code>. They are reached over mutual TLS; nobody
        comes in without a certificate of this instance.
      </p>
    </div>
  );
}

function Command({ made, onDone }: { readonly made: MemberToken; readonly onDone: () => void }) {
  const { role, name, command, expiresAt, urls, replaces } = made;
  const used = useQuery(tokensQuery).data?.items.some(
    (token) =>
      token.role === role &&
      token.name === name &&
      token.expiresAt === expiresAt &&
      token.usedAt !== undefined,
  );
  return (
    <div className="form">
      <p>
        <strong>Run this on the machine that is to be {partName(made).toLowerCase()}.</strong> It is shown
        this once, works once and for this name alone, and ends <Time at={expiresAt} />.
      </p>
      {replaces && (
        <p>
          <Mark kind="step-up" glyph="!" word="There is one of this name." /> Whoever runs it takes its place,
          and its certificates end.
        </p>
      )}
      <CopyCommand label="command" command={command} />
      <p>
        Then start it there: <code>postern {role} run</code>
      </p>
      {urls.length > 1 && (
        <p className="muted">Control can be joined at {urls.slice(1).join(" and ")} as well.</p>
      )}
      <p role="status">
        {used === true ? (
          <Mark kind="allow" glyph="✓" word={`${partName(made)} has joined`} />
        ) : (
          <span className="muted">Waiting for it to join…</span>
        )}
      </p>
      <div className="form-actions">
        <Button kind="primary" onClick={onDone}>
          Done
        </Button>
      </div>
    </div>
  );
}
