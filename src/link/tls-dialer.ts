import { X509Certificate } from "node:crypto";
import { isIP, type Socket } from "node:net";
import { connect, type TLSSocket } from "node:tls";
import { type Clock, growingPause, PosternError, type Schedule } from "#kernel";
import { type ControlDialer, opened } from "./dialer.ts";
import type { LinkCredentials } from "./peer.ts";
import { identityOf } from "./spiffe.ts";

/** A node that has not finished its handshake by then is taken to be gone. */
const HANDSHAKE_MS = 3_000;
/** A node that failed is tried after the others for this long, and longer each time. */
const FIRST_AVOIDANCE_MS = 500;
const LONGEST_AVOIDANCE_MS = 30_000;
/** After this long without a word the other end is asked whether it is there (TCP keep-alive). */
const PROBE_AFTER_MS = 10_000;

export interface TlsDialerOptions {
  /** Addresses of all control nodes, such as `https://control-a.example.net:7443`; read anew for each connection. */
  readonly controls: () => readonly string[];
  /** Read anew for each connection, so that a renewed certificate is used from then on. */
  readonly credentials: () => LinkCredentials;
  readonly clock: Clock;
  readonly schedule: Schedule;
}

/**
 * Dials control nodes over mutual TLS 1.3: the one that answered last, then the others in their order. A node is control
 * when an authority of the credentials, and no other, vouches for its certificate, and that is for
 * `spiffe://TRUSTDOMAIN/postern/control/…`; what host it was dialled by says nothing.
 */
export function tlsDialer(options: TlsDialerOptions): ControlDialer {
  const { clock } = options;
  const failures = new Map<string, { readonly count: number; readonly until: number }>();
  const nodeOf = new WeakMap<Socket, string>();
  const certificateOf = new WeakMap<object, string>();
  const dialling = new Set<TLSSocket>();
  let good: string | undefined;
  let closed = false;

  /** The last good one first; those that failed of late last, whichever is to be avoided longest at the end. */
  function inOrder(): string[] {
    const now = clock.monotonic();
    const nodes = [...new Set(options.controls())];
    const avoided = (node: string): number => Math.max(now, failures.get(node)?.until ?? 0);
    return nodes.sort((a, b) => avoided(a) - avoided(b) || Number(b === good) - Number(a === good));
  }

  function failed(node: string): void {
    const count = (failures.get(node)?.count ?? 0) + 1;
    const pause = growingPause(count - 1, FIRST_AVOIDANCE_MS, LONGEST_AVOIDANCE_MS);
    failures.set(node, { count, until: clock.monotonic() + pause });
  }

  return {
    async dial() {
      const reasons: string[] = [];
      const causes: unknown[] = [];
      for (const node of inOrder()) {
        if (closed) break;
        try {
          const credentials = options.credentials();
          const socket = await dialNode(node, credentials, options, dialling);
          certificateOf.set(socket, credentials.certificate);
          good = node;
          failures.delete(node);
          nodeOf.set(socket, node);
          return socket;
        } catch (error) {
          failed(node);
          reasons.push(`${node}: ${error instanceof Error ? error.message : String(error)}`);
          causes.push(error);
        }
      }
      throw new PosternError("not_running", "no control node can be reached", {
        where: reasons.length === 0 ? "none is known" : reasons.join("; "),
        cause: new AggregateError(causes),
      });
    },
    isCurrent: (connection) => certificateOf.get(connection) === options.credentials().certificate,
    avoid(connection) {
      const node = nodeOf.get(connection);
      if (node !== undefined) failed(node);
    },
    close() {
      closed = true;
      for (const socket of dialling) socket.destroy();
    },
  };
}

async function dialNode(
  node: string,
  credentials: LinkCredentials,
  options: TlsDialerOptions,
  dialling: Set<TLSSocket>,
): Promise<TLSSocket> {
  const url = URL.parse(node);
  if (url?.protocol !== "https:") throw new PosternError("input.invalid", "is no https address");
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const { certificate, key, authorities, trustDomain } = credentials;
  const socket = connect({
    host,
    port: url.port === "" ? 443 : Number(url.port),
    ...(isIP(host) === 0 ? { servername: host } : {}),
    cert: certificate,
    key,
    // named, they take the place of those that the system trusts
    ca: [...authorities],
    minVersion: "TLSv1.3",
    ALPNProtocols: ["http/1.1"],
    checkServerIdentity: (_host, { raw }) => checkControl(raw, trustDomain),
  });
  dialling.add(socket);
  const cancel = options.schedule.after(HANDSHAKE_MS, () => {
    socket.destroy(new Error(`does not answer within ${HANDSHAKE_MS / 1_000} s`));
  });
  try {
    await opened(socket, "secureConnect");
    socket.setKeepAlive(true, PROBE_AFTER_MS);
    return socket;
  } finally {
    cancel();
    dialling.delete(socket);
  }
}

/** The verified certificate of the other end must be control's. */
function checkControl(raw: Buffer, trustDomain: string): Error | undefined {
  const identity = identityOf(new X509Certificate(raw));
  if (identity?.role === "control" && identity.trustDomain === trustDomain) return undefined;
  return new Error("its certificate is not that of a control node of this instance");
}
