import type { Person } from "#api";
import { nearest, PosternError } from "#kernel";
import type { Owner } from "./client.ts";
import { allPages } from "./pages.ts";
import { checkPeople } from "./shapes.ts";

/** The person of a login name or an id. @throws PosternError `not_found`, with who was probably meant */
export async function findPerson(owner: Owner, nameOrId: string): Promise<Person> {
  const { value: people } = await allPages(owner, "people", checkPeople);
  const found = people.find(({ name }) => name === nameOrId) ?? people.find(({ id }) => id === nameOrId);
  if (found !== undefined) return found;
  const meant = nearest(
    nameOrId,
    people.map(({ name }) => name),
  );
  throw new PosternError("not_found", `there is no person named "${nameOrId}"`, {
    remedy: meant === undefined ? "postern user list" : `${meant}, or postern user list`,
  });
}
