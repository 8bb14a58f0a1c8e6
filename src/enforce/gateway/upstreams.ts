import { Agent, type RequestOptions } from "node:http";
import { Agent as TlsAgent } from "node:https";
import { isIP } from "node:net";
import { basename, join } from "node:path";
import { PosternError } from "#kernel";

/** How an upstream is reached, for `node:http` or `node:https`. */
export interface Upstream {
  readonly secure: boolean;
  readonly options: RequestOptions & { readonly servername?: string };
}

/** Control's own sockets stand in the same folder; whoever could name them as an upstream would be the owner. */
const RESERVED: ReadonlySet<string> = new Set(["control.sock", "link.sock", "owner.sock"]);

/** Connections to upstreams, kept open between requests. */
export interface Upstreams {
  /** @throws PosternError `input.invalid` for what no upstream may be */
  resolve(upstream: string): Upstream;
  readonly control: Upstream;
  close(): void;
}

/** @param run the folder that `unix:` upstreams are in, and never out of */
export function makeUpstreams(run: string, controlSocket: string): Upstreams {
  const agent = new Agent({ keepAlive: true, maxFreeSockets: 64 });
  const tlsAgent = new TlsAgent({ keepAlive: true, maxFreeSockets: 64, minVersion: "TLSv1.2" });
  const control: Upstream = { secure: false, options: { socketPath: controlSocket, agent } };
  return {
    control,
    resolve(upstream) {
      if (upstream === "control") return control;
      if (upstream.startsWith("unix:")) {
        const name = upstream.slice("unix:".length);
        if (name === "" || name !== basename(name) || name.startsWith(".") || RESERVED.has(name))
          throw new PosternError("input.invalid", "the upstream is not a socket of the run folder");
        return { secure: false, options: { socketPath: join(run, name), agent } };
      }
      const url = URL.parse(upstream);
      if (url === null || (url.protocol !== "http:" && url.protocol !== "https:"))
        throw new PosternError("input.invalid", "the upstream is not an address");
      const secure = url.protocol === "https:";
      const hostname = url.hostname.replace(/^\[|\]$/g, "");
      return {
        secure,
        options: {
          host: hostname,
          port: url.port === "" ? (secure ? 443 : 80) : Number(url.port),
          agent: secure ? tlsAgent : agent,
          // Node would take the name from Host, which names the gateway's host
          ...(secure ? { servername: isIP(hostname) === 0 ? hostname : "" } : {}),
        },
      };
    },
    close() {
      agent.destroy();
      tlsAgent.destroy();
    },
  };
}
