import { request } from "node:http";
import { parseJson } from "#kernel";
import { type OperationsRole, operationsSocket } from "./open-operations.ts";

/** The same machine: an event loop that takes longer is not well. */
const ANSWER_MS = 4_000;
const MOST_ANSWER_LENGTH = 256 * 1024;

/** What a role's process said of its own readiness. */
export interface RoleAnswer {
  readonly ready: boolean;
  readonly name: string;
  readonly version: string;
  readonly uptimeSeconds: number;
  /** Its wall clock. */
  readonly now: number;
  readonly failed: readonly { readonly name: string; readonly why: string; readonly remedy: string }[];
  readonly facts: { readonly [name: string]: unknown };
}

/** Asks a role's process on this data folder how it is; undefined when none answers. */
export async function askOperations(run: string, role: OperationsRole): Promise<RoleAnswer | undefined> {
  let text: string;
  try {
    text = await answerOf(operationsSocket(run, role));
  } catch {
    return undefined; // no socket, no listener, or no answer in time: nothing there that could speak
  }
  return roleAnswer(parseJson(text, `the answer of the ${role}`));
}

async function answerOf(socketPath: string): Promise<string> {
  return await new Promise((resolve, reject) => {
    const sent = request(
      {
        socketPath,
        path: "/readyz?verbose",
        agent: false,
        headers: { host: "operations" },
        signal: AbortSignal.timeout(ANSWER_MS),
      },
      (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (chunk: string) => {
          text += chunk;
          if (text.length > MOST_ANSWER_LENGTH) response.destroy(new Error("the answer is too long"));
        });
        response.on("end", () => resolve(text));
        response.on("error", reject);
      },
    );
    sent.on("error", reject);
    sent.end();
  });
}

/** Another version of this program may answer: what is not as we know it is left out. */
function roleAnswer(value: unknown): RoleAnswer {
  const { ok, name, version, uptimeSeconds, now, checks, facts } = membersOf(value);
  return {
    ready: ok === true,
    name: String(name),
    version: String(version),
    uptimeSeconds: Number(uptimeSeconds),
    now: Number(now),
    failed: (Array.isArray(checks) ? checks.map(membersOf) : [])
      .filter((check) => check["ok"] !== true)
      .map((check) => ({
        name: String(check["name"]),
        why: String(check["why"]),
        remedy: String(check["remedy"]),
      })),
    facts: membersOf(facts),
  };
}

function membersOf(value: unknown): { readonly [name: string]: unknown } {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
}
