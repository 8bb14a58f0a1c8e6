import { type Html, html } from "./html.ts";

/** A condition as a person sees it. */
export interface ChecklistItem {
  readonly state: "met" | "failed" | "unknown";
  /** In plain words: "Your device is managed by the company". */
  readonly label: string;
  /** What was seen: "12 hours ago", "no". */
  readonly actual?: string;
  /** The one thing that mends it, such as an `actionLink`. */
  readonly action?: Html;
}

const STATES: { readonly [state in ChecklistItem["state"]]: readonly [glyph: string, word: string] } = {
  met: ["✓", "Met"],
  failed: ["✕", "Not met"],
  unknown: ["?", "Not known"],
};

/** Conditions with their state as glyph and word, and what mends each. */
export function checklist(items: readonly ChecklistItem[]): Html {
  const rows = items.map(({ state, label, actual, action }) => {
    const [glyph, word] = STATES[state];
    return html`<li class="${state}"><span class="state"><span aria-hidden="true">${glyph}</span> ${word}</span><span class="condition">${label}${actual !== undefined && html`<span class="actual">Seen: ${actual}</span>`}</span>${action}</li>`;
  });
  return html`<ul class="checklist">${rows}</ul>`;
}

/** A link that is an act; `primary` for the one that most people want. */
export function actionLink(link: {
  readonly label: string;
  readonly href: string;
  readonly primary?: boolean;
}): Html {
  return html`<a class="${link.primary === true ? "button primary" : "button"}" href="${link.href}">${link.label}</a>`;
}

/** A row of buttons. */
export function actions(...buttons: readonly Html[]): Html {
  return html`<p class="actions">${buttons}</p>`;
}

/** The small line at the end with an id to quote: `idLine("Decision", id)`. */
export function idLine(label: string, id: string): Html {
  return html`<p class="id">${label} <code>${id}</code></p>`;
}

/** Styles of the stand-alone page. */
export const PARTS_CSS: string = `
body.door{min-height:100vh;min-height:100dvh;display:flex;padding:var(--space-4);font-size:var(--size-16)}
.card{margin:auto;width:100%;max-width:34rem;background:var(--surface-raised);border:1px solid var(--line);border-radius:var(--radius);padding:clamp(1rem,5vw,2rem);overflow-wrap:anywhere}
.card>*+*{margin-top:var(--space-4)}
.card h1{font-size:var(--size-28)}
.card h2{font-size:var(--size-16)}
.muted,.actual{color:var(--muted)}
.actions{display:flex;flex-wrap:wrap;gap:var(--space-2)}
.button{display:inline-flex;align-items:center;justify-content:center;gap:var(--space-2);min-height:2.5rem;padding:var(--space-1) var(--space-4);border:1px solid var(--line-strong);border-radius:var(--radius);background:var(--surface-raised);color:var(--text);font:600 var(--size-14)/1.2 var(--font);text-decoration:none;cursor:pointer}
.button:hover{background:var(--surface-sunken);color:var(--text)}
.button.primary{background:var(--accent);border-color:var(--accent);color:var(--accent-text)}
.button.primary:hover{background:var(--accent-hover);border-color:var(--accent-hover);color:var(--accent-text)}
.checklist{list-style:none;padding:0;border:1px solid var(--line);border-radius:var(--radius)}
.checklist li{display:flex;flex-wrap:wrap;align-items:baseline;gap:var(--space-1) var(--space-3);padding:var(--space-3)}
.checklist li+li{border-top:1px solid var(--line)}
.checklist .state{flex:0 0 6.5rem;font-size:var(--size-13);font-weight:600;color:var(--unknown)}
.checklist .met .state{color:var(--allow)}
.checklist .failed .state{color:var(--deny)}
.checklist .condition{flex:1 1 12rem}
.checklist .actual{display:block;font-size:var(--size-14)}
.id{color:var(--muted);font-size:var(--size-13)}
.card code{background:var(--surface-sunken);border-radius:3px;padding:.1em .3em}
.card pre{overflow-x:auto;background:var(--surface-sunken);border-radius:var(--radius);padding:var(--space-3)}
.card pre code{background:none;padding:0}
.id code{background:none;padding:0;user-select:all}
`;
