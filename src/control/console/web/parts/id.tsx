import { Copy } from "lucide-react";
import { shorten } from "../text/shorten.ts";
import { useAnnounce } from "./announce.tsx";
import { Button } from "./button.tsx";
import "./id.css";

/** An identifier, shortened in the middle; a click copies the whole of it. */
export function Id({ id, of = "id" }: { readonly id: string; readonly of?: string }) {
  const copy = useCopy();
  return (
    <button type="button" className="id-copy" title={`Copy ${id}`} onClick={() => void copy(id, of)}>
      <span className="visually-hidden">Copy {of} </span>
      <code>{shorten(id)}</code>
      <Copy size={13} aria-hidden="true" />
    </button>
  );
}

/** A value to hand on, whole, with its button. */
export function CopyField({ label, value }: { readonly label: string; readonly value: string }) {
  const copy = useCopy();
  return (
    <div className="copy-field">
      <input readOnly aria-label={label} value={value} onFocus={(event) => event.target.select()} />
      <Button icon={<Copy size={16} aria-hidden="true" />} onClick={() => void copy(value, label)}>
        Copy
      </Button>
    </div>
  );
}

/** A line to run elsewhere: shown whole, since whoever runs it should read it. */
export function CopyCommand({ label, command }: { readonly label: string; readonly command: string }) {
  const copy = useCopy();
  return (
    <div className="copy-command">
      <code>{command}</code>
      <Button icon={<Copy size={16} aria-hidden="true" />} onClick={() => void copy(command, label)}>
        Copy
      </Button>
    </div>
  );
}

function useCopy(): (text: string, of: string) => Promise<void> {
  const announce = useAnnounce();
  return async (text, of) => {
    try {
      await navigator.clipboard.writeText(text);
      announce(`Copied ${of}`);
    } catch {
      announce(`The browser did not let the ${of} be copied. Select it and copy it by hand.`);
    }
  };
}
