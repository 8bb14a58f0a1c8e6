import { once } from "node:events";
import { createServer } from "node:net";

/** A port of loopback that was free a moment ago, with `count` free ones from it on. */
export async function freePort(count = 1): Promise<number> {
  for (let tries = 0; tries < 50; tries++) {
    const first = await probe(0);
    let free = true;
    for (let i = 1; i < count && free; i++) free = (await probe(first + i).catch(() => -1)) > 0;
    if (free && first + count < 65_536) return first;
  }
  throw new Error("no free port");
}

async function probe(port: number): Promise<number> {
  const server = createServer();
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address !== null ? address.port : -1;
}
