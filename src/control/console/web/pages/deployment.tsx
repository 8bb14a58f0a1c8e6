import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import type { Component, Deployment } from "#api";
import { deploymentQuery } from "../api/queries.ts";
import { Findings } from "../parts/findings.tsx";
import { Empty } from "../parts/notice.tsx";
import { Mark } from "../parts/outcome.tsx";
import { Page, Section } from "../parts/page.tsx";
import { Beside, Panel } from "../parts/panel.tsx";
import { Loaded } from "../parts/skeleton.tsx";
import { focusRow, Table } from "../parts/table.tsx";
import { inventory, partName, verdict } from "../text/deployment.ts";
import { AddMemberForm } from "./add-member.tsx";
import { AuthoritySection } from "./authority-section.tsx";
import { ComponentDetails } from "./component-details.tsx";
import { componentColumns, keyOf, NODES } from "./deployment-columns.tsx";
import { OpenTokens } from "./open-tokens.tsx";
import "./deployment.css";

const route = getRouteApi("/deployment");

/** What the instance consists of, and how each part is. */
export function DeploymentPage() {
  const view = route.useSearch();
  const navigate = route.useNavigate();
  const query = useQuery(deploymentQuery);
  const close = (): void => {
    const { open } = view;
    void navigate({
      search: ({ sort }) => ({ sort }),
      resetScroll: false,
    });
    if (open !== undefined) requestAnimationFrame(() => focusRow(open));
  };
  return (
    <Page
      title="Deployment"
      purpose="The control nodes, gateways and agents that this instance consists of, and how each of them is."
      action={
        <Link
          className="button primary"
          to="/deployment"
          search={({ sort }) => ({ sort, add: "1" })}
          resetScroll={false}
        >
          <Plus size={16} aria-hidden="true" />
          Add a gateway or agent
        </Link>
      }
    >
      <Beside panel={query.data !== undefined && <SidePanel deployment={query.data} onClose={close} />}>
        <Loaded
          query={query}
          what="The deployment could not be read"
          stillWorks="Gateways go on deciding with what they know, and then deny."
        >
          {(deployment) => (
            <div className="parts">
              <Attention deployment={deployment} />
              <Components title="Gateways" of="gateway" components={deployment.gateways} />
              <OpenTokens />
              <Components title="Agents" of="agent" components={deployment.agents} />
              <Section title="Control nodes">
                <Table
                  label="Control nodes"
                  columns={NODES}
                  rows={deployment.controls}
                  rowKey={({ name }) => name}
                />
              </Section>
              <AuthoritySection />
            </div>
          )}
        </Loaded>
      </Beside>
    </Page>
  );
}

function Attention({ deployment }: { readonly deployment: Deployment }) {
  if (deployment.findings.length > 0) return <Findings findings={deployment.findings} links />;
  return (
    <p>
      <Mark {...verdict(deployment)} /> <span className="muted">· {inventory(deployment)}</span>
    </p>
  );
}

function Components({
  title,
  of: role,
  components,
}: {
  readonly title: string;
  readonly of: Component["role"];
  readonly components: readonly Component[];
}) {
  const view = route.useSearch();
  const navigate = route.useNavigate();
  return (
    <Section title={title}>
      {components.length === 0 ? (
        <Empty title={role === "gateway" ? "No gateway has joined yet" : "No agent has joined yet"}>
          <p>
            {role === "gateway"
              ? "Applications are reached through gateways. "
              : "An agent on a host tells control about it. "}
            Add one above, or where control runs: <code>npx postern {role} token NAME</code>
          </p>
        </Empty>
      ) : (
        <Table
          label={title}
          columns={componentColumns(role)}
          rows={components}
          rowKey={keyOf}
          current={view.open}
          sort={view.sort}
          onSort={(sort) => void navigate({ search: (former) => ({ ...former, sort }), resetScroll: false })}
        />
      )}
    </Section>
  );
}

function SidePanel({
  deployment,
  onClose,
}: {
  readonly deployment: Deployment;
  readonly onClose: () => void;
}) {
  const { add, open } = route.useSearch();
  if (add !== undefined) {
    const listening = deployment.controls.some(({ live, url }) => live && url !== undefined);
    return (
      <Panel title="Add a gateway or agent" of="add" onClose={onClose}>
        <AddMemberForm listening={listening} onDone={onClose} />
      </Panel>
    );
  }
  const all = [...deployment.gateways, ...deployment.agents];
  const component = all.find((each) => keyOf(each) === open);
  if (component === undefined) return null;
  return (
    <Panel title={partName(component)} of={keyOf(component)} onClose={onClose}>
      <ComponentDetails component={component} deployment={deployment} />
    </Panel>
  );
}
