/** A colour for each use, the same uses in both schemes. */
export interface Palette {
  /** The page. */
  readonly surface: string;
  /** Cards, tables, fields: what is read. */
  readonly "surface-raised": string;
  /** Code, a row under the pointer, a track. */
  readonly "surface-sunken": string;
  readonly text: string;
  readonly muted: string;
  /** Separates; carries no meaning. */
  readonly line: string;
  /** The edge of a field or button, which must be found. */
  readonly "line-strong": string;
  /** What can be acted on, and nothing else. */
  readonly accent: string;
  readonly "accent-hover": string;
  /** Text on the accent. */
  readonly "accent-text": string;
  readonly "accent-soft": string;
  readonly allow: string;
  readonly "allow-soft": string;
  readonly deny: string;
  readonly "deny-soft": string;
  readonly "step-up": string;
  readonly "step-up-soft": string;
  readonly unknown: string;
  readonly "unknown-soft": string;
  readonly shadow: string;
}

export const LIGHT: Palette = {
  surface: "#f6f7f8",
  "surface-raised": "#ffffff",
  "surface-sunken": "#eceef1",
  text: "#16191d",
  muted: "#555c66",
  line: "#d8dce1",
  "line-strong": "#7d8590",
  accent: "#2156c9",
  "accent-hover": "#1a459f",
  "accent-text": "#ffffff",
  "accent-soft": "#e6edfb",
  allow: "#00695f",
  "allow-soft": "#def2ee",
  deny: "#a80f3c",
  "deny-soft": "#fce8ed",
  "step-up": "#855600",
  "step-up-soft": "#fbf0d9",
  unknown: "#555c66",
  "unknown-soft": "#eceef1",
  shadow: "rgb(16 24 40 / 0.18)",
};

export const DARK: Palette = {
  surface: "#101317",
  "surface-raised": "#181c22",
  "surface-sunken": "#232932",
  text: "#e7eaee",
  muted: "#a3abb6",
  line: "#2c333d",
  "line-strong": "#737d8a",
  accent: "#8db2ff",
  "accent-hover": "#b0caff",
  "accent-text": "#0b1a38",
  "accent-soft": "#1c2a48",
  allow: "#4fd0bd",
  "allow-soft": "#12302d",
  deny: "#ff8a7c",
  "deny-soft": "#3d1b18",
  "step-up": "#f0c05a",
  "step-up-soft": "#362a10",
  unknown: "#a3abb6",
  "unknown-soft": "#232932",
  shadow: "rgb(0 0 0 / 0.6)",
};

function declarations(palette: Palette): string {
  return Object.entries(palette)
    .map(([name, value]) => `--${name}:${value};`)
    .join("");
}

/** The tokens as custom properties on `:root`, and the ground rules that every page starts from. */
export const TOKENS_CSS: string = `:root{color-scheme:light dark;${declarations(LIGHT)}
--font:system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;
--mono:ui-monospace,"SF Mono",SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace;
--size-13:.8125rem;--size-14:.875rem;--size-16:1rem;--size-20:1.25rem;--size-28:1.75rem;
--space-1:.25rem;--space-2:.5rem;--space-3:.75rem;--space-4:1rem;--space-5:1.25rem;--space-6:1.5rem;--space-8:2rem;--space-12:3rem;
--radius:6px;--row:2.25rem;--float:0 8px 28px var(--shadow);--motion:120ms}
@media(prefers-color-scheme:dark){:root{${declarations(DARK)}}}
*,*::before,*::after{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;background:var(--surface);color:var(--text);font:400 var(--size-14)/1.5 var(--font)}
h1,h2,h3{margin:0;line-height:1.2;font-weight:600;text-wrap:balance}
p{margin:0}
a{color:var(--accent);text-underline-offset:.15em}
a:hover{color:var(--accent-hover)}
code,pre,kbd,samp{font-family:var(--mono);font-size:.93em}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
@media(prefers-reduced-motion:reduce){*,*::before,*::after{transition-duration:0s!important;animation-duration:0s!important;animation-iteration-count:1!important;scroll-behavior:auto!important}}
`;
