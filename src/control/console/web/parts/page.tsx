import { type ReactNode, useEffect, useRef } from "react";
import "./page.css";

interface PageProps {
  readonly title: string;
  /** One sentence: what the page is for. */
  readonly purpose: ReactNode;
  /** Its main action. */
  readonly action?: ReactNode;
  readonly children: ReactNode;
}

/** A page of the console. Its heading takes the focus when the page is gone to, so that it is read out. */
export function Page({ title, purpose, action, children }: PageProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · Postern`;
  }, [title]);
  useEffect(() => {
    // a page that was loaded, rather than gone to, leaves the focus at its beginning
    if (document.activeElement !== document.body || history.state?.__TSR_index > 0)
      heading.current?.focus({ preventScroll: true });
  }, []);
  return (
    <div className="page">
      <header className="page-head">
        <div>
          <h1 ref={heading} tabIndex={-1}>
            {title}
          </h1>
          <p className="muted">{purpose}</p>
        </div>
        {action !== undefined && <div className="page-action">{action}</div>}
      </header>
      {children}
    </div>
  );
}

/** A part of a page under its own heading. */
export function Section({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <section className="section">
      <h2>{title}</h2>
      {children}
    </section>
  );
}

/** Names and values, one a line. */
export function Facts({ facts }: { facts: readonly (readonly [name: string, value: ReactNode])[] }) {
  return (
    <dl className="facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
