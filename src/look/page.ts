import { sha256Hex } from "#kernel";
import { type Html, html } from "./html.ts";
import { PARTS_CSS } from "./parts.ts";
import { TOKENS_CSS } from "./tokens.ts";

/** A stand-alone page of one column. */
export interface PageContent {
  /** One sentence that says it: the heading, and the name of the tab. */
  readonly title: string;
  /** What follows the heading; always with a next step. */
  readonly body: Html;
  /** BCP 47; English unless given. */
  readonly lang?: string;
}

const PAGE_CSS: string = TOKENS_CSS + PARTS_CSS;

/** The style's CSP source: the page has this one style and no other. */
export const PAGE_STYLE_SOURCE: string = `'sha256-${Buffer.from(sha256Hex(PAGE_CSS), "hex").toString("base64")}'`;

/** The mark of Postern, as an image that needs no request. */
const ICON: string =
  "data:image/svg+xml," +
  encodeURIComponent(
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><path fill="#2156c9" d="M2 15V7a6 6 0 0 1 12 0v8h-4V8a2 2 0 0 0-4 0v7z"/></svg>',
  );

/** Renders a whole HTML document. It has no script and asks for no other file. */
export function page(content: PageContent): string {
  // the style is the program's own text, kept out of the template so that its bytes are those that were hashed
  const [head, rest] = shell(content).toString().split("<style></style>", 2);
  return `<!doctype html>\n${head ?? ""}<style>${PAGE_CSS}</style>${rest ?? ""}`;
}

function shell({ title, body, lang = "en" }: PageContent): Html {
  return html`<html lang="${lang}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><meta name="color-scheme" content="light dark"><meta name="robots" content="noindex"><title>${title} · Postern</title><link rel="icon" href="${ICON}"><style></style></head><body class="door"><main class="card"><h1>${title}</h1>${body}</main></body></html>`;
}

/** The headers that go with `page()`: nothing but its own style runs, nothing frames it, nothing keeps it. */
export function pageSecurityHeaders(): Record<string, string> {
  return {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy":
      `default-src 'none'; style-src ${PAGE_STYLE_SOURCE}; img-src data:; ` +
      "base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
  };
}
