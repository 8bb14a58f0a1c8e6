/**
 * The network for policies that ask for it while they are evaluated. An evaluation is synchronous, so a worker does the asking
 * and this thread sleeps until the answer is there.
 */
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { MessageChannel, receiveMessageOnPort, Worker } from "node:worker_threads";

/** What `http.send` sends. */
export interface HttpRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  readonly timeoutMs: number;
  readonly redirects: boolean;
  /** Hosts that a redirect may lead to. */
  readonly hosts: readonly string[];
  readonly tls: {
    readonly verify: boolean;
    readonly ca?: string;
    readonly cert?: string;
    readonly key?: string;
    readonly serverName?: string;
  };
}

export interface HttpResponse {
  readonly status: string;
  readonly statusCode: number;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, readonly string[]>>;
  readonly text: string;
}

export type Question =
  | { readonly ask: "http"; readonly request: HttpRequest }
  | { readonly ask: "lookup"; readonly name: string };

/** What the worker answers: a value, or why there is none. */
export type Answer<T> = { readonly value: T } | { readonly failed: string };

/** Beyond the time that a request itself is given. */
const GRACE_MS = 5_000;
const LOOKUP_MS = 30_000;

/** One worker, started with the first question. */
export class Network {
  #worker: Worker | undefined;

  http(request: HttpRequest): Answer<HttpResponse> {
    return this.#ask({ ask: "http", request }, request.timeoutMs + GRACE_MS) as Answer<HttpResponse>;
  }

  lookup(name: string, mostMs: number): Answer<readonly string[]> {
    return this.#ask({ ask: "lookup", name }, Math.min(LOOKUP_MS, mostMs)) as Answer<readonly string[]>;
  }

  #ask(question: Question, ms: number): Answer<unknown> {
    this.#worker ??= start();
    const { port1, port2 } = new MessageChannel();
    const signal = new Int32Array(new SharedArrayBuffer(4));
    this.#worker.postMessage({ question, signal, port: port2 }, [port2]);
    Atomics.wait(signal, 0, 0, ms);
    const received = receiveMessageOnPort(port1);
    port1.close();
    return received === undefined
      ? { failed: "request timed out" }
      : (received as { readonly message: Answer<unknown> }).message;
  }
}

function start(): Worker {
  // The worker stands beside this file, whether that is the source or what was built from it.
  const name = `./network-worker${extname(fileURLToPath(import.meta.url))}`;
  const worker = new Worker(new URL(name, import.meta.url));
  worker.unref();
  return worker;
}
