import { Plus, X } from "lucide-react";
import { type ReactNode, useId, useRef, useState } from "react";
import "./chip.css";

/** A row of filters. */
export function Chips({ label, children }: { readonly label: string; readonly children: ReactNode }) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset would need its legend shown
    <div className="chips" role="group" aria-label={label}>
      {children}
    </div>
  );
}

/** A filter that is on or off. */
export function ToggleChip(props: {
  readonly on: boolean;
  readonly onToggle: () => void;
  readonly children: ReactNode;
}) {
  return (
    <button type="button" className="chip" aria-pressed={props.on} onClick={props.onToggle}>
      {props.children}
      {props.on && <X size={13} aria-hidden="true" />}
    </button>
  );
}

interface ValueChipProps {
  /** What it filters by: "Person". */
  readonly name: string;
  readonly value: string | undefined;
  readonly onChange: (value: string | undefined) => void;
  /** Values to choose from; any other may be written. */
  readonly known: readonly string[];
}

/** A filter by a value: a button that asks for it, then the value with a cross to take it away. */
export function ValueChip({ name, value, onChange, known }: ValueChipProps) {
  const [asking, setAsking] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const list = useId();
  const done = (chosen: string | undefined): void => {
    setAsking(false);
    if (chosen !== undefined) onChange(chosen);
    requestAnimationFrame(() => button.current?.focus());
  };
  if (asking)
    return (
      <form
        className="chip asking"
        onSubmit={(event) => {
          event.preventDefault();
          const written = new FormData(event.currentTarget).get("value");
          done(typeof written === "string" && written.trim() !== "" ? written.trim() : undefined);
        }}
      >
        <label>
          {name}
          <input
            name="value"
            list={list}
            // biome-ignore lint/a11y/noAutofocus: it was asked for by the button that it replaces
            autoFocus
            autoComplete="off"
            onKeyDown={(event) => event.key === "Escape" && done(undefined)}
            onBlur={(event) => event.target.value === "" && setAsking(false)}
          />
        </label>
        <datalist id={list}>
          {known.map((item) => (
            <option key={item} value={item} />
          ))}
        </datalist>
      </form>
    );
  if (value === undefined)
    return (
      <button ref={button} type="button" className="chip" onClick={() => setAsking(true)}>
        <Plus size={13} aria-hidden="true" />
        {name}
      </button>
    );
  return (
    <button
      ref={button}
      type="button"
      className="chip"
      aria-pressed="true"
      onClick={() => onChange(undefined)}
    >
      {name}: {value}
      <X size={13} aria-hidden="true" />
      <span className="visually-hidden"> (remove this filter)</span>
    </button>
  );
}
