import { checkMemberName } from "#authority";
import { openAdmission } from "./admission.ts";
import { forgetConnections, openComponents } from "./components.ts";
import { openJoining } from "./joining.ts";
import { listMembers } from "./list.ts";
import { nodesThere, openNodes } from "./nodes.ts";
import { messageOf, type Parts } from "./parts.ts";
import { checkReport } from "./requests.ts";
import { createToken, listTokens, withdrawToken } from "./tokens.ts";
import type { Members } from "./types.ts";

export type MembersOptions = Parts;

/**
 * Opens the list of members, and puts this node on that of control nodes.
 * @throws PosternError `input.invalid` for a node's name that is no DNS label
 */
export async function openMembers(options: MembersOptions): Promise<Members> {
  const { store, clock, node, notify } = options;
  checkMemberName(node.name, "control");
  // before anybody can connect, so that who does is not forgotten
  await store.write(async (tx) => {
    const others = (await nodesThere(tx.db, clock.now())).filter((name) => name !== node.name);
    await forgetConnections(tx, others);
  });
  const admission = await openAdmission(options);
  const nodes = await openNodes(options);
  const components = openComponents(options);
  const joining = openJoining(options, admission);

  return {
    createToken: async (wanted, by) => await createToken(options, wanted, by),
    withdrawToken: async (role, name, by) => await withdrawToken(options, { role, name }, by),
    ...joining,
    admit: (peer, boot, what) => admission.admit(peer, boot, what),
    report: async (peer, report) => await components.report(peer, checkReport(report)),
    onRevoked: (listener) => admission.onRevoked(listener),
    connected: (peer, who) => components.connected(peer, who),
    disconnected: (peer, who) => components.disconnected(peer, who),
    seen: (boots) => components.seen(boots),
    async list() {
      await components.flush();
      return await listMembers(options);
    },
    nodes: async () => await nodes.list(),
    tokens: async () => await listTokens(options),
    async close() {
      for (const part of [components, admission, nodes]) {
        try {
          await part.close();
        } catch (error) {
          // the database may be what is gone; the other nodes find that this one is
          notify({ event: "warning", message: `not all is written at the stop: ${messageOf(error)}` });
        }
      }
    },
  };
}
