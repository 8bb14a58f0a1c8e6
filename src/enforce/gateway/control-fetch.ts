import { request } from "node:http";
import type { CustomFetch } from "openid-client";
import { LOGIN_ANSWER, MOST_LOGIN_ANSWER_BYTES } from "./limits.ts";

/**
 * A `fetch` for openid-client that reaches the login host on control's Unix socket, whatever the address says but its host.
 * Redirects are answers like others, as openid-client asks for.
 */
export function controlFetch(controlSocket: string, origin: string): CustomFetch {
  return async (address, options) => {
    const url = new URL(address);
    if (url.origin !== origin) throw new TypeError("only the login host is asked");
    const body = bodyText(options.body);
    return await new Promise<Response>((resolve, reject) => {
      const sent = request(
        {
          socketPath: controlSocket,
          method: options.method,
          path: url.pathname + url.search,
          headers: {
            ...options.headers,
            host: url.host,
            ...(body === undefined ? {} : { "content-length": Buffer.byteLength(body) }),
          },
          timeout: LOGIN_ANSWER,
        },
        (response) => {
          const chunks: Buffer[] = [];
          let size = 0;
          response.on("data", (chunk: Buffer) => {
            size += chunk.length;
            if (size > MOST_LOGIN_ANSWER_BYTES) sent.destroy(new Error("the answer is too long"));
            else chunks.push(chunk);
          });
          response.on("error", reject);
          response.on("end", () => {
            const status = response.statusCode ?? 502;
            const headers = new Headers();
            for (const [name, value] of Object.entries(response.headers)) {
              for (const one of Array.isArray(value) ? value : [value ?? ""]) headers.append(name, one);
            }
            const empty = status === 204 || status === 304;
            resolve(new Response(empty ? null : Buffer.concat(chunks), { status, headers }));
          });
        },
      );
      sent.on("timeout", () => sent.destroy(new Error("control did not answer in time")));
      sent.on("error", reject);
      sent.end(body);
    });
  };
}

function bodyText(body: unknown): string | undefined {
  if (body === undefined || body === null) return undefined;
  if (typeof body === "string") return body;
  if (body instanceof URLSearchParams) return body.toString();
  throw new TypeError("openid-client sends forms and text only");
}
