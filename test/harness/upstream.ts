import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { type WebSocket, WebSocketServer } from "ws";

/** An application of the tests' own: remembers every request that reached it, and echoes WebSocket messages. */
export interface Upstream {
  readonly url: string;
  readonly port: number;
  /** Every request that arrived, in order. */
  readonly seen: readonly Seen[];
  readonly sockets: ReadonlySet<WebSocket>;
  close(): Promise<void>;
}

export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly rawHeaders: readonly string[];
  readonly headers: IncomingMessage["headers"];
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
}

/** `GET /stream` sends an event every 50 ms until it is cut; `/cookies` tries to set cookies beyond its host; anything else answers with what it saw. */
export async function startUpstream(): Promise<Upstream> {
  const seen: Seen[] = [];
  const sockets = new Set<WebSocket>();
  const server: Server = createServer((request, response) => {
    seen.push({
      method: request.method ?? "",
      url: request.url ?? "",
      rawHeaders: [...request.rawHeaders],
      headers: request.headers,
      at: Date.now(),
    });
    if (request.url === "/stream") {
      response.writeHead(200, { "content-type": "text/event-stream" });
      const timer = setInterval(() => response.write(`data: ${Date.now()}\n\n`), 50);
      response.on("close", () => clearInterval(timer));
      return;
    }
    if (request.url === "/cookies") {
      response.setHeader("set-cookie", [
        "fine=1; Path=/",
        "__Host-postern=stolen; Path=/; Secure",
        "wide=1; Domain=postern.localhost; Path=/",
      ]);
    }
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ method: request.method, url: request.url, headers: request.headers }));
  });
  const websockets = new WebSocketServer({ server });
  websockets.on("connection", (socket, request) => {
    seen.push({
      method: "UPGRADE",
      url: request.url ?? "",
      rawHeaders: [...request.rawHeaders],
      headers: request.headers,
      at: Date.now(),
    });
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("message", (data: Buffer) => socket.send(data.toString("utf8")));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    seen,
    sockets,
    async close() {
      for (const socket of sockets) socket.terminate();
      websockets.close();
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
