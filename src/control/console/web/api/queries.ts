import { queryOptions, useQuery, useQueryClient } from "@tanstack/react-query";
import type {
  ApplicationItem,
  AuthorityStatus,
  DecisionDetail,
  DecisionFilter,
  DecisionItem,
  Deployment,
  Me,
  MemberTokenItem,
  Overview,
  Page,
  Person,
  PolicyActive,
  PolicyVersionItem,
  SessionItem,
} from "#api";
import { get, send } from "./client.ts";

const API = "/api/v1";

/** `GET /api/v1/…` as a query that is kept under its path. */
function read<T>(path: string) {
  return queryOptions({
    queryKey: [path],
    queryFn: ({ signal }) => get<T>(`${API}${path}`, signal),
  });
}

/** A list whole, page after page: these are sorted and searched here. */
function readAll<T>(path: string) {
  return queryOptions({
    queryKey: [path],
    queryFn: async ({ signal }): Promise<Page<T>> => {
      const items: T[] = [];
      let before: string | undefined;
      do {
        const query = before === undefined ? "" : `?before=${encodeURIComponent(before)}`;
        const page = await get<Page<T>>(`${API}${path}${query}`, signal);
        items.push(...page.items);
        before = page.next;
      } while (before !== undefined);
      return { items };
    },
  });
}

export const meQuery = { ...read<Me>("/me"), staleTime: Number.POSITIVE_INFINITY };
export const overviewQuery = { ...read<Overview>("/overview"), refetchInterval: 60_000 };
export const applicationsQuery = read<Page<ApplicationItem>>("/applications");
export const peopleQuery = readAll<Person>("/people");
export const sessionsQuery = readAll<SessionItem>("/sessions");
/** What is shown of the deployment is at most this old, in milliseconds. */
const DEPLOYMENT_EVERY = 5_000;
export const deploymentQuery = { ...read<Deployment>("/components"), refetchInterval: DEPLOYMENT_EVERY };
export const tokensQuery = queryOptions({
  ...read<Page<MemberTokenItem>>("/members/tokens"),
  // asked for only while somebody may be joining: each request is a decision in the log
  refetchInterval: ({ state }) =>
    state.data?.items.some(({ usedAt }) => usedAt === undefined) === true ? DEPLOYMENT_EVERY : false,
});
export const authorityQuery = queryOptions({
  ...read<AuthorityStatus>("/authority"),
  refetchInterval: ({ state }) =>
    state.data === undefined || state.data.phase === "steady" ? false : DEPLOYMENT_EVERY,
});
export const policyQuery = read<PolicyActive>("/policy");

/** One page of decisions, newest first. It stays as it was read until somebody asks: rows never move by themselves. */
export function decisionsQuery(filter: DecisionFilter) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(filter)) if (value !== undefined) query.set(name, String(value));
  return { ...read<Page<DecisionItem>>(`/decisions?${query}`), refetchOnWindowFocus: false };
}

/** Activations, newest first, from one on. */
export function policyVersionsQuery(before: string | undefined) {
  const query = before === undefined ? "" : `?before=${encodeURIComponent(before)}`;
  return read<Page<PolicyVersionItem>>(`/policy/versions${query}`);
}

export function decisionQuery(id: string) {
  return { ...read<DecisionDetail>(`/decisions/${encodeURIComponent(id)}`), staleTime: 60_000 };
}

/** Sends a change with the session's CSRF word, then reads anew whatever the change may have touched. */
export function useSend(): <T>(method: "POST" | "DELETE", path: string, body?: unknown) => Promise<T> {
  const client = useQueryClient();
  return async <T>(method: "POST" | "DELETE", path: string, body?: unknown): Promise<T> => {
    const me = await client.ensureQueryData(meQuery);
    try {
      return await send<T>(method, `${API}${path}`, me.csrf, body);
    } finally {
      // after a failure too: what is shown may be what was wrong, the CSRF word among it
      await client.invalidateQueries();
    }
  };
}

/** The version of the policies in force, once it is known. */
export function useActiveVersion(): string | undefined {
  return useQuery(policyQuery).data?.version;
}
