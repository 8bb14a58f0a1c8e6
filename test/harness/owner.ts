import { request } from "node:http";
import { join } from "node:path";

/** One request to the API of the owner of a data folder. Rejects when nobody answers. */
export async function askOwner(
  data: string,
  method: "GET" | "POST" | "DELETE",
  path: string,
  body?: unknown,
): Promise<{ readonly status: number; readonly value: unknown }> {
  const text = body === undefined ? undefined : JSON.stringify(body);
  return await new Promise((resolve, reject) => {
    const sent = request(
      {
        socketPath: join(data, "run", "owner.sock"),
        method,
        path: `/api/v1/${path}`,
        agent: false,
        headers: {
          host: "owner",
          ...(text === undefined
            ? {}
            : { "content-type": "application/json", "content-length": Buffer.byteLength(text) }),
        },
      },
      (response) => {
        let answer = "";
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => {
          answer += chunk;
        });
        response.on("error", reject);
        response.on("end", () =>
          resolve({
            status: response.statusCode ?? 0,
            value: answer === "" ? undefined : JSON.parse(answer),
          }),
        );
      },
    );
    sent.setTimeout(15_000, () => sent.destroy(new Error("no answer in time")));
    sent.on("error", reject);
    sent.end(text);
  });
}
