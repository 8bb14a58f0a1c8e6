import { type InputHTMLAttributes, type ReactNode, useId } from "react";
import "./field.css";

interface FieldProps {
  readonly label: string;
  readonly hint?: ReactNode;
  /** What is wrong with it and what to write instead. */
  readonly error?: string | undefined;
}

interface Wiring {
  readonly id: string;
  readonly "aria-describedby": string | undefined;
  readonly "aria-invalid": true | undefined;
}

function Field({ label, hint, error, control }: FieldProps & { control: (wiring: Wiring) => ReactNode }) {
  const id = useId();
  const described = [hint === undefined ? "" : `${id}-hint`, error === undefined ? "" : `${id}-error`];
  const ids = described.filter((part) => part !== "").join(" ");
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {control({
        id,
        "aria-describedby": ids === "" ? undefined : ids,
        "aria-invalid": error === undefined ? undefined : true,
      })}
      {error !== undefined && (
        <p className="field-error" id={`${id}-error`}>
          <span aria-hidden="true">✕</span> {error}
        </p>
      )}
      {hint !== undefined && (
        <p className="field-hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}

/** A line of text with its label, its hint and what is wrong with it. */
export function TextField({
  label,
  hint,
  error,
  ...input
}: FieldProps & InputHTMLAttributes<HTMLInputElement>) {
  return (
    <Field
      label={label}
      hint={hint}
      error={error}
      control={(wiring) => <input type="text" {...input} {...wiring} />}
    />
  );
}

interface SelectFieldProps extends FieldProps {
  readonly name: string;
  readonly options: readonly (readonly [value: string, label: string])[];
  readonly initial: string;
}

/** One of a few. */
export function SelectField({ label, hint, error, name, options, initial }: SelectFieldProps) {
  return (
    <Field
      label={label}
      hint={hint}
      error={error}
      control={(wiring) => (
        <select name={name} defaultValue={initial} {...wiring}>
          {options.map(([value, text]) => (
            <option key={value} value={value}>
              {text}
            </option>
          ))}
        </select>
      )}
    />
  );
}
