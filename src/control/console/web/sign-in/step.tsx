import { type ReactNode, useEffect, useRef } from "react";

interface StepProps {
  readonly title: string;
  /** It took the place of another step, so its heading takes the focus. */
  readonly moved?: boolean;
  readonly children: ReactNode;
}

/** One column, one question, one primary button. */
export function Step({ title, moved = false, children }: StepProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · Postern`;
    if (moved) heading.current?.focus();
  }, [title, moved]);
  return (
    <main className="card">
      <h1 ref={heading} tabIndex={-1}>
        {title}
      </h1>
      {children}
    </main>
  );
}

/** What to do next, with its commands set as code. */
export function NextStep({ text }: { readonly text: string }) {
  return (
    <p>{text.split("`").map((part, index) => (index % 2 === 0 ? part : <code key={part}>{part}</code>))}</p>
  );
}

/** What went wrong and what to do, said aloud when it comes. */
export function Trouble({ trouble }: { readonly trouble: { readonly what: string; readonly next: string } }) {
  return (
    <div className="trouble" role="alert">
      <p>
        <strong>{trouble.what}</strong>
      </p>
      <NextStep text={trouble.next} />
    </div>
  );
}
