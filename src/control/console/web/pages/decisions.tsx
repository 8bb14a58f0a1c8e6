import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useCallback } from "react";
import type { DecisionFilter, DecisionItem } from "#api";
import { useLiveDecisions } from "../api/live-decisions.ts";
import { decisionsQuery } from "../api/queries.ts";
import { Button } from "../parts/button.tsx";
import { Chips, ToggleChip, ValueChip } from "../parts/chip.tsx";
import { Empty } from "../parts/notice.tsx";
import { Outcome } from "../parts/outcome.tsx";
import { Page } from "../parts/page.tsx";
import { Beside, Panel } from "../parts/panel.tsx";
import { SearchField } from "../parts/search.tsx";
import { Loaded } from "../parts/skeleton.tsx";
import { type Column, focusRow, Table } from "../parts/table.tsx";
import { Time } from "../parts/time.tsx";
import { duration } from "../text/time.ts";
import { LoadedWhy } from "./why.tsx";
import "./decisions.css";

const route = getRouteApi("/decisions");
const PAGE = 50;

/** What of the view is in the URL. */
interface View {
  readonly effect?: string | undefined;
  readonly subject?: string | undefined;
  readonly resource?: string | undefined;
  readonly search?: string | undefined;
}

/** The live access log. */
export function DecisionsPage() {
  const view = route.useSearch();
  const navigate = route.useNavigate();
  const filter = filterOf(view);
  const query = useQuery({
    ...decisionsQuery({
      ...filter,
      ...(view.before === undefined ? {} : { before: view.before }),
      limit: PAGE,
    }),
    placeholderData: keepPreviousData,
  });
  const live = useLiveDecisions(filter, view.before === undefined, query.dataUpdatedAt);
  const items = query.data?.items ?? [];
  const fresh = [...live.ids].filter((id) => items.every((item) => item.id !== id)).length;
  // another filter begins at the newest, with nothing open
  const narrow = useCallback(
    (change: View) =>
      void navigate({ search: (former) => ({ ...former, ...change, before: undefined, open: undefined }) }),
    [navigate],
  );
  const search = useCallback((text: string | undefined) => narrow({ search: text }), [narrow]);
  const close = (): void => {
    const open = view.open;
    void navigate({ search: (former) => ({ ...former, open: undefined }), resetScroll: false }).then(
      () => open !== undefined && requestAnimationFrame(() => focusRow(open)),
    );
  };
  return (
    <Page
      title="Access log"
      purpose="Every decision, as it is made: who asked for what, and why it was allowed or denied."
    >
      <Beside
        panel={
          view.open !== undefined && (
            <Panel title="Why" of={view.open} onClose={close}>
              <LoadedWhy id={view.open} heading="h3" />
              <p>
                <Link to="/decisions/$id" params={{ id: view.open }}>
                  Open on its own page
                </Link>
              </p>
            </Panel>
          )
        }
      >
        <Filters view={view} items={items} narrow={narrow} search={search} />
        <LiveLine
          fresh={fresh}
          connected={live.connected}
          past={view.before !== undefined}
          show={() => void query.refetch()}
        />
        <Loaded
          query={query}
          what="The access log could not be read"
          stillWorks="Decisions go on being made and recorded; the gateways keep them until control takes them."
        >
          {(page) =>
            page.items.length === 0 ? (
              <Nothing narrowed={Object.keys(filter).length > 0} past={view.before !== undefined} />
            ) : (
              <>
                <Table
                  label="Decisions, newest first"
                  columns={COLUMNS}
                  rows={page.items}
                  rowKey={({ id }) => id}
                  current={view.open}
                />
                {page.next !== undefined && (
                  <p>
                    <Link
                      className="button"
                      to="/decisions"
                      search={{ ...view, before: page.next, open: undefined }}
                    >
                      Older
                    </Link>
                  </p>
                )}
              </>
            )
          }
        </Loaded>
      </Beside>
    </Page>
  );
}

function filterOf({ effect, subject, resource, search }: View): DecisionFilter {
  return {
    ...(effect === "allow" || effect === "deny" || effect === "step_up" ? { effect } : {}),
    ...(subject === undefined ? {} : { subject }),
    ...(resource === undefined ? {} : { resource }),
    ...(search === undefined ? {} : { search }),
  };
}

