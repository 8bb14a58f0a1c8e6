import { type Notify, PosternError } from "#kernel";
import type { PolicyState } from "#link";
import { type Application, compileSet, type PolicySet } from "#policy";
import { isUnder } from "./path-prefix.ts";

/** The set that decides, and the number of its activation. */
export interface ViewPolicy {
  readonly set: PolicySet;
  readonly activation: number;
}

/**
 * Holds the policy set in force. A new one takes its place whole; one that cannot be taken leaves the last good
 * one in force and `blocked` set, so that the view grows stale rather than deciding by what is no longer active.
 */
export class ActivePolicy {
  readonly #notify: Notify;
  #current: ViewPolicy | undefined;
  #epoch: string | undefined;
  #byHost: ReadonlyMap<string, readonly Application[]> = new Map();
  /** Whether what control last activated is not what is in force here. */
  blocked = true;

  constructor(notify: Notify) {
    this.#notify = notify;
  }

  get current(): ViewPolicy | undefined {
    return this.#current;
  }

  /** Takes what control has activated. Activation numbers only grow within an epoch. */
  take(state: PolicyState | null, epoch: string): void {
    this.blocked = true;
    if (state === null) {
      this.#refuse("control says that no policy set is active");
      return;
    }
    const current = this.#epoch === epoch ? this.#current : undefined;
    if (current?.activation === state.activation && current.set.version === state.version) {
      this.blocked = false;
      return;
    }
    if (current !== undefined && state.activation <= current.activation) {
      this.#refuse(`activation ${state.activation} is not above ${current.activation}, which is in force`);
      return;
    }
    let set: PolicySet;
    try {
      set = compileSet(state.files);
    } catch (error) {
      if (!(error instanceof PosternError)) throw error;
      this.#refuse(`activation ${state.activation} does not compile: ${error.message}`);
      return;
    }
    if (set.version !== state.version) {
      this.#refuse(`activation ${state.activation} is not of the version that it says`);
      return;
    }
    this.#byHost = applicationsByHost(set);
    this.#current = { set, activation: state.activation };
    this.#epoch = epoch;
    this.blocked = false;
  }

  /** The application of a host label with the longest prefix that the path is under. */
  find(label: string, path: string): Application | undefined {
    return this.#byHost.get(label)?.find((application) => isUnder(path, application.pathPrefix));
  }

  /** The application of that name, when the path is under its prefix. */
  named(name: string, path: string): Application | undefined {
    const application = this.#current?.set.applications.get(name);
    return application !== undefined && isUnder(path, application.pathPrefix) ? application : undefined;
  }

  #refuse(why: string): void {
    this.#notify({ event: "policy-refused", message: `the policy set was not taken: ${why}` });
  }
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
