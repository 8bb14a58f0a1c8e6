import type { InstanceState } from "#link";
import type { Application, PolicySet } from "#policy";

/** Where browsers reach an application. */
export interface Address {
  readonly name: string;
  readonly url: string;
  readonly application: Application;
}

/** The applications of a set with their addresses, in the order of their names. */
export type Addresses = (set: PolicySet) => readonly Address[];

/** @param ports by application, with `hostStyle: port` */
export function addressesOf(
  instance: InstanceState,
  ports: ReadonlyMap<string, number>,
  set: PolicySet,
): readonly Address[] {
  return [...set.applications.values()]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((application) => {
      const origin = originOf(instance, ports, application);
      if (origin === undefined) return [];
      return [{ name: application.name, url: `${origin}${application.pathPrefix}`, application }];
    });
}

/** Undefined for an application of a set that is not active, which has no port. */
function originOf(
  instance: InstanceState,
  ports: ReadonlyMap<string, number>,
  application: Application,
): string | undefined {
  const { scheme, hostStyle, domain } = instance;
  if (hostStyle === "subdomain") {
    const { port } = new URL(instance.origins.login);
    return `${scheme}://${application.host}.${domain}${port === "" ? "" : `:${port}`}`;
  }
  const port = ports.get(application.name);
  return port === undefined ? undefined : new URL(`${scheme}://localhost:${port}`).origin;
}
