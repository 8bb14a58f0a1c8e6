/**
 * A person at a browser without a screen: cookies by host, redirects followed, and a passkey in software that makes
 * real WebAuthn ceremonies. For tests and benches that need many people, where a whole Chromium for each is too much;
 * that real browsers get in is shown by the tests with Chromium.
 */
import { type IncomingHttpHeaders, request as plainRequest } from "node:http";
import { request as tlsRequest } from "node:https";
import { type SoftwareAuthenticator, softwareAuthenticator } from "./software-authenticator.ts";

export interface VisitorAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly url: string;
}

export interface VisitorOptions {
  /** The address to connect to, whatever the host of a URL; 127.0.0.1 unless told otherwise. */
  readonly address?: string;
  /** PEM of the authority to trust, with https. */
  readonly authority?: string;
}

interface Sent {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

type PasskeyOptions = Parameters<SoftwareAuthenticator["create"]>[0];

const MOST_REDIRECTS = 15;

export class SoftwareVisitor {
  /** Where requests go; may be changed, as by a load balancer. */
  address: string;
  readonly #authority: string | undefined;
  readonly #cookies = new Map<string, Map<string, { readonly path: string; readonly value: string }>>();
  #passkey: SoftwareAuthenticator | undefined;

  constructor(options: VisitorOptions = {}) {
    this.address = options.address ?? "127.0.0.1";
    this.#authority = options.authority;
  }

  /** The same person with the same passkey, at a browser that knows nothing yet. */
  anew(): SoftwareVisitor {
    const fresh = new SoftwareVisitor({
      address: this.address,
      ...(this.#authority === undefined ? {} : { authority: this.#authority }),
    });
    fresh.#passkey = this.#passkey;
    return fresh;
  }

  /** The Cookie header that goes to `url`. */
  cookie(url: string): string {
    const { host, pathname } = new URL(url);
    return [...(this.#cookies.get(host) ?? [])]
      .filter(([, { path }]) => pathname.startsWith(path))
      .map(([name, { value }]) => `${name}=${value}`)
      .join("; ");
  }

  /** One request, with this visitor's cookies. */
  async send(url: string, sent: Sent = {}): Promise<VisitorAnswer> {
    const { protocol, host, hostname, port, pathname, search } = new URL(url);
    const secure = protocol === "https:";
    const cookie = this.cookie(url);
    return await new Promise((resolve, reject) => {
      const asking = (secure ? tlsRequest : plainRequest)(
        {
          host: this.address,
          port: port === "" ? (secure ? 443 : 80) : port,
          path: pathname + search,
          method: sent.method ?? "GET",
          agent: false,
          headers: {
            host,
            accept: "text/html,application/xhtml+xml",
            ...(cookie === "" ? {} : { cookie }),
            ...(sent.body === undefined ? {} : { "content-length": String(Buffer.byteLength(sent.body)) }),
            ...sent.headers,
          },
          ...(secure
            ? { servername: hostname, ...(this.#authority === undefined ? {} : { ca: this.#authority }) }
            : {}),
        },
        (response) => {
          let body = "";
          response.setEncoding("utf8");
          response.on("data", (text: string) => {
            body += text;
          });
          response.on("error", reject);
          response.on("end", () => {
            for (const line of response.headers["set-cookie"] ?? []) this.#keep(host, line);
            resolve({ status: response.statusCode ?? 0, headers: response.headers, body, url });
          });
        },
      );
      asking.setTimeout(30_000, () => asking.destroy(new Error(`no answer from ${url}`)));
      asking.on("error", (cause) =>
        reject(new Error(`${sent.method ?? "GET"} ${url}: ${cause.message}`, { cause })),
      );
      asking.end(sent.body);
    });
  }

  /** Goes to an address and wherever it leads, like a browser, signing in on the way when asked. */
  async open(url: string): Promise<VisitorAnswer> {
    let answer = await this.send(url);
    for (let i = 0; i < MOST_REDIRECTS; i++) {
      const { location } = answer.headers;
      if (answer.status >= 300 && answer.status < 400 && location !== undefined) {
        answer = await this.send(new URL(location, answer.url).href);
      } else if (new URL(answer.url).pathname.startsWith("/interaction/") && this.#passkey !== undefined) {
        answer = await this.send(await this.#signIn(answer.url));
      } else return answer;
    }
    throw new Error(`${url} leads on and on`);
  }

  /** Follows a setup link or an invitation: makes a passkey and a person of that name. */
  async enrol(link: string, name: string): Promise<void> {
    const url = new URL(link);
    await this.send(link);
    await this.#post(new URL("/enrol/open", url).href, { token: url.hash.slice(1) });
    const options = await this.#post<PasskeyOptions>(new URL("/enrol/options", url).href, {
      name,
      displayName: name,
    });
    this.#passkey = softwareAuthenticator(url.origin);
    const response = this.#passkey.create(options);
    await this.#post(new URL("/enrol/verify", url).href, { response });
  }

  /** Performs the ceremony of a sign-in page; returns where it goes next. */
  async #signIn(page: string): Promise<string> {
    const base = page.replace(/[?#].*$/, "");
    const options = await this.#post<PasskeyOptions>(`${base}/options`, {});
    const response = this.#passkey?.get(options);
    const { next } = await this.#post<{ readonly next: string }>(`${base}/verify`, { response });
    return new URL(next, page).href;
  }

  async #post<T = unknown>(url: string, value: unknown): Promise<T> {
    const { origin } = new URL(url);
    const answer = await this.send(url, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: "application/json",
        origin,
        "sec-fetch-site": "same-origin",
      },
      body: JSON.stringify(value),
    });
    if (answer.status !== 200) throw new Error(`${url} answered ${answer.status}: ${answer.body}`);
    return JSON.parse(answer.body) as T;
  }

  #keep(host: string, line: string): void {
    const [pair = "", ...attributes] = line.split(";").map((part) => part.trim());
    const cut = pair.indexOf("=");
    const name = pair.slice(0, cut);
    const value = pair.slice(cut + 1);
    const path = attributes.find((part) => /^path=/i.test(part))?.slice(5) ?? "/";
    const gone = attributes.some(
      (part) => /^max-age=0$/i.test(part) || /^expires=Thu, 01 Jan 1970/i.test(part),
    );
    const own =
      this.#cookies.get(host) ?? new Map<string, { readonly path: string; readonly value: string }>();
    this.#cookies.set(host, own);
    if (gone || value === "") own.delete(name);
    else own.set(name, { path, value });
  }
}
