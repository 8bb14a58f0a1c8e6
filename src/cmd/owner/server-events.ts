import type { IncomingMessage } from "node:http";
import { parseJson } from "#kernel";

/** Checks a value from outside. @throws PosternError when it is of another shape */
export type Check<T> = (candidate: unknown) => T;

/** The messages of a `text/event-stream` (WHATWG HTML §9.2), each one's data checked. Comments keep the line alive and say nothing. */
export async function* serverEvents<T>(
  response: IncomingMessage,
  check: Check<T>,
): AsyncGenerator<{ readonly raw: unknown; readonly value: T }> {
  response.setEncoding("utf8");
  let rest = "";
  let data: string[] = [];
  for await (const chunk of response as AsyncIterable<string>) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines.map((text) => text.replace(/\r$/, ""))) {
      if (line.startsWith("data:")) data.push(line.slice(5).replace(/^ /, ""));
      if (line !== "" || data.length === 0) continue;
      const raw = parseJson(data.join("\n"), "an event of Postern");
      data = [];
      yield { raw, value: check(raw) };
    }
  }
}
