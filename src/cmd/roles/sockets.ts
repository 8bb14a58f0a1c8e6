import { chmodSync, rmSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";

/**
 * Listens on a Unix socket that only this user can reach. A socket file left by a process that was
 * killed is replaced: the run folder belongs to one instance, which its supervisor made sure of.
 */
export async function listenOnSocket(path: string, listener: RequestListener): Promise<Server> {
  rmSync(path, { force: true });
  const server = createServer(
    { maxHeaderSize: 32 * 1024, requestTimeout: 0, keepAliveTimeout: 30_000 },
    listener,
  );
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, () => {
      server.off("error", reject);
      resolve();
    });
  });
  chmodSync(path, 0o600);
  return server;
}

/** Stops taking connections, gives those under way `graceMs`, then ends them. */
export async function closeServer(server: Server, graceMs: number): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), graceMs);
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
    server.closeIdleConnections();
  });
}
