import { createServer } from "node:net";
import { PosternError } from "#kernel";

/** The least port that needs no privilege. */
const FIRST_FREE = 1_024;
const TRIES = 50;

/**
 * Finds the port to serve on: the wanted one, or with 0 any that is free, `count` in a row.
 * @throws PosternError `port.busy`, with one that is free
 */
export async function choosePort(wanted: number, address: string, count: number): Promise<number> {
  if (wanted === 0) return await freePorts(address, count, 0);
  const refusal = await refusalOf(wanted, address, count);
  if (refusal === undefined) return wanted;
  const { port, code } = refusal;
  if (code === "EADDRNOTAVAIL") {
    throw new PosternError("input.invalid", `this machine has no address ${address}`, {
      where: `--listen ${address}`,
      remedy: "--listen with an address that ip -brief address shows",
    });
  }
  if (code === "EACCES") {
    throw new PosternError("port.busy", `port ${port} needs a privilege that this user has not`, {
      where: `${address}:${port}`,
      remedy: `npm start -- --port ${await freePorts(address, count, FIRST_FREE + 6_376)}`,
    });
  }
  throw new PosternError("port.busy", `port ${port} is in use by another program`, {
    where: `${address}:${port}`,
    remedy: `npm start -- --port ${await freePorts(address, count, wanted + count)}`,
  });
}

async function freePorts(address: string, count: number, from: number): Promise<number> {
  for (let i = 0; i < TRIES; i++) {
    const first = from === 0 ? await anyPort(address) : from + i;
    if (first + count <= 65_536 && (await refusalOf(first, address, count)) === undefined) return first;
  }
  throw new PosternError("port.busy", "no free port was found", { where: address, remedy: "--port N" });
}

async function refusalOf(
  port: number,
  address: string,
  count: number,
): Promise<{ readonly port: number; readonly code: string } | undefined> {
  for (let each = port; each < port + count; each++) {
    const code = await tryPort(each, address);
    if (code !== undefined) return { port: each, code };
  }
  return undefined;
}

/** The error code of listening on a port, or undefined when it worked. */
async function tryPort(port: number, address: string): Promise<string | undefined> {
  return await new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? "unknown"));
    server.listen({ port, host: address, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}

async function anyPort(address: string): Promise<number> {
  return await new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen({ port: 0, host: address }, () => {
      const bound = server.address();
      server.close(() => resolve(typeof bound === "object" && bound !== null ? bound.port : 0));
    });
  });
}
