import { createRootRoute, createRoute, createRouter, Link } from "@tanstack/react-router";
import { ApplicationsPage } from "../pages/applications.tsx";
import { DecisionPage } from "../pages/decision.tsx";
import { DecisionsPage } from "../pages/decisions.tsx";
import { DeploymentPage } from "../pages/deployment.tsx";
import { OverviewPage } from "../pages/overview.tsx";
import { PeoplePage } from "../pages/people.tsx";
import { PoliciesPage } from "../pages/policies.tsx";
import { SessionsPage } from "../pages/sessions.tsx";
import { Empty } from "../parts/notice.tsx";
import { Page } from "../parts/page.tsx";
import { Frame } from "./frame.tsx";
import { fromQuery, only, toQuery } from "./search.ts";

const root = createRootRoute({ component: Frame, notFoundComponent: NotFound });

const routes = [
  createRoute({ getParentRoute: () => root, path: "/", component: OverviewPage }),
  createRoute({
    getParentRoute: () => root,
    path: "/decisions",
    component: DecisionsPage,
    validateSearch: only("effect", "subject", "resource", "search", "before", "open"),
  }),
  createRoute({ getParentRoute: () => root, path: "/decisions/$id", component: DecisionPage }),
  createRoute({
    getParentRoute: () => root,
    path: "/applications",
    component: ApplicationsPage,
    validateSearch: only("search", "sort", "add"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/people",
    component: PeoplePage,
    validateSearch: only("search", "sort", "invite"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/sessions",
    component: SessionsPage,
    validateSearch: only("search", "sort"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/policies",
    component: PoliciesPage,
    validateSearch: only("before"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/deployment",
    component: DeploymentPage,
    validateSearch: only("open", "add", "sort"),
  }),
] as const;

/** The whole view is in the URL, so that it can be sent to a colleague. */
export const router = createRouter({
  routeTree: root.addChildren(routes),
  parseSearch: fromQuery,
  stringifySearch: toQuery,
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}

function NotFound() {
  return (
    <Page title="There is no such page" purpose="The address may be mistyped, or from another version.">
      <Empty title="Nothing is here">
        <Link to="/">Go to the overview</Link>
      </Empty>
    </Page>
  );
}
