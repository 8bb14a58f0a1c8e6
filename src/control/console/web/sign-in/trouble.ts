import type { ApiError } from "../api/client.ts";

/** What went wrong in plain words, and the next step. */
export interface Trouble {
  readonly what: string;
  /** Commands stand between backticks. */
  readonly next: string;
  /** The page cannot go on from here; else the same button tries again. */
  readonly over?: boolean;
}

type Kind = "setup" | "invite";

const NEW_LINK: { readonly [kind in Kind]: string } = {
  setup: "For a new one, run `npx postern setup-link` on the machine that Postern runs on.",
  invite: "Ask the person who invited you for a new one.",
};

/** Why a setup or invitation link cannot be used. */
export function linkTrouble(code: string, kind: Kind): Trouble | undefined {
  const next = NEW_LINK[kind];
  switch (code) {
    case "link.missing":
      return {
        what: "The link is not whole.",
        next: `Open the whole link again: its last part does not stay in the address bar. ${next}`,
        over: true,
      };
    case "link.unknown":
      return {
        what: "This link is not known here.",
        next: `It may be mistyped or replaced by a newer one. ${next}`,
        over: true,
      };
    case "link.used":
      return {
        what: "This link was used already.",
        next: `If it was you, sign in by opening your application. If not, tell an administrator. ${next}`,
        over: true,
      };
    case "link.expired":
      return { what: "This link has expired.", next, over: true };
    case "link.other_browser":
      return {
        what: "This link was opened in another browser.",
        next: `Go on there: only the first one that opens it can use it. ${next}`,
        over: true,
      };
    default:
      return undefined;
  }
}

/** Why a passkey could not be made or used, from the browser's error or the API's. */
export function passkeyTrouble(error: unknown, act: "create" | "use"): Trouble {
  const { name, code } = namesOf(error);
  if (code === "ERROR_AUTHENTICATOR_PREVIOUSLY_REGISTERED" || name === "InvalidStateError")
    return {
      what: "This device has a passkey for you already.",
      next: "Open your application and sign in with it, or choose another device.",
    };
  if (name === "NotAllowedError" || name === "AbortError")
    return act === "create"
      ? {
          what: "No passkey was created.",
          next: "The request was cancelled or took too long. Try again when you are ready.",
        }
      : {
          what: "No passkey was used.",
          next:
            "The request was cancelled, or this device has no passkey for here. Try again; " +
            "if your passkey is on your phone or a security key, choose that when the browser asks.",
        };
  if (name === "SecurityError")
    return {
      what: "The browser does not let this address use passkeys.",
      next: "Open the address exactly as Postern printed it, over https or on this machine.",
    };
  if (name === "NotSupportedError" || name === "ConstraintError")
    return {
      what: "This device cannot do what is needed.",
      next: "Use one with a screen lock, fingerprint or face, or a security key with a PIN.",
    };
  return apiTrouble(error, act);
}

function apiTrouble(error: unknown, act: "create" | "use"): Trouble {
  const problem = isApiError(error) ? error.problem : undefined;
  switch (problem?.code ?? "") {
    case "passkey.refused":
      return act === "create"
        ? { what: "This passkey was not accepted.", next: "Try again, or use another device." }
        : {
            what: "This passkey is not accepted here.",
            next: "It may belong to another place, or your access may have ended. Try another passkey, or ask an administrator for a new invitation.",
          };
    case "not_found":
      return {
        what: "This sign-in has expired.",
        next: "Open your application again to start a new one.",
        over: true,
      };
    case "rate_limited":
      return { what: "There were too many tries from this address.", next: "Wait a minute, then try again." };
    case "unreachable":
      return { what: "Postern can't be reached.", next: "Check that you are online, then try again." };
    default: {
      const said = problem?.title ?? "Something went wrong here";
      return {
        what: `${said.charAt(0).toUpperCase()}${said.slice(1)}.`,
        next: problem?.remedy ?? "Try again. If it stays so, tell an administrator.",
      };
    }
  }
}

/** Why passkeys cannot work here at all, if so. */
export function browserTrouble(secure: boolean, passkeys: boolean): Trouble | undefined {
  if (!secure)
    return {
      what: "This address is not secure, so the browser keeps passkeys from it.",
      next: "Open it over https, or on the machine that Postern runs on at an address ending in localhost.",
      over: true,
    };
  if (!passkeys)
    return {
      what: "This browser has no passkeys.",
      next: "Open this address in a current Chrome, Edge, Firefox or Safari.",
      over: true,
    };
  return undefined;
}

/** The API's code of an error; empty for any other. */
export function codeOf(error: unknown): string {
  return isApiError(error) ? error.problem.code : "";
}

function namesOf(error: unknown): { readonly name: string; readonly code: string } {
  if (!(error instanceof Error)) return { name: "", code: "" };
  return { name: error.name, code: "code" in error && typeof error.code === "string" ? error.code : "" };
}

function isApiError(error: unknown): error is ApiError {
  return error instanceof Error && error.name === "ApiError";
}
