import type { Component } from "#api";
import { nearest, PosternError } from "#kernel";
import type { MemberRole } from "#link";
import type { Answer, Owner } from "./client.ts";
import { checkDeployment } from "./deployment-shapes.ts";

/** The gateways or the agents, checked and as they came. */
export async function readComponents(owner: Owner, role: MemberRole): Promise<Answer<readonly Component[]>> {
  const { value, raw } = await owner.get("components", checkDeployment);
  const member = `${role}s` as const;
  const items = typeof raw === "object" && raw !== null && member in raw ? raw : {};
  return { value: value[member], raw: (items as { readonly [member: string]: unknown })[member] };
}

/** The gateway or agent of a name. @throws PosternError `not_found`, with which was probably meant */
export async function findComponent(owner: Owner, role: MemberRole, name: string): Promise<Component> {
  const { value: components } = await readComponents(owner, role);
  const found = components.find((each) => each.name === name);
  if (found !== undefined) return found;
  const meant = nearest(
    name,
    components.map((each) => each.name),
  );
  throw new PosternError("not_found", `there is no ${role} named "${name}"`, {
    remedy: meant === undefined ? `postern ${role} list` : `${meant}, or postern ${role} list`,
  });
}
