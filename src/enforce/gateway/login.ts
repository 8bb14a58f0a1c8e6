import * as openid from "openid-client";
import {
  type Clock,
  fromBase64Url,
  type IdSource,
  type Notify,
  newSecret,
  PosternError,
  sha256Hex,
} from "#kernel";
import { type ControlDialer, LINK_PATHS, type LinkClient, parseEntryAccepted, parseLoginClient } from "#link";
import type { View } from "#view";
import { ControlUnreachable, controlFetch } from "./control-fetch.ts";
import { type Cookie, setCookie } from "./cookies.ts";
import { rememberEntry, rememberedEntry } from "./entry-wait.ts";
import type { GatewayKeys } from "./keys.ts";
import { MOST_RETURN_CHARACTERS } from "./limits.ts";
import type { EnteredSite } from "./sites.ts";
import { makeTransactions, type Transactions } from "./transactions.ts";

export const CALLBACK_PATH = "/.postern/callback";

export interface LoginOptions {
  readonly view: View;
  readonly link: LinkClient;
  readonly keys: GatewayKeys;
  readonly control: ControlDialer;
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
  /**
   * What may go well in a moment, since control could not be asked: `here` by the same callback, whose code is not spent;
   * `anew` by another login, which asks nobody for anything as long as the login host knows its browser.
   */
  readonly again?: "here" | "anew";
  /** Where to start again: a path of this host. */
  readonly back: string;
  readonly cookies: readonly string[];
}

/** OpenID Connect for the gateway as a client of the login host: code flow with PKCE, state and nonce (OpenID Connect Core §3.1). */
export interface Login {
  /** Sends a browser to the login host. @throws PosternError `not_running` when that cannot be asked */
  begin(site: EnteredSite, back: string, held: readonly Cookie[]): Promise<LoginStep>;
  /**
   * Takes the browser's return, which this or another gateway of the instance began, and lets it in with a new cookie. The
   * view may not know that cookie yet: beside it goes the number of the change that carries it.
   */
  finish(site: EnteredSite, target: string, held: readonly Cookie[]): Promise<LoginStep | LoginFailure>;
}

/** What is learned from control once, and again after a failure. */
interface Provider {
  readonly config: openid.Configuration;
  readonly transactions: Transactions;
}

export function makeLogin(options: LoginOptions): Login {
  const { view, link, keys, clock, ids, notify } = options;
  let learned: { readonly issuer: string; readonly provider: Promise<Provider> } | undefined;

  async function provider(): Promise<Provider> {
    const issuer = view.instance()?.origins.login;
    if (issuer === undefined) throw new PosternError("not_running", "control has sent no state yet");
    if (learned?.issuer !== issuer) learned = { issuer, provider: learn(issuer) };
    const mine = learned.provider;
    try {
      const [known] = await Promise.all([mine, keys.announced()]);
      return known;
    } catch (cause) {
      if (learned?.provider === mine) learned = undefined;
      throw new PosternError("not_running", "the login host cannot be reached", { cause });
    }
  }

  async function learn(issuer: string): Promise<Provider> {
    const { clientId, sealKey } = parseLoginClient(await link.send(LINK_PATHS.loginClient, {}));
    const config = await openid.discovery(
      new URL(issuer),
      clientId,
      { id_token_signed_response_alg: "ES256" },
      openid.PrivateKeyJwt({ key: keys.privateKey, kid: keys.kid }),
      {
        [openid.customFetch]: controlFetch(options.control, issuer),
        ...(isLoopbackHttp(issuer) ? { execute: [openid.allowInsecureRequests] } : {}),
      },
    );
    return { config, transactions: makeTransactions(fromBase64Url(sealKey), clock, ids) };
  }

  return {
    async begin(site, back, held) {
      const { config, transactions } = await provider();
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
      let known: Provider;
      try {
        known = await provider();
      } catch (error) {
        notify({ event: "login-failed", message: `a login did not finish: ${describe(error)}` });
        return { why: "The sign-in service does not answer", again: "here", back: "/", cookies: [] };
      }
      const { config, transactions } = known;
      const url = new URL(site.origin + target);
      const states = url.searchParams.getAll("state");
      const [state = ""] = states;
      const transaction = states.length === 1 ? transactions.find(state, site.entryHost, held) : undefined;
      if (transaction === undefined)
        return {
          why: "This sign-in was not begun in this browser, or too long ago",
          back: "/",
          cookies: [],
        };
      const cookies = [transactions.end(state)];
      const { back } = transaction;
      let idToken: string | undefined;
      try {
        const tokens = await openid.authorizationCodeGrant(config, url, {
          pkceCodeVerifier: transaction.verifier,
          expectedState: transaction.state,
          expectedNonce: transaction.nonce,
          idTokenExpected: true,
        });
        idToken = tokens.id_token;
      } catch (error) {
        // a control that was restored does not know this boot's key
        const unknown = error instanceof openid.ResponseBodyError && error.error === "invalid_client";
        if (unknown) keys.announceAgain();
        notify({ event: "login-failed", message: `a login did not finish: ${describe(error)}` });
        if (unknown)
          return { why: "The sign-in service did not know this gateway", again: "anew", back, cookies };
        const unreachable = unreachableIn(error);
        if (unreachable?.unsent === true)
          return { why: "The sign-in service does not answer", again: "here", back, cookies: [] };
        if (unreachable !== undefined)
          return { why: "The sign-in service did not answer in time", again: "anew", back, cookies };
        return { why: "The login host did not confirm this sign-in", back, cookies };
      }
      const secret = newSecret(ids);
      try {
        const { number } = parseEntryAccepted(
          await link.send(LINK_PATHS.entries, {
            idToken,
            nonce: transaction.nonce,
            host: site.entryHost,
            cookieHash: sha256Hex(secret),
          }),
        );
        const rounds = (rememberedEntry(site, held)?.rounds ?? 0) + 1;
        const entered = [setCookie(site.cookie, secret), rememberEntry(site, { number, tries: 0, rounds })];
        return { location: site.origin + back, cookies: [...cookies, ...entered] };
      } catch (error) {
        notify({ event: "login-failed", message: `a login was not let in: ${describe(error)}` });
        const unreachable = error instanceof PosternError && error.code === "not_running";
        return {
          why: "Control did not let this sign-in in",
          ...(unreachable ? { again: "anew" as const } : {}),
          back,
          cookies,
        };
      }
    },
  };
}

/** What openid-client wraps. */
function unreachableIn(error: unknown): ControlUnreachable | undefined {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++)
    if (at instanceof ControlUnreachable) return at;
  return undefined;
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
