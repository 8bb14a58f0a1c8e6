import { type Application, matchAction, type ResourceFacts } from "#policy";
import type { View } from "#view";
import type { CanonicalRequest } from "./canonical-request.ts";
import type { EnteredSite } from "./sites.ts";

/** What is asked for: an application, or Postern's own console. */
export interface Resource {
  readonly facts: ResourceFacts;
  /** What people call it. */
  readonly title: string;
  /** `aud` of assertions. */
  readonly audience: string;
  /** As the manifest writes it; `control` for the console. */
  readonly upstream: string;
  /** Whether people who are denied see the text of rules. */
  readonly showRules: boolean;
  /** What the request does to it. */
  readonly action: string;
}

/** The console, as an application that no manifest has to name. */
const CONSOLE: Application = {
  name: "console",
  title: "the console",
  upstream: "control",
  host: "console",
  pathPrefix: "/",
  classification: "restricted",
  labels: {},
  explain: "conditions",
  actions: [],
  source: "postern/console",
};

/** A path that the rules for finding the application or the action read in two ways. */
export const AMBIGUOUS: unique symbol = Symbol("ambiguous");

/**
 * The resource of a request; undefined when no application is there, `AMBIGUOUS` when the path as it was sent and the path
 * as the application will read it lead to different ones.
 */
export function findResource(
  view: View,
  site: EnteredSite,
  request: CanonicalRequest,
  upgrade: boolean,
): Resource | typeof AMBIGUOUS | undefined {
  const sent = lookUp(view, site, request, request.path, upgrade);
  if (request.plainPath === request.path) return sent?.resource;
  const plain = lookUp(view, site, request, request.plainPath, upgrade);
  const same = sent?.application === plain?.application && sent?.resource.action === plain?.resource.action;
  return same ? sent?.resource : AMBIGUOUS;
}

function lookUp(
  view: View,
  site: EnteredSite,
  request: CanonicalRequest,
  path: string,
  upgrade: boolean,
): { application: Application; resource: Resource } | undefined {
  const { host } = new URL(site.origin);
  const application = site.kind === "console" ? CONSOLE : view.application(host, path);
  if (application === undefined) return undefined;
  const { name, title, classification, env, sensitivityScore, labels, explain, upstream } = application;
  const own = site.kind === "console";
  return {
    application,
    resource: {
      facts: {
        name,
        kind: own ? "postern" : "application",
        classification,
        ...(env === undefined ? {} : { env }),
        ...(sensitivityScore === undefined ? {} : { sensitivity_score: sensitivityScore }),
        ...(Object.keys(labels).length === 0 ? {} : { labels }),
      },
      title,
      audience: own ? "postern-console" : name,
      upstream,
      showRules: explain === "full",
      // a WebSocket is opened by GET, and is what CONNECT is in later versions of HTTP (RFC 8441 §4)
      action: matchAction(application, upgrade ? "CONNECT" : request.method, path),
    },
  };
}
