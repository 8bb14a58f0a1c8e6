import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import {
  calculateJwkThumbprint,
  decodeJwt,
  decodeProtectedHeader,
  exportJWK,
  generateKeyPair,
  importJWK,
  jwtVerify,
  SignJWT,
} from "jose";
import { newSecret, PosternError, sha256Hex, systemClock, systemIds, toBase64Url } from "#kernel";
import {
  type ActivityReport,
  type EntityChange,
  type EntryRequest,
  type KeyAnnouncement,
  linkServer,
  localLink,
  type PageRequest,
  type Position,
  type StateMessage,
  type StatePage,
  type StateSource,
} from "#link";

/** State in memory with a numbered change log, as control's store keeps it. */
export class MemoryState implements StateSource {
  readonly epoch = "e1";
  readonly #entities = new Map<string, EntityChange>();
  readonly #changes: (StateMessage & { type: "change" })[] = [];
  readonly #listeners = new Set<() => void>();

  put(...entities: EntityChange[]): number {
    for (const entity of entities) this.#entities.set(`${entity.kind} ${entity.key}`, entity);
    const number = this.#changes.length + 1;
    this.#changes.push({ type: "change", epoch: this.epoch, number, entities });
    for (const listener of this.#listeners) listener();
    return number;
  }
  async head(): Promise<Position> {
    return await Promise.resolve({ epoch: this.epoch, number: this.#changes.length });
  }
  async page({ kinds, after, limit }: PageRequest): Promise<StatePage> {
    const entities = [...this.#entities.values()]
      .filter(({ kind, value }) => value !== null && (kinds?.includes(kind) ?? true))
      .sort((a, b) => compare(a, b))
      .filter((entity) => after === undefined || compare(entity, after) > 0)
      .slice(0, limit);
    return await Promise.resolve({ epoch: this.epoch, number: this.#changes.length, entities });
  }
  async startEpoch(): Promise<void> {
    await Promise.reject(new Error("nobody is ahead of this control"));
  }
  async changesAfter(after: Position, limit: number): Promise<(StateMessage & { type: "change" })[]> {
    return await Promise.resolve(this.#changes.slice(after.number, after.number + limit));
  }
  onCommit(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

interface Keyed {
  readonly kind: string;
  readonly key: string;
}

function compare(a: Keyed, b: Keyed): number {
  const [left, right] = a.kind === b.kind ? [a.key, b.key] : [a.kind, b.kind];
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Control as the gateway meets it: the link, an OpenID provider without people, and a console that shows what reached it. */
export interface Control {
  readonly state: MemoryState;
  readonly link: Server;
  readonly http: Server;
  readonly keys: KeyAnnouncement[];
  readonly entries: EntryRequest[];
  readonly activity: ActivityReport[];
  /** Requests that reached login host or console. */
  readonly seen: { method: string; url: string; headers: IncomingMessage["headers"]; rawHeaders: string[] }[];
  /** Names the head to every gateway. */
  beat(): void;
  /** What the provider does when a person has signed in: the address that the browser is sent back to. */
  approve(authorization: URL): string;
  /** The claims that the next ID token has beside those of the login. */
  claims: { [name: string]: string };
  /** The session that logins lead to. */
  session: string;
  /** Entries are made, and not for these gateways to know. */
  hidesEntries: boolean;
}

export async function makeControl(loginOrigin: string): Promise<Control> {
  const state = new MemoryState();
  const beats = new Set<() => void>();
  const signing = await generateKeyPair("ES256");
  const sealKey = systemIds.random(32);
  const codes = new Map<string, { nonce: string; challenge: string; redirect: string; client: string }>();

  const notAsked = async (): Promise<never> => await Promise.reject(new Error("not asked for"));
  const handleLink = linkServer({
    source: state,
    clock: systemClock,
    notify: () => undefined,
    schedule: {
      after: () => () => undefined,
      every(_ms, task) {
        beats.add(task);
        return () => beats.delete(task);
      },
    },
    handlers: {
      admit: () => undefined,
      onRevoked: () => () => undefined,
      join: notAsked,
      renew: notAsked,
      report: async () => await Promise.resolve(),
      records: async () => await Promise.resolve({ accepted: {} }),
      async entry(request) {
        control.entries.push(request);
        const { nonce } = decodeJwt(request.idToken);
        if (nonce !== request.nonce) throw new PosternError("unauthenticated", "another nonce");
        const value = { session: control.session, host: request.host };
        const number = control.hidesEntries
          ? state.put()
          : state.put({ kind: "entry", key: request.cookieHash, value });
        return await Promise.resolve({ number });
      },
      async activity(report) {
        control.activity.push(report);
        return await Promise.resolve();
      },
      async key(announcement) {
        control.keys.push(announcement);
        return await Promise.resolve();
      },
      loginClient: async () => await Promise.resolve({ clientId: "gateways", sealKey: toBase64Url(sealKey) }),
      connected: () => undefined,
      disconnected: () => undefined,
    },
  });

  async function answerToken(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const form = new URLSearchParams(await bodyOf(request));
    const code = codes.get(form.get("code") ?? "");
    codes.delete(form.get("code") ?? "");
    const assertion = form.get("client_assertion") ?? "";
    const { kid } = decodeProtectedHeader(assertion);
    const jwk = control.keys.find((announced) => announced.jwk["kid"] === kid)?.jwk;
    const client = await jwtVerify(assertion, await importJWK({ ...jwk }, "ES256"), {
      audience: loginOrigin,
    });
    const challenge = Buffer.from(sha256Hex(form.get("code_verifier") ?? ""), "hex").toString("base64url");
    if (
      code === undefined ||
      client.payload.sub !== code.client ||
      challenge !== code.challenge ||
      form.get("redirect_uri") !== code.redirect
    ) {
      answerJson(response, 400, { error: "invalid_grant" });
      return;
    }
    const idToken = await new SignJWT({ nonce: code.nonce, sid: control.session, ...control.claims })
      .setProtectedHeader({
        alg: "ES256",
        kid: await calculateJwkThumbprint(await exportJWK(signing.publicKey)),
      })
      .setIssuer(loginOrigin)
      .setAudience(control.claims["aud"] ?? code.client)
      .setSubject("usr_ada")
      .setIssuedAt()
      .setExpirationTime("2m")
      .sign(signing.privateKey);
    answerJson(response, 200, { access_token: "x", token_type: "Bearer", id_token: idToken });
  }

  const http = createServer((request, response) => {
    const url = new URL(request.url ?? "/", loginOrigin);
    if (url.pathname === "/.well-known/openid-configuration") {
      answerJson(response, 200, {
        issuer: loginOrigin,
        authorization_endpoint: `${loginOrigin}/auth`,
        token_endpoint: `${loginOrigin}/token`,
        jwks_uri: `${loginOrigin}/jwks`,
        response_types_supported: ["code"],
        token_endpoint_auth_methods_supported: ["private_key_jwt"],
        token_endpoint_auth_signing_alg_values_supported: ["ES256"],
        code_challenge_methods_supported: ["S256"],
        id_token_signing_alg_values_supported: ["ES256"],
        subject_types_supported: ["public"],
      });
      return;
    }
    if (url.pathname === "/token") {
      answerToken(request, response).catch((error: unknown) =>
        answerJson(response, 500, { error: "server_error", error_description: String(error) }),
      );
      return;
    }
    control.seen.push({
      method: request.method ?? "",
      url: request.url ?? "",
      headers: request.headers,
      rawHeaders: request.rawHeaders,
    });
    request.resume();
    response.setHeader("set-cookie", "__Host-postern-login=1; Path=/; Secure");
    answerJson(response, 200, { from: "control" });
  });

  const control: Control = {
    state,
    link: createServer(localLink(handleLink)),
    http,
    keys: [],
    entries: [],
    activity: [],
    seen: [],
    claims: {},
    session: "ses_ada",
    hidesEntries: false,
    beat() {
      for (const task of beats) task();
    },
    approve(authorization) {
      const parameter = (name: string): string => authorization.searchParams.get(name) ?? "";
      const code = newSecret(systemIds);
      codes.set(code, {
        nonce: parameter("nonce"),
        challenge: parameter("code_challenge"),
        redirect: parameter("redirect_uri"),
        client: parameter("client_id"),
      });
      const back = new URL(parameter("redirect_uri"));
      back.searchParams.set("code", code);
      back.searchParams.set("state", parameter("state"));
      back.searchParams.set("iss", loginOrigin);
      return back.href;
    },
  };
  return control;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request.setEncoding("utf8") as AsyncIterable<string>) text += chunk;
  return text;
}

function answerJson(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(value));
}
