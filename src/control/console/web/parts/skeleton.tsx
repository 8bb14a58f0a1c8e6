import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { ErrorNotice } from "./notice.tsx";
import "./skeleton.css";

/** Stands in for rows that take more than 300 ms to come. */
function Skeleton({ rows = 6 }: { readonly rows?: number }) {
  return (
    <div className="skeleton" aria-busy="true">
      <span className="visually-hidden">Loading</span>
      {Array.from({ length: rows }, (_, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the rows are all alike
        <div key={row} />
      ))}
    </div>
  );
}

interface LoadedProps<T> {
  readonly query: UseQueryResult<T>;
  /** What cannot be shown without it: "The access log could not be read". */
  readonly what: string;
  readonly stillWorks?: string;
  readonly children: (data: T) => ReactNode;
}

/** Shows what a query brought; while it comes, a skeleton; what failed, above what was known before. */
export function Loaded<T>({ query, what, stillWorks, children }: LoadedProps<T>) {
  return (
    <>
      {query.isError && (
        <ErrorNotice
          error={query.error}
          what={what}
          {...(stillWorks === undefined ? {} : { stillWorks })}
          retry={() => void query.refetch()}
        />
      )}
      {query.data !== undefined ? children(query.data) : query.isPending && <Skeleton />}
    </>
  );
}
