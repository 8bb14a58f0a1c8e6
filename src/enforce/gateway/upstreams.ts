import { Agent, type RequestOptions } from "node:http";
import { Agent as TlsAgent } from "node:https";
import { isIP } from "node:net";
import { basename, join } from "node:path";
import { PosternError } from "#kernel";
import { type ControlDialer, dialInto, dialingAgent } from "#link";

/** Options for `node:http` or `node:https`. */
export type UpstreamOptions = RequestOptions & { readonly servername?: string };

/** How an upstream is reached. */
export interface Upstream {
  readonly secure: boolean;
  /** Control, any node of which answers like any other. */
  readonly isControl: boolean;
  /** Over a connection that may have been used before. */
  readonly options: UpstreamOptions;
  /** Over one of its own. */
  readonly fresh: UpstreamOptions;
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

/**
 * @param run the folder that `unix:` upstreams are in, and never out of
 * @param dialer makes connections to whichever control node answers
 */
export function makeUpstreams(run: string, dialer: ControlDialer): Upstreams {
  const agent = new Agent({ keepAlive: true, maxFreeSockets: 64 });
  const tlsAgent = new TlsAgent({ keepAlive: true, maxFreeSockets: 64, minVersion: "TLSv1.2" });
  const controlAgent = dialingAgent(dialer);
  // people who read slowly must not keep others waiting; how many there may be is limited before it comes to this
  controlAgent.maxSockets = Number.POSITIVE_INFINITY;
  const control: Upstream = {
    secure: false,
    isControl: true,
    options: { agent: controlAgent },
    fresh: { createConnection: dialInto(dialer) },
  };
  return {
    control,
    resolve(upstream) {
      if (upstream === "control") return control;
      if (upstream.startsWith("unix:")) {
        const name = upstream.slice("unix:".length);
        if (name === "" || name !== basename(name) || name.startsWith(".") || RESERVED.has(name))
          throw new PosternError("input.invalid", "the upstream is not a socket of the run folder");
        const options = { socketPath: join(run, name) };
        return {
          secure: false,
          isControl: false,
          options: { ...options, agent },
          fresh: { ...options, agent: false },
        };
      }
      const url = URL.parse(upstream);
      if (url === null || (url.protocol !== "http:" && url.protocol !== "https:"))
        throw new PosternError("input.invalid", "the upstream is not an address");
      const secure = url.protocol === "https:";
      const hostname = url.hostname.replace(/^\[|\]$/g, "");
      const options = {
        host: hostname,
        port: url.port === "" ? (secure ? 443 : 80) : Number(url.port),
        // Node would take the name from Host, which names the gateway's host
        ...(secure ? { servername: isIP(hostname) === 0 ? hostname : "", minVersion: "TLSv1.2" } : {}),
      };
      return {
        secure,
        isControl: false,
        options: { ...options, agent: secure ? tlsAgent : agent },
        fresh: { ...options, agent: false },
      };
    },
    close() {
      agent.destroy();
      tlsAgent.destroy();
      controlAgent.destroy();
    },
  };
}
