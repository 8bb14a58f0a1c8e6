import { Agent, type RequestOptions } from "node:http";
import { connect, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { PosternError } from "#kernel";

/** Makes connections to whichever control node answers. */
export interface ControlDialer {
  /**
   * A connection that is ready to be written to, and whose other end is control.
   * @throws PosternError `not_running` when no node answers
   */
  dial(): Promise<Socket>;
  /** Tells that the node at the other end of a connection does not serve, so that others are tried before it for a while. */
  avoid?(connection: Socket): void;
  /** Whether a connection is as one that was dialled now would be; absent: it is. One that is not carries no further request. */
  isCurrent?(connection: Duplex): boolean;
  /** Ends what is being dialled; connections made stay. */
  close(): void;
}

/** Dials the control of this machine. Its socket's folder, which is for one user alone, says who it is. */
export function unixDialer(path: string): ControlDialer {
  const dialling = new Set<Socket>();
  return {
    async dial() {
      const socket = connect(path);
      dialling.add(socket);
      try {
        await opened(socket, "connect");
        return socket;
      } catch (cause) {
        throw new PosternError("not_running", "control cannot be reached", { where: path, cause });
      } finally {
        dialling.delete(socket);
      }
    },
    close() {
      for (const socket of dialling) socket.destroy();
    },
  };
}

/**
 * Resolves once a socket emits `event`. It has a listener for errors from then on: one that comes before somebody takes it
 * must not end the process; whoever has it learns of it by its end.
 */
export async function opened(socket: Socket, event: "connect" | "secureConnect"): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    socket.once(event, resolve);
    socket.on("error", reject);
    socket.once("close", () => reject(new Error("the connection was closed at once")));
  });
}

/** Keeps connections to control open between requests, and dials for more. */
export function dialingAgent(dialer: ControlDialer): Agent {
  return new DialingAgent(dialer);
}

/** The `createConnection` of a request that has a connection of its own. */
export function dialInto(dialer: ControlDialer): NonNullable<RequestOptions["createConnection"]> {
  return (_options, connected) => {
    dial(dialer, connected);
    return undefined;
  };
}

class DialingAgent extends Agent {
  readonly #dialer: ControlDialer;
  constructor(dialer: ControlDialer) {
    super({ keepAlive: true, maxSockets: 64, maxFreeSockets: 16 });
    this.#dialer = dialer;
  }

  /** Whatever host a request names, all connections lead to the same place. */
  override getName(): string {
    return "control";
  }

  /** A connection is whose its certificate is, for as long as it is: one that was renewed must come in use. */
  override keepSocketAlive(socket: Duplex): boolean {
    if (this.#dialer.isCurrent?.(socket) === false) return false;
    // it says whether the other end lets it be kept, whatever its type
    const kept: unknown = super.keepSocketAlive(socket);
    return kept !== false;
  }

  override createConnection(
    _options: unknown,
    connected?: (error: Error | null, stream: Duplex) => void,
  ): undefined {
    dial(this.#dialer, connected ?? (() => undefined));
    return undefined;
  }
}

function dial(dialer: ControlDialer, connected: (error: Error | null, stream: Duplex) => void): void {
  dialer.dial().then(
    (socket) => connected(null, socket),
    (error: unknown) => connected(error instanceof Error ? error : new Error(String(error)), new Socket()),
  );
}
