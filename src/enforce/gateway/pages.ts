/** The gateway's own answers, each with what happened, in plain words, and a next step. */
import type { InstanceState } from "#link";
import { actionLink, actions, type ChecklistItem, checklist, type Html, html, idLine } from "#look";
import { type Decision, explain, type Input, type PolicySet } from "#policy";
import type { Answer } from "./answers.ts";
import { RETRY_AFTER_SECONDS } from "./limits.ts";

/** What the pages need to know of where they stand. */
export interface Place {
  readonly instance: InstanceState;
  /** Where "Try again" leads: a path of this host. */
  readonly again: string;
}

function home({ instance }: Place): string {
  return `${instance.origins.login}/`;
}

const homeLink = (place: Place): Html => actionLink({ label: "Your applications", href: home(place) });
const againLink = (place: Place): Html =>
  actionLink({ label: "Try again", href: place.again, primary: true });

/** A request that can be read in more than one way, or not at all. */
export function malformed(status: number, detail: string): Answer {
  const title = "This address can't be opened.";
  return {
    status,
    problem: "malformed",
    code: "input.malformed",
    title,
    detail,
    body: html`<p>The request was refused before anything was done: ${detail}.</p>${actions(actionLink({ label: "Go to the start page", href: "/", primary: true }))}`,
    headers: { connection: "close" },
  };
}

/** A host that is not of this instance (RFC 9110 §15.5.20). */
export function misdirected(): Answer {
  const title = "Nothing is served at this address.";
  const detail = "This host is not one that Postern answers for";
  return {
    status: 421,
    problem: "misdirected",
    code: "not_found",
    title,
    detail,
    body: html`<p>${detail}. Check the address, or ask the person who gave it to you.</p>`,
  };
}

/** A reserved path that is none of ours. */
export function nothingHere(place: Place): Answer {
  const title = "There is nothing here.";
  const detail = "Paths that begin with /.postern/ are Postern's own, and this is none of them";
  return {
    status: 404,
    problem: "not-found",
    code: "not_found",
    title,
    detail,
    body: html`<p>${detail}.</p>${actions(homeLink(place))}`,
  };
}

/** For somebody who is signed in. */
export function noApplication(place: Place): Answer {
  const title = "There is no application here.";
  const detail = "No application answers at this address";
  return {
    status: 404,
    problem: "not-found",
    code: "not_found",
    title,
    detail,
    body: html`<p>${detail}. It may have moved or been taken away.</p>${actions(actionLink({ label: "Your applications", href: home(place), primary: true }))}`,
  };
}

/** The same for every host: whether an application is there is nobody's business yet. */
export function unauthenticated(place: Place): Answer {
  const title = "Sign in to go on.";
  const detail = "This request carries no session; open the address in a browser to sign in";
  return {
    status: 401,
    problem: "unauthenticated",
    code: "unauthenticated",
    title,
    detail,
    body: html`<p>You are not signed in here, or no longer.</p>${actions(againLink(place), homeLink(place))}`,
    // RFC 9110 §11.6.1 asks for a challenge
    headers: { "www-authenticate": 'Postern realm="postern"' },
  };
}

/** Something of ours is not there just now. */
export function unavailable(
  place: Place | undefined,
  problem: {
    readonly name: string;
    readonly code: Answer["code"];
    readonly detail: string;
    readonly decision?: string;
    /** The page tries again by itself; `at` is another address than that of the request. */
    readonly byItself?: { readonly at?: string };
  },
): Answer {
  const { name, code, detail, decision, byItself } = problem;
  const title = "This can't be opened right now.";
  const again = byItself?.at ?? place?.again ?? "/";
  const next =
    byItself === undefined
      ? "Nothing is wrong with your account; try again in a moment."
      : "Nothing is wrong with your account. This page tries again by itself every few seconds.";
  return {
    status: 503,
    problem: name,
    code,
    title,
    detail,
    body: html`<p>${detail}. ${next}</p>${actions(actionLink({ label: byItself === undefined ? "Try again" : "Try again now", href: again, primary: true }), place === undefined ? html`` : homeLink(place))}${decision !== undefined && idLine("Decision", decision)}`,
    ...(byItself === undefined
      ? { headers: { "retry-after": String(RETRY_AFTER_SECONDS) } }
      : {
          retry: {
            seconds: RETRY_AFTER_SECONDS,
            ...(byItself.at === undefined ? {} : { url: byItself.at }),
          },
        }),
    ...(decision === undefined ? {} : { more: { decision } }),
  };
}

/** Somebody signed in, and the gateway has not heard of it yet. */
export function notYetEntered(place: Place, seconds: number, remember: string): Answer {
  const title = "Signing you in takes a moment longer.";
  const detail = "You are signed in, but word of it has not reached this door yet";
  return {
    status: 503,
    problem: "entry-pending",
    code: "view.stale",
    title,
    detail,
    body: html`<p>${detail}. This page opens by itself as soon as it has; it looks again in ${seconds} ${seconds === 1 ? "second" : "seconds"}.</p>${actions(actionLink({ label: "Try again now", href: place.again, primary: true }), homeLink(place))}`,
    headers: { "set-cookie": remember },
    retry: { seconds },
  };
}

