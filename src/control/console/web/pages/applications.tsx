import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { useCallback, useState } from "react";
import type { ApplicationItem } from "#api";
import { applicationsQuery, useSend } from "../api/queries.ts";
import { Button } from "../parts/button.tsx";
import { ConfirmDialog } from "../parts/confirm.tsx";
import { Empty } from "../parts/notice.tsx";
import { Page } from "../parts/page.tsx";
import { Beside, Panel } from "../parts/panel.tsx";
import { SearchField } from "../parts/search.tsx";
import { Loaded } from "../parts/skeleton.tsx";
import { type Column, Table } from "../parts/table.tsx";
import { matches } from "../text/rows.ts";
import { AddApplicationForm } from "./add-application.tsx";

const route = getRouteApi("/applications");

/** What Postern protects. */
export function ApplicationsPage() {
  const view = route.useSearch();
  const navigate = route.useNavigate();
  const query = useQuery(applicationsQuery);
  const send = useSend();
  const [leaving, setLeaving] = useState<ApplicationItem>();
  const search = useCallback(
    (text: string | undefined) => void navigate({ search: (former) => ({ ...former, search: text }) }),
    [navigate],
  );
  const close = (): void => void navigate({ search: (former) => ({ ...former, add: undefined }) });
  return (
    <Page
      title="Applications"
      purpose="What Postern protects, and where it forwards what is allowed."
      action={
        <Link
          className="button primary"
          to="/applications"
          search={(former) => ({ ...former, add: "1" })}
          resetScroll={false}
        >
          <Plus size={16} aria-hidden="true" />
          Add application
        </Link>
      }
    >
      <Beside
        panel={
          view.add !== undefined && (
            <Panel title="Add application" of="add" onClose={close}>
              <AddApplicationForm onDone={close} />
            </Panel>
          )
        }
      >
        <SearchField label="Search applications" value={view.search} onChange={search} />
        <Loaded
          query={query}
          what="The applications could not be read"
          stillWorks="They go on being protected as before."
        >
          {({ items }) => {
            const shown = items.filter(({ name, title, url, upstream, classification, env }) =>
              matches(view.search ?? "", name, title, url, upstream, classification, env),
            );
            if (shown.length === 0) return <Nothing narrowed={items.length > 0} />;
            return (
              <Table
                label="Applications"
                columns={columns(setLeaving)}
                rows={shown}
                rowKey={({ name }) => name}
                sort={view.sort}
                onSort={(sort) =>
                  void navigate({ search: (former) => ({ ...former, sort }), resetScroll: false })
                }
              />
            );
          }}
        </Loaded>
      </Beside>
      {leaving !== undefined && (
        <ConfirmDialog
          title={`Remove ${leaving.title}?`}
          verb="Remove"
          act={() => send("DELETE", `/applications/${encodeURIComponent(leaving.name)}`)}
          done={`${leaving.title} is removed`}
          onClose={() => setLeaving(undefined)}
        >
          <p>
            Nobody can open <code>{leaving.url}</code> through Postern from then on, and open connections to
            it end now. A new version of the policies is activated without it.
          </p>
          <p>
            The application at <code>{leaving.upstream}</code> keeps running and loses nothing. Adding it
            again brings it back.
          </p>
        </ConfirmDialog>
      )}
    </Page>
  );
}

function Nothing({ narrowed }: { readonly narrowed: boolean }) {
  if (narrowed)
    return (
      <Empty title="No application suits this search">
        <Link className="button" to="/applications">
          Show all applications
        </Link>
      </Empty>
    );
  return (
    <Empty title="Nothing is protected yet">
      <p>
        Add an application above, or on the machine:
        <br />
        <code>npx postern app add grafana http://localhost:3000 --classification internal</code>
      </p>
    </Empty>
  );
}

function columns(remove: (item: ApplicationItem) => void): readonly Column<ApplicationItem>[] {
  return [
    {
      key: "name",
      card: "head",
      head: "Name",
      width: "10rem",
      sort: ({ title }) => title,
      cell: ({ name, title }) => (
        <Link
          className="row-link"
          to="/decisions"
          search={{ resource: name }}
          title={`Access log of ${title}`}
        >
          {title}
        </Link>
      ),
    },
    { key: "url", head: "Address", sort: ({ url }) => url, cell: ({ url }) => <a href={url}>{bare(url)}</a> },
    {
      key: "upstream",
      head: "Forwards to",
      extra: true,
      sort: ({ upstream }) => upstream,
      cell: ({ upstream }) => <code>{upstream}</code>,
    },
    {
      key: "classification",
      head: "Classification",
      width: "9rem",
      sort: ({ classification }) => CLASSIFICATIONS.indexOf(classification),
      cell: ({ classification }) => classification,
    },
    {
      key: "env",
      head: "Environment",
      width: "8rem",
      extra: true,
      sort: ({ env }) => env ?? "",
      cell: ({ env }) => env,
    },
    {
      key: "remove",
      card: "head",
      head: "Actions",
      width: "7rem",
      align: "end",
      cell: (item) => (
        <Button
          kind="quiet"
          className="danger"
          aria-label={`Remove ${item.title}`}
          onClick={() => remove(item)}
        >
          Remove
        </Button>
      ),
    },
  ];
}

const CLASSIFICATIONS: readonly string[] = ["public", "internal", "confidential", "restricted"];

function bare(url: string): string {
  return url.replace(/^https?:\/\//, "").replace(/\/$/, "");
}
