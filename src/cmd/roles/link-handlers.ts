import type { DevelopmentCertificate } from "#authority";
import type { Identity } from "#identity";
import type { LinkHandlers } from "#link";
import type { EventLog } from "#log";
import type { Members } from "#members";
import type { ControlTallies } from "../operations/control-tallies.ts";

export interface LinkHandlerParts {
  readonly identity: Identity;
  readonly log: EventLog;
  readonly members: Members;
  readonly tallies: ControlTallies;
  readonly development?: DevelopmentCertificate;
}

/** Which room of control takes which message of the link. */
export function linkHandlers({
  identity,
  log,
  members,
  tallies,
  development,
}: LinkHandlerParts): LinkHandlers {
  /** What notes the end of each open stream. */
  const ends = new WeakMap<object, () => void>();
  return {
    admit: (peer, boot, what) => members.admit(peer, boot, what),
    onRevoked: (listener) => members.onRevoked(listener),
    join: async (request, from) => await members.join(request, from),
    renew: async (request, peer) => await members.renew(peer, request),
    report: async (report, peer) => await members.report(peer, report),
    async records(records) {
      const accepted = await log.ingest(records);
      tallies.ingested(records.length);
      members.seen(Object.keys(accepted.accepted));
      return accepted;
    },
    entry: async (request) => await identity.acceptEntry(request),
    activity: async (report) => await identity.activity(report),
    key: async (announcement) => await identity.announceKey(announcement),
    loginClient: async () => await identity.loginClient(),
    ...(development === undefined
      ? {}
      : { certificate: () => ({ certificate: development.certificate, key: development.key }) }),
    connected(who, peer) {
      ends.set(who, tallies.stream(peer.role));
      members.connected(peer, who);
    },
    disconnected(who, peer) {
      ends.get(who)?.();
      members.disconnected(peer, who);
    },
  };
}