/** This gateway was shut out of the instance, so that it may let nobody in; said to whoever can mend it. */
export function shutOut(place: Place, why: string, decision?: string): Answer {
  const title = "This gateway may not let anybody in.";
  const detail = `Control has shut this gateway out: ${why}`;
  return {
    status: 503,
    problem: "membership-ended",
    code: "member.revoked",
    title,
    detail,
    body: html`<p>${detail}.</p><p>Nothing is wrong with your account. If you run Postern: this gateway's membership was revoked or has ended, and everything is denied here until it joins anew with a token of <code>postern gateway token</code>.</p>${actions(actionLink({ label: "Try again", href: place.again, primary: true }))}${decision !== undefined && idLine("Decision", decision)}`,
    headers: { "retry-after": String(RETRY_AFTER_SECONDS) },
    ...(decision === undefined ? {} : { more: { decision } }),
  };
}

/** The application did not answer. */
export function badGateway(place: Place, application: string): Answer {
  const title = `${capital(application)} does not answer.`;
  const detail = "You may open it, but the application itself did not answer";
  return {
    status: 502,
    problem: "upstream-failed",
    code: "not_running",
    title,
    detail,
    body: html`<p>${detail}. Try again in a moment, and tell whoever runs it if it stays so.</p>${actions(againLink(place), homeLink(place))}`,
  };
}

/** A login that cannot be finished. */
export function loginFailed(place: Place, why: string): Answer {
  const title = "Sign-in did not finish.";
  return {
    status: 400,
    problem: "login-failed",
    code: "unauthenticated",
    title,
    detail: why,
    body: html`<p>${why}.</p><p class="muted">If this comes again and again, this browser may not keep secure cookies on plain http addresses: use another browser, or have Postern started with TLS.</p>${actions(actionLink({ label: "Start again", href: place.again, primary: true }), homeLink(place))}`,
  };
}

export interface Denial {
  readonly decision: Decision;
  readonly input: Input;
  readonly set: PolicySet;
  /** What people call it. */
  readonly title: string;
  readonly showRules: boolean;
}

/** The closed door: what does not hold, who to ask, and the decision's id to quote. */
export function denied(place: Place, denial: Denial): Answer {
  const { decision } = denial;
  const title = `You can't open ${denial.title} yet.`;
  const byRule = decision.rules.length > 0;
  const failed = decision.failed ?? [];
  const reasons = [...new Set(decision.reasons.map(({ message }) => message))];
  const items: ChecklistItem[] = failed.map(({ plain, actual }) =>
    actual === "not known" ? { state: "unknown", label: plain } : { state: "failed", label: plain, actual },
  );
  return {
    status: 403,
    problem: "denied",
    code: "denied",
    title,
    detail: reasons.join("; "),
    body: html`${byRule && reasons.map((reason) => html`<p>${reason}.</p>`)}${items.length > 0 && html`<p>${byRule ? "What was looked at:" : "These conditions do not hold:"}</p>${checklist(items)}`}${!byRule && items.length === 0 && html`<p>No rule lets you in.</p>`}<p>If you need it, ask an administrator and quote the decision below.</p>${actions(againLink(place), homeLink(place))}${denial.showRules && rulesOf(denial)}${idLine("Decision", decision.id)}`,
    more: {
      decision: decision.id,
      conditions: failed.map(({ fact, plain, actual }) => ({ fact, plain, actual })),
    },
  };
}

/** The text of the rules that decided or came nearest, for applications that say `explain: full`. */
function rulesOf({ input, set, decision }: Denial): Html {
  const sources = new Set([
    ...decision.rules.map(({ source }) => source),
    ...(decision.failed ?? []).map(({ source }) => source),
  ]);
  const rules = explain(input, set, decision.id).trace.filter(
    (rule) => sources.has(rule.source) || rule.steps.some((step) => sources.has(step.source)),
  );
  if (rules.length === 0) return html``;
  return html`<h2>Rules</h2>${rules.map((rule) => html`<pre><code>${rule.text}</code></pre><p class="muted">${rule.source}</p>`)}`;
}

/** Refused by the gateway itself, whatever the rules say. */
export function refused(
  place: Place,
  refusal: { readonly title: string; readonly detail: string; readonly decision: string },
): Answer {
  return {
    status: 403,
    problem: "denied",
    code: "denied",
    title: refusal.title,
    detail: refusal.detail,
    body: html`<p>${refusal.detail}.</p>${actions(homeLink(place))}${idLine("Decision", refusal.decision)}`,
    more: { decision: refusal.decision, conditions: [] },
  };
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
