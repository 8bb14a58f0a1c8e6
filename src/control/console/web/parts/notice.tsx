import type { ReactNode } from "react";
import { ApiError } from "../api/client.ts";
import { Button } from "./button.tsx";
import { Id } from "./id.tsx";
import "./notice.css";

/** Says what an empty place is for, and the command or button that fills it. */
export function Empty({ title, children }: { readonly title: string; readonly children?: ReactNode }) {
  return (
    <div className="empty">
      <p className="empty-title">{title}</p>
      {children}
    </div>
  );
}

interface ErrorNoticeProps {
  readonly error: unknown;
  /** What was being done: "The access log could not be read". */
  readonly what: string;
  /** What goes on in spite of it. */
  readonly stillWorks?: string;
  readonly retry?: () => void;
}

/** What happened, what still works, what to do. */
export function ErrorNotice({ error, what, stillWorks, retry }: ErrorNoticeProps) {
  const problem = error instanceof ApiError ? error.problem : undefined;
  const signedOut = problem?.status === 401;
  const why =
    problem === undefined
      ? String(error)
      : [problem.title, problem.detail].map((said) => (said === undefined ? "" : sentence(said))).join(" ");
  return (
    <div className="notice error" role="alert">
      <p>
        <strong>{what}.</strong> {signedOut ? "Your session has ended." : why}
      </p>
      {stillWorks !== undefined && <p>{stillWorks}</p>}
      {problem?.remedy !== undefined && !signedOut && <p>{sentence(problem.remedy)}</p>}
      {problem?.decision !== undefined && (
        <p className="muted">
          Decision <Id id={problem.decision} of="decision id" />
        </p>
      )}
      {signedOut ? (
        <Button onClick={() => location.reload()}>Sign in again</Button>
      ) : (
        retry !== undefined && <Button onClick={retry}>Try again</Button>
      )}
    </div>
  );
}

function sentence(text: string): string {
  const upper = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(upper) ? upper : `${upper}.`;
}