interface FiltersProps {
  readonly view: View;
  readonly items: readonly DecisionItem[];
  readonly narrow: (change: View) => void;
  readonly search: (text: string | undefined) => void;
}

function Filters({ view, items, narrow, search }: FiltersProps) {
  const effects = ["allow", "deny", "step_up"] as const;
  const subjects = [...new Set(items.map(({ subject }) => subject).filter((name) => name !== undefined))];
  const resources = [...new Set(items.map(({ resource }) => resource))];
  return (
    <div className="row">
      <SearchField label="Search decisions" value={view.search} onChange={search} />
      <Chips label="Filters">
        {effects.map((effect) => (
          <ToggleChip
            key={effect}
            on={view.effect === effect}
            onToggle={() => narrow({ effect: view.effect === effect ? undefined : effect })}
          >
            <Outcome effect={effect} />
          </ToggleChip>
        ))}
        <ValueChip
          name="Person"
          value={view.subject}
          known={subjects}
          onChange={(subject) => narrow({ subject })}
        />
        <ValueChip
          name="Application"
          value={view.resource}
          known={resources}
          onChange={(resource) => narrow({ resource })}
        />
      </Chips>
    </div>
  );
}

interface LiveLineProps {
  readonly fresh: number;
  readonly connected: boolean;
  /** An older page is shown. */
  readonly past: boolean;
  readonly show: () => void;
}

/** Holds its height, so that nothing below moves when something comes. */
function LiveLine({ fresh, connected, past, show }: LiveLineProps) {
  const { effect, subject, resource, search } = route.useSearch();
  return (
    <div className="live-line">
      {past ? (
        <>
          <span className="muted">Older decisions.</span>
          <Link className="button quiet" to="/decisions" search={{ effect, subject, resource, search }}>
            Back to the newest
          </Link>
        </>
      ) : fresh > 0 ? (
        <Button kind="quiet" onClick={show}>
          {fresh} new
        </Button>
      ) : (
        <span className="muted">
          {connected
            ? "Live: new decisions are announced here."
            : "Live updates are interrupted; trying again."}
        </span>
      )}
      <span className="visually-hidden" role="status">
        {fresh > 0 && "There are new decisions"}
      </span>
    </div>
  );
}

function Nothing({ narrowed, past }: { readonly narrowed: boolean; readonly past: boolean }) {
  if (narrowed || past)
    return (
      <Empty title={past ? "There is nothing older" : "No decision suits these filters"}>
        <Link className="button" to="/decisions">
          Show all decisions
        </Link>
      </Empty>
    );
  return (
    <Empty title="Nothing has been decided yet">
      <p>Open one of your applications, and the decision about it appears here.</p>
      <Link className="button" to="/applications">
        Show the applications
      </Link>
    </Empty>
  );
}

const COLUMNS: readonly Column<DecisionItem>[] = [
  {
    key: "outcome",
    head: "Outcome",
    width: "6.75rem",
    card: "head",
    cell: ({ id, effect }) => (
      <Link
        className="row-link"
        to="/decisions"
        search={(former) => ({ ...former, open: id })}
        resetScroll={false}
      >
        <Outcome effect={effect} />
      </Link>
    ),
  },
  { key: "subject", head: "Who", width: "7.5rem", cell: ({ subject }) => subject ?? "Nobody known" },
  { key: "resource", head: "What", width: "7.5rem", cell: ({ resource }) => resource },
  { key: "act", head: "Request", cell: (item) => <Act item={item} /> },
  { key: "reason", head: "Why", extra: true, cell: ({ reason }) => <span title={reason}>{reason}</span> },
  {
    key: "took",
    head: "Took",
    width: "5.5rem",
    align: "end",
    extra: true,
    card: "none",
    cell: ({ durationMs }) => (durationMs === undefined ? "" : duration(durationMs)),
  },
  {
    key: "time",
    head: "When",
    width: "9rem",
    align: "end",
    card: "head",
    cell: ({ time }) => <Time at={time} />,
  },
];

function Act({ item: { action, method, path } }: { readonly item: DecisionItem }) {
  if (method === undefined) return action;
  const text = `${method} ${path ?? ""}`;
  return (
    <code className="act" title={text}>
      {text}
    </code>
  );
}
