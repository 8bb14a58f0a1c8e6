import "./outcome.css";

const OUTCOMES: { readonly [effect: string]: readonly [name: string, glyph: string, word: string] } = {
  allow: ["allow", "✓", "Allowed"],
  deny: ["deny", "✕", "Denied"],
  step_up: ["step-up", "↑", "Step up"],
};

/** What was decided, by glyph and word, and only then by colour. */
export function Outcome({ effect }: { readonly effect: string }) {
  const [name, glyph, word] = OUTCOMES[effect] ?? ["unknown", "?", "Unknown"];
  return <Mark kind={name} glyph={glyph} word={word} />;
}

/** Any state that has a colour: always with its glyph and word. */
export function Mark({ kind, glyph, word }: { kind: string; glyph: string; word: string }) {
  return (
    <span className={`mark ${kind}`}>
      <span aria-hidden="true">{glyph}</span> {word}
    </span>
  );
}
