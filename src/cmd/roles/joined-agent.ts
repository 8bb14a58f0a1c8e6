import { type Notify, PosternError, systemClock, systemSchedule } from "#kernel";
import { tlsDialer } from "#link";
import { openMembership } from "#membership";
import { certificatePart } from "../operations/certificate-part.ts";
import type { MemberSettings } from "../settings.ts";
import type { RunningRole } from "./role.ts";
import { serveAgent } from "./serve-agent.ts";
import { newBoot } from "./serve-gateway.ts";

/** The agent of a host that joined an instance elsewhere. */
export async function run(settings: MemberSettings, notify: Notify): Promise<RunningRole> {
  const { data, version, ops } = settings;
  const boot = newBoot();
  const membership = await openMembership({
    folder: data,
    clock: systemClock,
    schedule: systemSchedule,
    notify,
  });
  if (membership.role !== "agent") {
    throw new PosternError("member.unknown", `this folder is of the ${membership.role} ${membership.name}`, {
      where: data,
      remedy: `postern ${membership.role} run --data ${data}`,
    });
  }
  const agent = await serveAgent(
    {
      name: membership.name,
      ...{ data, run: settings.run, version },
      dialer: tlsDialer({
        controls: () => membership.controls(),
        credentials: () => membership.credentials(),
        clock: systemClock,
        schedule: systemSchedule,
      }),
      ...(ops === undefined ? {} : { ops }),
      certificate: {
        notAfter: () => membership.certificateNotAfter(),
        part: certificatePart({
          name: "member",
          notAfter: () => membership.certificateNotAfter(),
          clock: systemClock,
          remedy: `postern agent token ${membership.name}, at control, if it does not renew by itself`,
        }),
      },
      joined: ({ link, view }) => membership.start({ link, view, boot }),
    },
    boot,
    notify,
  );
  return {
    async stop() {
      await agent.stop();
      await membership.close();
    },
  };
}
