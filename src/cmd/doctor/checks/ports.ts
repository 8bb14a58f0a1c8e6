/** The port that browsers use: the gateway's, or free for it. */
import { connect, createServer } from "node:net";
import { type DoctorCheck, fine, problem } from "../check.ts";

const CONNECT_MS = 2_000;

export const ports: DoctorCheck = {
  name: "ports",
  title: "Port",
  async examine(patient) {
    const gateway = await patient.role("gateway");
    const listen = gateway?.facts["listen"];
    const port = gateway?.facts["port"];
    if (typeof listen === "string" && typeof port === "number") {
      const address = listen === "0.0.0.0" ? "127.0.0.1" : listen === "::" ? "::1" : listen;
      return (await connects(address, port))
        ? [fine(`${listen}, port ${port}: the gateway's`)]
        : [
            problem(
              `the gateway says that it listens on ${listen}, port ${port}, and nothing answers there`,
              "see whether a firewall of this machine is in the way: nft list ruleset; then restart the gateway",
            ),
          ];
    }
    const instance = await patient.instance();
    // only an instance of one machine serves on the machine that is examined
    if (instance?.scheme !== "http" || gateway !== undefined || !patient.servesHere) return [];
    const code = await listens("127.0.0.1", instance.port);
    if (code === undefined) return [fine(`port ${instance.port} is free for the gateway`)];
    return [
      problem(
        code === "EADDRINUSE"
          ? `port ${instance.port} is in use by another program`
          : `port ${instance.port} cannot be had (${code})`,
        code === "EADDRINUSE"
          ? `see which with ss -ltnp 'sport = :${instance.port}', or start with another: --port N`
          : "start with a port above 1023: --port 7400",
      ),
    ];
  },
};

async function connects(host: string, port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect({ host, port, timeout: CONNECT_MS });
    const end = (reached: boolean): void => {
      socket.destroy();
      resolve(reached);
    };
    socket.once("connect", () => end(true));
    socket.once("timeout", () => end(false));
    socket.once("error", () => end(false));
  });
}

async function listens(host: string, port: number): Promise<string | undefined> {
  return await new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}
