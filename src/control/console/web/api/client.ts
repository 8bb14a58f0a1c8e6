import type { Problem } from "#api";

/** An answer that is not what was asked for, in the terms of the API's problem documents. */
export class ApiError extends Error {
  readonly problem: Problem;
  constructor(problem: Problem) {
    super(problem.title);
    this.name = "ApiError";
    this.problem = problem;
  }
}

/** Asks for JSON of this origin. A failure of any kind is an `ApiError`. */
export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return await answer<T>(path, signal === undefined ? {} : { signal });
}

/** Changes something; `csrf` is the session's word that the request is its own. */
export async function send<T>(
  method: "POST" | "DELETE",
  path: string,
  csrf: string,
  body?: unknown,
): Promise<T> {
  return await answer<T>(path, {
    method,
    headers: {
      "X-CSRF-Token": csrf,
      ...(body === undefined ? {} : { "Content-Type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

/** Posts JSON to the login host, whose requests are known by their origin. */
export async function post<T>(path: string, body: unknown): Promise<T> {
  return await answer<T>(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
}

async function answer<T>(path: string, init: RequestInit): Promise<T> {
  const headers = new Headers(init.headers);
  headers.set("Accept", "application/json");
  let response: Response;
  try {
    response = await fetch(path, { ...init, headers, credentials: "same-origin", redirect: "error" });
  } catch (error) {
    if (init.signal?.aborted === true) throw error;
    throw new ApiError({
      type: "about:blank",
      title: "Postern can't be reached",
      status: 0,
      code: "unreachable",
      detail: "The request got no answer.",
      remedy: "Check that Postern runs and that you are online, then try again.",
    });
  }
  const text = await response.text();
  const value = parse(text);
  if (response.ok && value !== undefined) return value as T;
  if (response.ok && text === "") return undefined as T;
  throw new ApiError(isProblem(value) ? value : unexplained(response.status));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // what is not JSON has no answer in it; the caller reports that
    return undefined;
  }
}

function isProblem(value: unknown): value is Problem {
  return (
    typeof value === "object" &&
    value !== null &&
    "title" in value &&
    typeof value.title === "string" &&
    "code" in value &&
    typeof value.code === "string"
  );
}

function unexplained(status: number): Problem {
  return {
    type: "about:blank",
    title: status === 401 ? "You are signed out" : "The answer could not be read",
    status,
    code: status === 401 ? "unauthenticated" : "internal",
    detail: `The status was ${status}.`,
  };
}
