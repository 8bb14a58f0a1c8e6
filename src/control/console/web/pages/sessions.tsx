import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useCallback, useState } from "react";
import type { SessionItem } from "#api";
import { sessionsQuery, useSend } from "../api/queries.ts";
import { Button } from "../parts/button.tsx";
import { ConfirmDialog } from "../parts/confirm.tsx";
import { Empty } from "../parts/notice.tsx";
import { Page } from "../parts/page.tsx";
import { Beside } from "../parts/panel.tsx";
import { SearchField } from "../parts/search.tsx";
import { Loaded } from "../parts/skeleton.tsx";
import { type Column, Table } from "../parts/table.tsx";
import { Time } from "../parts/time.tsx";
import { count, matches } from "../text/rows.ts";
import { browserName } from "../text/shorten.ts";

const route = getRouteApi("/sessions");

/** Who is signed in, from where, and to what. */
export function SessionsPage() {
  const view = route.useSearch();
  const navigate = route.useNavigate();
  const query = useQuery(sessionsQuery);
  const send = useSend();
  const [ending, setEnding] = useState<SessionItem>();
  const search = useCallback(
    (text: string | undefined) => void navigate({ search: (former) => ({ ...former, search: text }) }),
    [navigate],
  );
  return (
    <Page
      title="Sessions"
      purpose="Who is signed in now, from where, and which applications they have entered."
    >
      <Beside panel={false}>
        <SearchField label="Search sessions" value={view.search} onChange={search} />
        <Loaded
          query={query}
          what="The sessions could not be read"
          stillWorks="They go on until they expire."
        >
          {({ items }) => {
            const shown = items.filter(({ user, sourceIp, userAgent, hosts }) =>
              matches(view.search ?? "", user.name, user.displayName, sourceIp, userAgent, ...hosts),
            );
            if (shown.length === 0)
              return (
                <Empty title={items.length > 0 ? "No session suits this search" : "Nobody is signed in"}>
                  <p>A session begins when somebody signs in at an application.</p>
                  <Link className="button" to="/people">
                    Show the people
                  </Link>
                </Empty>
              );
            return (
              <Table
                label="Sessions"
                columns={columns(setEnding)}
                rows={shown}
                rowKey={({ id }) => id}
                sort={view.sort}
                onSort={(sort) =>
                  void navigate({ search: (former) => ({ ...former, sort }), resetScroll: false })
                }
              />
            );
          }}
        </Loaded>
      </Beside>
      {ending !== undefined && (
        <ConfirmDialog
          title={ending.current ? "End your own session?" : `End this session of ${ending.user.displayName}?`}
          verb="End session"
          act={() => send("DELETE", `/sessions/${encodeURIComponent(ending.id)}`)}
          done={`The session of ${ending.user.displayName} has ended`}
          onClose={() => setEnding(undefined)}
        >
          <p>
            {ending.current ? "You are" : `${ending.user.displayName} is`} signed out of{" "}
            {ending.hosts.length === 0 ? "everything" : count(ending.hosts.length, "application")} now, and
            open connections close.
          </p>
          {ending.hosts.length > 0 && (
            <ul className="list">
              {ending.hosts.map((host) => (
                <li key={host}>{host}</li>
              ))}
            </ul>
          )}
          <p>
            {ending.current
              ? "That includes this console. You can sign in again with your passkey."
              : "They can sign in again with their passkey. To keep them out, disable the person."}
          </p>
        </ConfirmDialog>
      )}
    </Page>
  );
}

function columns(end: (session: SessionItem) => void): readonly Column<SessionItem>[] {
  return [
    {
      key: "user",
      card: "head",
      head: "Who",
      width: "11rem",
      sort: ({ user }) => user.displayName,
      cell: ({ user, current }) => (
        <>
          <Link
            className="row-link"
            to="/decisions"
            search={{ subject: user.name }}
            title={`Access log of ${user.displayName}`}
          >
            {user.displayName}
          </Link>
          {current && <span className="muted"> (you)</span>}
        </>
      ),
    },
    {
      key: "seen",
      head: "Last active",
      width: "8.75rem",
      sort: ({ lastSeenAt }) => lastSeenAt,
      cell: ({ lastSeenAt }) => <Time at={lastSeenAt} />,
    },
    {
      key: "signedIn",
      head: "Signed in",
      width: "8rem",
      extra: true,
      sort: ({ authenticatedAt }) => authenticatedAt,
      cell: ({ authenticatedAt }) => <Time at={authenticatedAt} />,
    },
    {
      key: "ends",
      head: "Ends",
      width: "8rem",
      extra: true,
      sort: (session) => endOf(session),
      cell: (session) => <Time at={endOf(session)} />,
    },
    {
      key: "from",
      head: "From",
      sort: ({ sourceIp }) => sourceIp ?? "",
      cell: ({ sourceIp, userAgent }) => (
        <span title={userAgent}>
          {[sourceIp, userAgent === undefined ? undefined : browserName(userAgent)]
            .filter((part) => part !== undefined)
            .join(", ")}
        </span>
      ),
    },
    {
      key: "hosts",
      head: "Entered",
      sort: ({ hosts }) => hosts.length,
      cell: ({ hosts }) => (
        <span title={hosts.join("\n")}>{hosts.map((host) => host.split(".", 1)[0]).join(", ")}</span>
      ),
    },
    {
      key: "end",
      card: "head",
      head: "Actions",
      width: "8rem",
      align: "end",
      cell: (session) => (
        <Button
          kind="quiet"
          className="danger"
          aria-label={`End session of ${session.user.displayName}`}
          onClick={() => end(session)}
        >
          End session
        </Button>
      ),
    },
  ];
}

/** A session ends when nobody uses it, and in any case at its limit. */
function endOf({ idleExpiresAt, absoluteExpiresAt }: SessionItem): number {
  return Math.min(idleExpiresAt, absoluteExpiresAt);
}
