import { type IncomingHttpHeaders, request } from "node:http";

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
  readonly body: string;
}

/**
 * One request to loopback, as a client that resolves nothing: `url`'s host goes into the Host header and
 * the connection to 127.0.0.1, or to the address that is given.
 */
export async function ask(
  url: string,
  options: {
    method?: string;
    headers?: Record<string, string | string[]>;
    body?: string;
    /** The gateway to ask, when it is not at 127.0.0.1. */
    address?: string;
  } = {},
): Promise<Answer> {
  const { host, port, pathname, search } = new URL(url);
  return await new Promise((resolve, reject) => {
    const sent = request(
      {
        host: options.address ?? "127.0.0.1",
        port,
        path: pathname + search,
        method: options.method ?? "GET",
        headers: { host, ...options.headers },
        agent: false,
      },
      (response) => {
        let body = "";
        response.setEncoding("utf8");
        response.on("data", (text: string) => {
          body += text;
        });
        response.on("end", () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            rawHeaders: response.rawHeaders,
            body,
          }),
        );
        response.on("error", reject);
      },
    );
    sent.on("error", reject);
    sent.end(options.body);
  });
}
