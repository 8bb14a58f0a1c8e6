import { type SubmitEvent, useState } from "react";
import type { AddApplication, ApplicationItem } from "#api";
import { useSend } from "../api/queries.ts";
import { useAnnounce } from "../parts/announce.tsx";
import { Button } from "../parts/button.tsx";
import { SelectField, TextField } from "../parts/field.tsx";
import { ErrorNotice } from "../parts/notice.tsx";
import { type FieldErrors, fieldErrors, text } from "../text/forms.ts";

type Classification = AddApplication["classification"];

const CLASSES: readonly (readonly [Classification, string])[] = [
  ["public", "public: nothing is lost if anybody reads it"],
  ["internal", "internal: for everybody here"],
  ["confidential", "confidential: for some of us"],
  ["restricted", "restricted: for few, on good devices"],
];

/** Asks for what an application must have, and puts what is wrong at the field it is wrong in. */
export function AddApplicationForm({ onDone }: { readonly onDone: () => void }) {
  const send = useSend();
  const announce = useAnnounce();
  const [busy, setBusy] = useState(false);
  const [errors, setErrors] = useState<FieldErrors>({ fields: {} });

  async function add(form: HTMLFormElement): Promise<void> {
    const data = new FormData(form);
    const env = text(data, "env");
    const wanted: AddApplication = {
      name: text(data, "name"),
      upstream: text(data, "upstream"),
      classification: text(data, "classification") as Classification,
      ...(env === "" ? {} : { env }),
    };
    const found = check(wanted);
    if (Object.keys(found).length > 0) {
      show(form, { fields: found });
      return;
    }
    setBusy(true);
    try {
      await send<ApplicationItem>("POST", "/applications", wanted);
      announce(`${wanted.name} is protected now`);
      onDone();
    } catch (error) {
      show(form, fieldErrors(error, ["name", "upstream", "classification", "env"], "name"));
    } finally {
      setBusy(false);
    }
  }
  function show(form: HTMLFormElement, found: FieldErrors): void {
    setErrors(found);
    const first = Object.keys(found.fields)[0];
    if (first !== undefined) form.querySelector<HTMLElement>(`[name="${first}"]`)?.focus();
  }

  return (
    <form
      className="form"
      noValidate
      onSubmit={(event: SubmitEvent<HTMLFormElement>) => {
        event.preventDefault();
        void add(event.currentTarget);
      }}
    >
      <TextField
        name="name"
        label="Name"
        autoComplete="off"
        spellCheck={false}
        hint="The first part of its address: grafana opens at grafana and your domain."
        error={errors.fields["name"]}
      />
      <TextField
        name="upstream"
        label="Upstream"
        type="url"
        autoComplete="off"
        placeholder="http://localhost:3000"
        hint="Where it runs. Postern forwards what is allowed to there."
        error={errors.fields["upstream"]}
      />
      <SelectField
        name="classification"
        label="Classification"
        options={CLASSES}
        initial="internal"
        hint="Rules and freshness bounds go by it."
        error={errors.fields["classification"]}
      />
      <TextField
        name="env"
        label="Environment (optional)"
        autoComplete="off"
        placeholder="production"
        hint="Rules read it as resource.env."
        error={errors.fields["env"]}
      />
      {errors.form !== undefined && <ErrorNotice error={errors.form} what="The application was not added" />}
      <div className="form-actions">
        <Button kind="primary" type="submit" disabled={busy}>
          Add application
        </Button>
        <Button onClick={onDone}>Cancel</Button>
      </div>
      <p className="muted">
        A rule must allow it before anybody can open it. See <a href="/policies">Policies</a>.
      </p>
    </form>
  );
}

function check({ name, upstream }: AddApplication): Record<string, string> {
  const found: Record<string, string> = {};
  if (!/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name))
    found["name"] = "Use 1 to 63 of a to z, 0 to 9 and hyphen; no hyphen first or last.";
  if (!/^unix:./.test(upstream) && !isHttp(upstream))
    found["upstream"] = "Write a whole address, such as http://localhost:3000.";
  return found;
}

function isHttp(candidate: string): boolean {
  return URL.canParse(candidate) && /^https?:$/.test(new URL(candidate).protocol);
}
