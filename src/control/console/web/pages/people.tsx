import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { UserPlus } from "lucide-react";
import { useCallback, useState } from "react";
import type { Person, SessionItem } from "#api";
import { meQuery, peopleQuery, sessionsQuery, useSend } from "../api/queries.ts";
import { Button } from "../parts/button.tsx";
import { useNow } from "../parts/clock.tsx";
import { ConfirmDialog } from "../parts/confirm.tsx";
import { Empty } from "../parts/notice.tsx";
import { Mark } from "../parts/outcome.tsx";
import { Page } from "../parts/page.tsx";
import { Beside, Panel } from "../parts/panel.tsx";
import { SearchField } from "../parts/search.tsx";
import { Loaded } from "../parts/skeleton.tsx";
import { type Column, Table } from "../parts/table.tsx";
import { Time } from "../parts/time.tsx";
import { count, matches } from "../text/rows.ts";
import { InviteForm } from "./invite-form.tsx";

const route = getRouteApi("/people");

/** Who may sign in. */
export function PeoplePage() {
  const view = route.useSearch();
  const navigate = route.useNavigate();
  const query = useQuery(peopleQuery);
  const me = useQuery(meQuery).data;
  const [asked, setAsked] = useState<Person>();
  const search = useCallback(
    (text: string | undefined) => void navigate({ search: (former) => ({ ...former, search: text }) }),
    [navigate],
  );
  const close = (): void => void navigate({ search: (former) => ({ ...former, invite: undefined }) });
  return (
    <Page
      title="People"
      purpose="Who may sign in, and with what role. The policies decide what they may open."
      action={
        <Link
          className="button primary"
          to="/people"
          search={(former) => ({ ...former, invite: "1" })}
          resetScroll={false}
        >
          <UserPlus size={16} aria-hidden="true" />
          Invite a person
        </Link>
      }
    >
      <Beside
        panel={
          view.invite !== undefined && (
            <Panel title="Invite a person" of="invite" onClose={close}>
              <InviteForm onDone={close} />
            </Panel>
          )
        }
      >
        <SearchField label="Search people" value={view.search} onChange={search} />
        <Loaded
          query={query}
          what="The people could not be read"
          stillWorks="Everybody stays signed in as before."
        >
          {({ items }) => {
            const shown = items.filter(({ name, displayName, role, groups }) =>
              matches(view.search ?? "", name, displayName, role, ...groups),
            );
            if (shown.length === 0)
              return (
                <Empty title={items.length > 0 ? "Nobody suits this search" : "Nobody may sign in yet"}>
                  <p>
                    Invite somebody above, or on the machine: <code>npx postern user invite NAME</code>
                  </p>
                </Empty>
              );
            return (
              <Table
                label="People"
                columns={columns(me?.id, setAsked)}
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
      {asked !== undefined && <ConfirmChange person={asked} onClose={() => setAsked(undefined)} />}
    </Page>
  );
}

function ConfirmChange({ person, onClose }: { readonly person: Person; readonly onClose: () => void }) {
  const send = useSend();
  const sessions = useQuery(sessionsQuery);
  const path = `/people/${encodeURIComponent(person.id)}`;
  if (person.disabled)
    return (
      <ConfirmDialog
        title={`Enable ${person.displayName}?`}
        verb="Enable"
        act={() => send("POST", `${path}/enable`)}
        done={`${person.displayName} is enabled`}
        onClose={onClose}
      >
        <p>{person.displayName} can sign in again with the passkeys registered before.</p>
      </ConfirmDialog>
    );
  return (
    <ConfirmDialog
      title={`Disable ${person.displayName}?`}
      verb="Disable"
      act={() => send("POST", `${path}/disable`)}
      done={`${person.displayName} is disabled`}
      onClose={onClose}
    >
      <p>{whatEnds(person, sessions.data?.items)}</p>
      <p>{person.displayName} cannot sign in until somebody enables them again. Their passkeys are kept.</p>
    </ConfirmDialog>
  );
}

function whatEnds(person: Person, sessions: readonly SessionItem[] | undefined): string {
  if (sessions === undefined) return "This ends every session of this person now, at every application.";
  const theirs = sessions.filter(({ user }) => user.id === person.id);
  if (theirs.length === 0) return "This person has no session now, so nothing ends.";
  const hosts = new Set(theirs.flatMap((session) => session.hosts)).size;
  return `This ends ${count(theirs.length, "session")} of this person now, at ${count(hosts, "application")}. Open connections close.`;
}

function columns(me: string | undefined, ask: (person: Person) => void): readonly Column<Person>[] {
  return [
    {
      key: "displayName",
      card: "head",
      head: "Name",
      sort: ({ displayName }) => displayName,
      cell: ({ name, displayName }) => (
        <Link
          className="row-link"
          to="/decisions"
          search={{ subject: name }}
          title={`Access log of ${displayName}`}
        >
          {displayName}
        </Link>
      ),
    },
    {
      key: "name",
      head: "User name",
      width: "9rem",
      extra: true,
      sort: ({ name }) => name,
      cell: ({ name }) => name,
    },
    { key: "role", head: "Role", width: "8rem", sort: ({ role }) => role, cell: ({ role }) => role },
    {
      key: "groups",
      head: "Groups",
      extra: true,
      sort: ({ groups }) => groups.join(),
      cell: ({ groups }) => groups.join(", "),
    },
    {
      key: "passkeys",
      head: "Passkeys",
      width: "6.5rem",
      align: "end",
      extra: true,
      sort: ({ passkeys }) => passkeys,
      cell: ({ passkeys }) => passkeys,
    },
    {
      key: "state",
      head: "State",
      width: "14rem",
      sort: (person) => stateOf(person),
      cell: (person) => <State person={person} />,
    },
    {
      key: "change",
      card: "head",
      head: "Actions",
      width: "7rem",
      align: "end",
      cell: (person) =>
        person.id === me ? (
          <span className="muted">You</span>
        ) : (
          <Button
            kind="quiet"
            {...(person.disabled ? {} : { className: "danger" })}
            aria-label={`${person.disabled ? "Enable" : "Disable"} ${person.displayName}`}
            onClick={() => ask(person)}
          >
            {person.disabled ? "Enable" : "Disable"}
          </Button>
        ),
    },
  ];
}

function stateOf({ disabled, passkeys }: Person): number {
  if (disabled) return 2;
  return passkeys === 0 ? 1 : 0;
}

function State({ person }: { readonly person: Person }) {
  const now = useNow();
  const { disabled, passkeys, invitedUntil } = person;
  if (disabled) return <Mark kind="deny" glyph="✕" word="Disabled" />;
  if (passkeys > 0) return <Mark kind="allow" glyph="✓" word="Can sign in" />;
  if (invitedUntil === undefined || invitedUntil <= now)
    return <Mark kind="unknown" glyph="?" word="Invitation over" />;
  return (
    <span>
      <Mark kind="step-up" glyph="↑" word="Invited," /> ends <Time at={invitedUntil} />
    </span>
  );
}
