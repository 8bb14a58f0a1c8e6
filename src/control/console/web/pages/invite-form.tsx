import { type SubmitEvent, useState } from "react";
import type { Invite, Invited } from "#api";
import { useSend } from "../api/queries.ts";
import { useAnnounce } from "../parts/announce.tsx";
import { Button } from "../parts/button.tsx";
import { SelectField, TextField } from "../parts/field.tsx";
import { CopyField } from "../parts/id.tsx";
import { ErrorNotice } from "../parts/notice.tsx";
import { Time } from "../parts/time.tsx";
import { type FieldErrors, fieldErrors, text } from "../text/forms.ts";

const ROLES = [
  ["member", "member"],
  ["administrator", "administrator: may change everything here"],
] as const;

/** Invites somebody and shows the link this once: it rests only as a hash. */
export function InviteForm({ onDone }: { readonly onDone: () => void }) {
  const send = useSend();
  const announce = useAnnounce();
  const [busy, setBusy] = useState(false);
  const [errors, setErrors] = useState<FieldErrors>({ fields: {} });
  const [invited, setInvited] = useState<Invited>();

  async function invite(form: HTMLFormElement): Promise<void> {
    const data = new FormData(form);
    const displayName = text(data, "displayName");
    const wanted: Invite = {
      name: text(data, "name"),
      role: text(data, "role"),
      groups: text(data, "groups")
        .split(/[\s,]+/)
        .filter((group) => group !== ""),
      ...(displayName === "" ? {} : { displayName }),
    };
    if (!/^[a-z0-9._-]{1,64}$/.test(wanted.name)) {
      setErrors({ fields: { name: "Use 1 to 64 of a to z, 0 to 9, dot, underscore and hyphen." } });
      form.querySelector<HTMLElement>('[name="name"]')?.focus();
      return;
    }
    setBusy(true);
    try {
      setInvited(await send<Invited>("POST", "/people", wanted));
      announce("The invitation is ready. Copy its link now.");
    } catch (error) {
      setErrors(fieldErrors(error, ["name", "displayName", "role", "groups"], "name"));
    } finally {
      setBusy(false);
    }
  }

  if (invited !== undefined) return <Link invited={invited} onDone={onDone} />;
  return (
    <form
      className="form"
      noValidate
      onSubmit={(event: SubmitEvent<HTMLFormElement>) => {
        event.preventDefault();
        void invite(event.currentTarget);
      }}
    >
      <TextField
        name="name"
        label="User name"
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        hint="Short and lasting, such as bob. Rules and the log use it."
        error={errors.fields["name"]}
      />
      <TextField
        name="displayName"
        label="Display name (optional)"
        autoComplete="off"
        placeholder="Bob Hale"
        error={errors.fields["displayName"]}
      />
      <SelectField name="role" label="Role" options={ROLES} initial="member" error={errors.fields["role"]} />
      <TextField
        name="groups"
        label="Groups (optional)"
        autoComplete="off"
        placeholder="engineering, oncall"
        hint="With commas between. Rules read them as user.groups."
        error={errors.fields["groups"]}
      />
      {errors.form !== undefined && <ErrorNotice error={errors.form} what="Nobody was invited" />}
      <div className="form-actions">
        <Button kind="primary" type="submit" disabled={busy}>
          Make the invitation
        </Button>
        <Button onClick={onDone}>Cancel</Button>
      </div>
    </form>
  );
}

function Link({ invited, onDone }: { readonly invited: Invited; readonly onDone: () => void }) {
  const { person, url, expiresAt } = invited;
  return (
    <div className="form">
      <p>
        <strong>Send this link to {person.displayName}</strong> by a way that only they read. It is shown this
        once, works in the first browser that opens it, and ends <Time at={expiresAt} />.
      </p>
      <CopyField label="invitation link" value={url} />
      <div className="form-actions">
        <Button kind="primary" onClick={onDone}>
          Done
        </Button>
      </div>
    </div>
  );
}
