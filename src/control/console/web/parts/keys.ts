import { useEffect, useRef } from "react";

/** What each key does, by `KeyboardEvent.key`; `Ctrl-K` stands for Ctrl or Command with K. */
export interface Keys {
  readonly [key: string]: () => void;
}

/**
 * Listens for keys on the whole page. Plain letters stay text in a field, and a dialog that is open has its
 * own keys; Esc in a field leaves the field first.
 */
export function useKeys(keys: Keys): void {
  const current = useRef(keys);
  useEffect(() => {
    current.current = keys;
  });
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.isComposing || event.altKey) return;
      const held = event.ctrlKey || event.metaKey;
      const act = current.current[held ? `Ctrl-${event.key.toUpperCase()}` : event.key];
      if (act === undefined) return;
      if (!held && (isField(event.target) || document.querySelector("dialog[open]") !== null)) return;
      event.preventDefault();
      act();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);
}

function isField(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && (target.isContentEditable || target.matches("input, select, textarea"))
  );
}
