import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { MemberTokenItem } from "#api";
import { tokensQuery, useSend } from "../api/queries.ts";
import { Button } from "../parts/button.tsx";
import { useNow } from "../parts/clock.tsx";
import { ConfirmDialog } from "../parts/confirm.tsx";
import { Section } from "../parts/page.tsx";
import { Loaded } from "../parts/skeleton.tsx";
import { type Column, Table } from "../parts/table.tsx";
import { Time } from "../parts/time.tsx";
import { partName } from "../text/deployment.ts";

/** Who may still join with a token; nothing when nobody may. */
export function OpenTokens() {
  const now = useNow();
  const query = useQuery(tokensQuery);
  const send = useSend();
  const [asked, setAsked] = useState<MemberTokenItem>();
  const open = (items: readonly MemberTokenItem[]): readonly MemberTokenItem[] =>
    items.filter(({ usedAt, expiresAt }) => usedAt === undefined && expiresAt > now);
  if (query.data !== undefined && open(query.data.items).length === 0) return null;
  return (
    <Section title="May join now">
      <Loaded query={query} what="The tokens could not be read">
        {({ items }) => (
          <Table
            label="May join now"
            columns={columns(setAsked)}
            rows={open(items)}
            rowKey={({ role, name }) => `${role}:${name}`}
          />
        )}
      </Loaded>
      {asked !== undefined && (
        <ConfirmDialog
          title={`Withdraw the token of ${partName(asked).toLowerCase()}?`}
          verb="Withdraw"
          act={() => send("DELETE", `/members/tokens/${asked.role}/${encodeURIComponent(asked.name)}`)}
          done={`Nobody joins as ${partName(asked).toLowerCase()} with it any more`}
          onClose={() => setAsked(undefined)}
        >
          <p>Whoever has the command can no longer join with it. Nothing that has joined changes.</p>
        </ConfirmDialog>
      )}
    </Section>
  );
}

function columns(withdraw: (token: MemberTokenItem) => void): readonly Column<MemberTokenItem>[] {
  return [
    { key: "who", card: "head", head: "Who", cell: (token) => partName(token) },
    { key: "by", head: "Token by", cell: ({ createdBy }) => createdBy },
    { key: "ends", head: "Ends", width: "9rem", cell: ({ expiresAt }) => <Time at={expiresAt} /> },
    {
      key: "withdraw",
      card: "head",
      head: "Actions",
      width: "7rem",
      align: "end",
      cell: (token) => (
        <Button
          kind="quiet"
          className="danger"
          aria-label={`Withdraw the token of ${partName(token).toLowerCase()}`}
          onClick={() => withdraw(token)}
        >
          Withdraw
        </Button>
      ),
    },
  ];
}
