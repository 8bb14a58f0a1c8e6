import { Search } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { useKeys } from "./keys.ts";
import "./field.css";

interface SearchFieldProps {
  /** What is searched: "Search decisions". */
  readonly label: string;
  readonly value: string | undefined;
  readonly onChange: (value: string | undefined) => void;
}

/** The search of a page; `/` goes to it, Esc leaves it. What is written counts 250 ms after the last key. */
export function SearchField({ label, value, onChange }: SearchFieldProps) {
  const input = useRef<HTMLInputElement>(null);
  const [text, setText] = useState(value ?? "");
  useKeys({ "/": () => input.current?.select() });
  useEffect(() => setText(value ?? ""), [value]);
  useEffect(() => {
    const next = text.trim() === "" ? undefined : text.trim();
    if (next === value) return;
    const timer = setTimeout(() => onChange(next), 250);
    return () => clearTimeout(timer);
  }, [text, value, onChange]);
  return (
    <span className="search">
      <Search size={16} aria-hidden="true" />
      <input
        ref={input}
        type="search"
        aria-label={label}
        placeholder={`${label} ( / )`}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== "Escape") return;
          // the browser would empty it
          event.preventDefault();
          event.currentTarget.blur();
        }}
      />
    </span>
  );
}
