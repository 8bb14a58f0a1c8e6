import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { decisionQuery } from "../api/queries.ts";
import { Page } from "../parts/page.tsx";
import { LoadedWhy } from "./why.tsx";

const route = getRouteApi("/decisions/$id");
const VERBS = {
  allow: "was allowed to open",
  deny: "was denied",
  step_up: "was asked to verify again for",
} as const;

/** The why page: one decision, with an address to send to a colleague. */
export function DecisionPage() {
  const { id } = route.useParams();
  const item = useQuery(decisionQuery(id)).data?.item;
  const title =
    item === undefined
      ? "A decision"
      : `${item.subject ?? "Somebody unknown"} ${VERBS[item.effect]} ${item.resource}`;
  return (
    <Page
      title={title}
      purpose="Why it came out so: the rules, by file and line, and the facts they were given."
      action={
        <Link className="button" to="/decisions">
          Back to the access log
        </Link>
      }
    >
      <div className="why-page">
        <LoadedWhy id={id} heading="h2" />
      </div>
    </Page>
  );
}
