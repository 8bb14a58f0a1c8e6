import { actionLink, actions, type Html, html, page } from "#look";
import type { Visitor } from "./assertion.ts";

/** A page of a demo application. */
export interface DemoPage {
  readonly path: string;
  readonly title: string;
  body(visitor: Visitor): Html;
}

/** Who reached the application, for the visitor to see what it was told. */
function identity(visitor: Visitor): Html {
  const rows: readonly (readonly [string, string])[] = [
    ["Name", visitor.name],
    ["Role", visitor.role ?? "not given"],
    ["Groups", visitor.groups.length === 0 ? "none" : visitor.groups.join(", ")],
    ["Application", visitor.application],
    ["Vouched for by", visitor.issuer],
    ["Until", new Date(visitor.expiresAt * 1_000).toISOString()],
  ];
  return html`<h2>Who reached this application</h2>
<ul class="checklist">${rows.map(([label, value]) => html`<li><span class="state">${label}</span><span class="condition">${value}</span></li>`)}</ul>
<p class="muted">This application read it from the signed <code>Postern-Assertion</code> header, which Postern added to your request.</p>`;
}

const home = html`${actions(actionLink({ label: "Back to the start", href: "/" }))}`;

export const WIKI: readonly DemoPage[] = [
  {
    path: "/",
    title: "The wiki",
    body: (
      visitor,
    ) => html`<p>Welcome. You came through your own small door: signed in once, and decided for this application alone.</p>
${identity(visitor)}
${actions(
  actionLink({ label: "Read the plans", href: "/plans", primary: true }),
  actionLink({ label: "House rules", href: "/rules" }),
  actionLink({ label: "A live page", href: "/clock" }),
)}`,
  },
  {
    path: "/plans",
    title: "The plans",
    body: () => html`<p>Move every internal tool behind its own door, one at a time. Begin with the one that worries you most.</p>
<p>Then write down, as rules, who needs what. Whoever is not named is not let in.</p>${home}`,
  },
  {
    path: "/rules",
    title: "House rules",
    body: () => html`<p>Be kind. Sign your edits. Ask before you delete what somebody else wrote.</p>${home}`,
  },
  {
    path: "/clock",
    title: "A live page",
    body: () => html`<p>The time at the server: <output id="clock">waiting</output></p>
<p class="muted">This connection stays open. End your session in the console, and watch it being cut at once.</p>
${home}<script src="/clock.js" defer></script>`,
  },
];

export const PAYROLL: readonly DemoPage[] = [
  {
    path: "/",
    title: "Payroll",
    body: (visitor) => html`<p>This month's salaries. They are made up, but restricted all the same.</p>
<ul class="checklist">
<li><span class="state">4,200</span><span class="condition">Bookkeeper</span></li>
<li><span class="state">5,100</span><span class="condition">Engineer</span></li>
<li><span class="state">3,900</span><span class="condition">Gardener</span></li>
</ul>
${identity(visitor)}`,
  },
];

/** The script of the live page: shows what `/events` sends, and says when the connection is cut. */
export const CLOCK_SCRIPT = `const output = document.getElementById("clock");
const source = new EventSource("/events");
source.onmessage = (event) => { output.textContent = event.data; };
source.onerror = () => { output.textContent = "cut off"; source.close(); };
`;

/** What somebody sees who did not come through Postern. */
export function refusal(): string {
  return page({
    title: "This demo only answers to Postern",
    body: html`<p>The request carried no valid <code>Postern-Assertion</code>, so this application does not know who you are.</p>
<p>Open it at its address under Postern instead; <code>postern app list</code> shows it.</p>`,
  });
}

export function notFound(): string {
  return page({ title: "There is no such page", body: home });
}
