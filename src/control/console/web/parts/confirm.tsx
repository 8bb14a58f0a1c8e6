import { type ReactNode, useEffect, useId, useRef, useState } from "react";
import { useAnnounce } from "./announce.tsx";
import { Button } from "./button.tsx";
import { ErrorNotice } from "./notice.tsx";
import "./dialog.css";

interface ConfirmProps {
  /** The question: "Disable Bob?" */
  readonly title: string;
  /** What will happen to whom. */
  readonly children: ReactNode;
  /** The verb on the button. */
  readonly verb: string;
  readonly act: () => Promise<unknown>;
  /** Said when it is done: "Bob is disabled". */
  readonly done: string;
  readonly onClose: () => void;
}

/** Asks before what ends or removes something, and stays until it is done or has failed. */
export function ConfirmDialog({ title, children, verb, act, done, onClose }: ConfirmProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  const announce = useAnnounce();
  const [state, setState] = useState<{ readonly busy: boolean; readonly error?: unknown }>({ busy: false });
  useEffect(() => dialog.current?.showModal(), []);

  async function go(): Promise<void> {
    setState({ busy: true });
    try {
      await act();
      announce(done);
      dialog.current?.close();
    } catch (error) {
      setState({ busy: false, error });
    }
  }

  return (
    <dialog
      ref={dialog}
      className="dialog"
      aria-labelledby={id}
      aria-describedby={`${id}-what`}
      onClose={onClose}
    >
      <h2 id={id}>{title}</h2>
      <div className="dialog-what" id={`${id}-what`}>
        {children}
      </div>
      {state.error !== undefined && <ErrorNotice error={state.error} what="Nothing was changed" />}
      <div className="form-actions">
        <Button onClick={() => dialog.current?.close()}>Cancel</Button>
        <Button kind="danger" disabled={state.busy} onClick={() => void go()}>
          {verb}
        </Button>
      </div>
    </dialog>
  );
}
