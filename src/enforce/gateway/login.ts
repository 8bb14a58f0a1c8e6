import * as openid from "openid-client";
import { type Clock, type IdSource, type Notify, newSecret, PosternError, sha256Hex } from "#kernel";
import { LINK_PATHS, type LinkClient, parseEntryAccepted } from "#link";
import type { View } from "#view";
import { controlFetch } from "./control-fetch.ts";
import { type Cookie, setCookie } from "./cookies.ts";
import type { GatewayKeys } from "./keys.ts";
import { ENTRY_WAIT, MOST_RETURN_CHARACTERS } from "./limits.ts";
import type { EnteredSite } from "./sites.ts";
import { makeTransactions } from "./transactions.ts";

export const CALLBACK_PATH = "/.postern/callback";

export interface LoginOptions {
  readonly view: View;
  readonly link: LinkClient;
  readonly keys: GatewayKeys;
  /** The gateway's name. */
  readonly name: string;
  readonly controlSocket: string;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly notify: Notify;
}

/** Where the browser goes next, and the cookies that it gets. */
export interface LoginStep {
  readonly location: string;
  readonly cookies: readonly string[];
}

/** Why a callback did not let anybody in. */
export interface LoginFailure {
  readonly why: string;
  /** Whether control could not be asked, so that it may go well in a moment. */
  readonly unavailable: boolean;
  /** Where to start again. */
  readonly back: string;
  readonly cookies: readonly string[];
}

/** OpenID Connect for the gateway as a client of the login host: code flow with PKCE, state and nonce (OpenID Connect Core §3.1). */
export interface Login {
  /** Sends a browser to the login host. @throws PosternError `not_running` when that cannot be asked */
  begin(site: EnteredSite, back: string, held: readonly Cookie[]): Promise<LoginStep>;
  /** Takes the browser's return and lets it in with a new cookie. */
  finish(site: EnteredSite, target: string, held: readonly Cookie[]): Promise<LoginStep | LoginFailure>;
}

export function makeLogin(options: LoginOptions): Login {
  const { view, link, keys, clock, ids, notify } = options;
  const transactions = makeTransactions(clock, ids);
  let discovered: { readonly issuer: string; readonly config: Promise<openid.Configuration> } | undefined;

  async function configuration(): Promise<openid.Configuration> {
    const issuer = view.instance()?.origins.login;
    if (issuer === undefined) throw new PosternError("not_running", "control has sent no state yet");
    if (discovered?.issuer !== issuer) discovered = { issuer, config: discover(issuer) };
    const { config } = discovered;
    try {
      const [configured] = await Promise.all([config, keys.announced()]);
      return configured;
    } catch (cause) {
      if (discovered?.config === config) discovered = undefined;
      throw new PosternError("not_running", "the login host cannot be reached", { cause });
    }
  }

  async function discover(issuer: string): Promise<openid.Configuration> {
    return await openid.discovery(
      new URL(issuer),
      `gateway:${options.name}`,
      { id_token_signed_response_alg: "ES256" },
      openid.PrivateKeyJwt({ key: keys.privateKey, kid: keys.kid }),
      {
        [openid.customFetch]: controlFetch(options.controlSocket, issuer),
        ...(isLoopbackHttp(issuer) ? { execute: [openid.allowInsecureRequests] } : {}),
      },
    );
  }

  return {
    async begin(site, back, held) {
      const config = await configuration();
      const transaction = {
        state: newSecret(ids),
        nonce: newSecret(ids),
        verifier: newSecret(ids),
        back: back.length > MOST_RETURN_CHARACTERS ? "/" : back,
        host: site.entryHost,
      };
      const url = openid.buildAuthorizationUrl(config, {
        redirect_uri: site.origin + CALLBACK_PATH,
        scope: "openid",
        response_type: "code",
        code_challenge: await openid.calculatePKCECodeChallenge(transaction.verifier),
        code_challenge_method: "S256",
        state: transaction.state,
        nonce: transaction.nonce,
      });
      return { location: url.href, cookies: transactions.begin(transaction, held) };
    },

    async finish(site, target, held) {
      const url = new URL(site.origin + target);
      const states = url.searchParams.getAll("state");
      const [state = ""] = states;
      const transaction = states.length === 1 ? transactions.find(state, site.entryHost, held) : undefined;
      if (transaction === undefined)
        return {
          why: "This sign-in was not begun in this browser, or too long ago",
          unavailable: false,
          back: "/",
          cookies: [],
        };
      const cookies = [transactions.end(state)];
      const { back } = transaction;
      let idToken: string | undefined;
      try {
        const tokens = await openid.authorizationCodeGrant(await configuration(), url, {
          pkceCodeVerifier: transaction.verifier,
          expectedState: transaction.state,
          expectedNonce: transaction.nonce,
          idTokenExpected: true,
        });
        idToken = tokens.id_token;
      } catch (error) {
        const unavailable = error instanceof PosternError && error.code === "not_running";
        // a control that was restored does not know this boot's key
        if (error instanceof openid.ResponseBodyError && error.error === "invalid_client")
          keys.announceAgain();
        notify({ event: "login-failed", message: `a login did not finish: ${describe(error)}` });
        return { why: "The login host did not confirm this sign-in", unavailable, back, cookies };
      }
      const secret = newSecret(ids);
      try {
        const accepted = parseEntryAccepted(
          await link.send(LINK_PATHS.entries, {
            idToken,
            nonce: transaction.nonce,
            host: site.entryHost,
            cookieHash: sha256Hex(secret),
          }),
        );
        // without it the next request would find no entry and begin the login anew
        if (!(await view.waitFor(accepted.number, ENTRY_WAIT)))
          return { why: "The gateway is behind control", unavailable: true, back, cookies };
      } catch (error) {
        const unavailable = error instanceof PosternError && error.code === "not_running";
        notify({ event: "login-failed", message: `a login was not let in: ${describe(error)}` });
        return { why: "Control did not let this sign-in in", unavailable, back, cookies };
      }
      return { location: site.origin + back, cookies: [...cookies, setCookie(site.cookie, secret)] };
    },
  };
}

/** Plain http stays on this machine there, and browsers treat it as secure. */
function isLoopbackHttp(issuer: string): boolean {
  const { protocol, hostname } = new URL(issuer);
  return (
    protocol === "http:" &&
    (hostname === "localhost" ||
      hostname.endsWith(".localhost") ||
      hostname === "[::1]" ||
      /^127(?:\.\d+){3}$/.test(hostname))
  );
}

/** Names of errors, for operators; neither codes nor tokens. */
function describe(error: unknown): string {
  if (error instanceof openid.ResponseBodyError) return error.error;
  if (error instanceof openid.AuthorizationResponseError) return error.error;
  if (error instanceof PosternError) return `${error.code}: ${error.message}`;
  return error instanceof Error ? error.message : "unknown error";
}
