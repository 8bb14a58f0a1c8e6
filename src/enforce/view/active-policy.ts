import { PosternError } from "#kernel";
import type { PolicyState } from "#link";
import { type Application, compileSet, type PolicySet } from "#policy";
import { isUnder } from "./path-prefix.ts";
import type { ViewPolicy } from "./types.ts";

/** A set that can be put in force. */
export interface ReadyPolicy extends ViewPolicy {
  readonly epoch: string;
  readonly byHost: ReadonlyMap<string, readonly Application[]>;
}

/** Holds the policy set in force. A new one takes its place whole, or not at all. */
export class ActivePolicy {
  #current: ReadyPolicy | undefined;

  get current(): ViewPolicy | undefined {
    return this.#current;
  }

  /**
   * Makes ready what control has activated, without putting it in force. Activation numbers only grow within an epoch.
   * @throws PosternError when it may not or cannot be put in force
   */
  prepare(state: PolicyState | null, epoch: string): ReadyPolicy {
    if (state === null) throw refused("control says that no policy set is active");
    const { version, activation, files, builtin } = state;
    if (
      typeof version !== "string" ||
      !Number.isSafeInteger(activation) ||
      !Array.isArray(files) ||
      !isText(builtin)
    )
      throw refused("it is of another shape");
    const current = this.#current?.epoch === epoch ? this.#current : undefined;
    if (current?.activation === activation && current.set.version === version) return current;
    if (current !== undefined && activation <= current.activation)
      throw refused(`activation ${activation} is not above ${current.activation}, which is in force`);
    const set = compiled(state);
    if (set.version !== version) throw refused(`activation ${activation} is not of the version that it says`);
    return { set, activation, epoch, byHost: applicationsByHost(set) };
  }

  putInForce(policy: ReadyPolicy): void {
    this.#current = policy;
  }

  /** The application of a host label with the longest prefix that the path is under. */
  find(label: string, path: string): Application | undefined {
    const applications = this.#current?.byHost.get(label);
    return applications?.find((application) => isUnder(path, application.pathPrefix));
  }

  /** The application of that name, when the path is under its prefix. */
  named(name: string, path: string): Application | undefined {
    const application = this.#current?.set.applications.get(name);
    return application !== undefined && isUnder(path, application.pathPrefix) ? application : undefined;
  }
}

function isText(value: unknown): boolean {
  return value === undefined || typeof value === "string";
}

function compiled({ activation, files, builtin }: PolicyState): PolicySet {
  try {
    return compileSet(files, builtin);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw refused(`activation ${activation} does not compile: ${why}`, cause);
  }
}

function refused(why: string, cause?: unknown): PosternError {
  return new PosternError(
    "policy.invalid",
    `the policy set was not taken: ${why}`,
    cause === undefined ? {} : { cause },
  );
}

function applicationsByHost(set: PolicySet): Map<string, Application[]> {
  const byHost = new Map<string, Application[]>();
  for (const application of set.applications.values()) {
    const others = byHost.get(application.host);
    if (others === undefined) byHost.set(application.host, [application]);
    else others.push(application);
  }
  for (const list of byHost.values()) list.sort((a, b) => b.pathPrefix.length - a.pathPrefix.length);
  return byHost;
}
