import { request } from "node:http";
import type { CustomFetch } from "openid-client";
import { PosternError } from "#kernel";
import { type ControlDialer, dialInto } from "#link";
import { LOGIN_ANSWER, MOST_CONTROL_REPEATS, MOST_LOGIN_ANSWER_BYTES } from "./limits.ts";

/** Control was not reached, or did not answer. */
export class ControlUnreachable extends PosternError {
  /** Whether nothing of a request that changes something can have arrived, so that it can be made once more. */
  readonly unsent: boolean;
  constructor(unsent: boolean, cause: unknown) {
    super("not_running", "control does not answer", { cause });
    this.unsent = unsent;
  }
}

/**
 * A `fetch` for openid-client that reaches the login host at whichever control node answers, whatever the address says but
 * its host. Each request has a connection of its own; what only reads is made again, what changes something never.
 * Redirects are answers like others, as openid-client asks for.
 */
export function controlFetch(dialer: ControlDialer, origin: string): CustomFetch {
  return async (address, options) => {
    const url = new URL(address);
    if (url.origin !== origin) throw new TypeError("only the login host is asked");
    const asked = {
      method: options.method,
      path: url.pathname + url.search,
      headers: { ...options.headers, host: url.host },
      body: bodyText(options.body),
    };
    for (let repeats = options.method === "GET" ? MOST_CONTROL_REPEATS : 0; ; repeats--) {
      try {
        return await exchange(dialer, asked);
      } catch (error) {
        if (repeats === 0 || !(error instanceof ControlUnreachable) || error.unsent) throw error;
      }
    }
  };
}

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: { readonly [name: string]: string };
  readonly body: string | undefined;
}

async function exchange(dialer: ControlDialer, { method, path, headers, body }: Asked): Promise<Response> {
  const length = body === undefined ? {} : { "content-length": Buffer.byteLength(body) };
  return await new Promise<Response>((resolve, reject) => {
    let connected = false;
    const sent = request(
      {
        createConnection: dialInto(dialer),
        method,
        path,
        headers: { ...headers, ...length },
        signal: AbortSignal.timeout(LOGIN_ANSWER),
      },
      (response) => {
        const chunks: Buffer[] = [];
        let size = 0;
        response.on("data", (chunk: Buffer) => {
          size += chunk.length;
          if (size > MOST_LOGIN_ANSWER_BYTES) response.destroy(new Error("the answer is too long"));
          else chunks.push(chunk);
        });
        response.on("error", (error) => reject(new ControlUnreachable(false, error)));
        response.on("end", () => {
          const status = response.statusCode ?? 502;
          const answered = new Headers();
          for (const [name, value] of Object.entries(response.headers)) {
            for (const one of Array.isArray(value) ? value : [value ?? ""]) answered.append(name, one);
          }
          const empty = status === 204 || status === 304;
          resolve(new Response(empty ? null : Buffer.concat(chunks), { status, headers: answered }));
        });
      },
    );
    sent.on("socket", () => {
      connected = true;
    });
    sent.on("error", (error) => reject(new ControlUnreachable(!connected, error)));
    sent.end(body);
  });
}

function bodyText(body: unknown): string | undefined {
  if (body === undefined || body === null) return undefined;
  if (typeof body === "string") return body;
  if (body instanceof URLSearchParams) return body.toString();
  throw new TypeError("openid-client sends forms and text only");
}
