import { PosternError } from "#kernel";
import { HeldMember } from "./held-member.ts";
import { keepUp } from "./keep-up.ts";
import { credentialsOf } from "./member.ts";
import { memberPath, readMemberFile, removeParts } from "./member-file.ts";
import type { HeldMembership, MembershipOptions } from "./types.ts";

/**
 * Opens the membership that `joinControl` put into the folder.
 * @throws PosternError `not_found` when there is none, `unauthenticated` when its certificate has ended, and as for the file:
 * `folder.unsafe`, `state.newer`, `state.damaged`
 */
export async function openMembership(options: MembershipOptions): Promise<HeldMembership> {
  const { folder, clock, notify } = options;
  const read = await readMemberFile(folder);
  const { role, name, trustDomain, notAfter } = read.member;
  if (notAfter <= clock.now())
    throw new PosternError(
      "unauthenticated",
      `the certificate of ${role} ${name} ended at ${new Date(notAfter).toISOString()}`,
      {
        where: memberPath(folder),
        remedy: `if this machine's clock is right, join again with a new token: postern ${role} token ${name}, at control`,
      },
    );
  await removeParts(folder);
  const held = new HeldMember(folder, read, notify);
  let stop: (() => Promise<void>) | undefined;
  return {
    role,
    name,
    trustDomain,
    credentials: () => credentialsOf(held.member),
    controls: () => held.member.controls,
    certificateNotAfter: () => held.member.notAfter,
    start(links) {
      if (stop !== undefined) throw new PosternError("conflict", "the membership is kept up already");
      stop = keepUp({ ...options, ...links, held });
    },
    async close() {
      await stop?.();
    },
  };
}
