import { X } from "lucide-react";
import { type ReactNode, useEffect, useId, useRef } from "react";
import { Button } from "./button.tsx";
import { useKeys } from "./keys.ts";
import "./panel.css";

interface PanelProps {
  readonly title: ReactNode;
  /** What is shown; when it changes, the heading takes the focus. */
  readonly of: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
}

/** Details beside what they belong to; over it where there is no room. Esc closes it. */
export function Panel({ title, of, onClose, children }: PanelProps) {
  const id = useId();
  const heading = useRef<HTMLHeadingElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: something else is shown
  useEffect(() => heading.current?.focus({ preventScroll: true }), [of]);
  useKeys({ Escape: onClose });
  return (
    <aside className="panel" aria-labelledby={id}>
      <div className="panel-head">
        <h2 id={id} ref={heading} tabIndex={-1}>
          {title}
        </h2>
        <Button kind="quiet" icon={<X size={16} aria-hidden="true" />} onClick={onClose}>
          Close
        </Button>
      </div>
      <div className="panel-body">{children}</div>
    </aside>
  );
}

/** A list, and a panel beside it when there is one. */
export function Beside({ panel, children }: { readonly panel: ReactNode; readonly children: ReactNode }) {
  return (
    <div className="beside">
      <div className="beside-main">{children}</div>
      {panel}
    </div>
  );
}
