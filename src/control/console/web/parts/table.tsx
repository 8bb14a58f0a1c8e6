import { ArrowDown, ArrowUp } from "lucide-react";
import { type MouseEvent, type ReactNode, useRef } from "react";
import { type Sort, sortRows } from "../text/rows.ts";
import { useKeys } from "./keys.ts";
import "./table.css";

export interface Column<Row> {
  readonly key: string;
  readonly head: string;
  readonly cell: (row: Row) => ReactNode;
  /** The width that it holds; without one it takes what is left. */
  readonly width?: string;
  readonly align?: "end";
  /** The value to sort by, where all rows are here. */
  readonly sort?: (row: Row) => string | number;
  /** Shown only where there is room. */
  readonly extra?: boolean;
  /** On a card: in its first line, without its name; or not at all. Else a line of its own. */
  readonly card?: "head" | "none";
}

interface TableProps<Row> {
  /** What the table lists, for those who do not see it. */
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly rowKey: (row: Row) => string;
  /** The row that is open beside the table. */
  readonly current?: string | undefined;
  readonly sort?: Sort | undefined;
  readonly onSort?: (sort: Sort) => void;
}

/**
 * The table of every list: rows of 36 px, columns that keep their width, headings that sort, `j` and `k` that
 * move. The first link in a row (class `row-link`) is what Enter and a click anywhere in it open. Where there
 * is no room for columns, each row is a card.
 */
export function Table<Row>({ label, columns, rows, rowKey, current, sort, onSort }: TableProps<Row>) {
  const body = useRef<HTMLTableSectionElement>(null);
  useKeys({ j: () => move(body.current, 1), k: () => move(body.current, -1) });
  const descending = sort?.startsWith("-") === true;
  const by = columns.find((column) => column.key === sort?.replace(/^-/, ""))?.sort;
  const shown = by === undefined ? rows : sortRows(rows, by, descending);
  return (
    <div className="table-frame">
      {/* the roles are said again because a card layout takes them from the elements */}
      {/* biome-ignore-start lint/a11y/noRedundantRoles: see above */}
      <table className="table" role="table" aria-label={label}>
        <colgroup>
          {columns.map(({ key, width, extra }) => (
            <col key={key} className={extra === true ? "extra" : undefined} style={width ? { width } : {}} />
          ))}
        </colgroup>
        <thead role="rowgroup">
          <tr role="row">
            {columns.map((column) => (
              <Heading
                key={column.key}
                column={column}
                sort={sort}
                onSort={column.sort === undefined ? undefined : onSort}
              />
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup" ref={body}>
          {shown.map((row) => {
            const key = rowKey(row);
            return (
              <tr
                key={key}
                role="row"
                data-key={key}
                aria-current={key === current ? "true" : undefined}
                onClick={openByRow}
              >
                {columns.map(({ key: column, head, cell, align, extra, card }) => (
                  <td key={column} role="cell" data-head={head} className={names(align, extra, card)}>
                    {cell(row)}
                  </td>
                ))}
              </tr>
            );
          })}
        </tbody>
      </table>
      {/* biome-ignore-end lint/a11y/noRedundantRoles: see above */}
    </div>
  );
}

interface HeadingProps<Row> {
  readonly column: Column<Row>;
  readonly sort: Sort | undefined;
  readonly onSort: ((sort: Sort) => void) | undefined;
}

function Heading<Row>({ column: { key, head, align, extra }, sort, onSort }: HeadingProps<Row>) {
  const state = sort === key ? "ascending" : sort === `-${key}` ? "descending" : undefined;
  return (
    // biome-ignore lint/a11y/noRedundantRoles: a card layout takes it from the element
    <th scope="col" role="columnheader" className={names(align, extra)} aria-sort={state}>
      {onSort === undefined ? (
        head
      ) : (
        <button type="button" onClick={() => onSort(state === "ascending" ? `-${key}` : key)}>
          {head}
          {state === "ascending" && <ArrowUp size={13} aria-hidden="true" />}
          {state === "descending" && <ArrowDown size={13} aria-hidden="true" />}
        </button>
      )}
    </th>
  );
}

function names(
  align: "end" | undefined,
  extra: boolean | undefined,
  card?: "head" | "none",
): string | undefined {
  const list = [align, extra === true ? "extra" : undefined, card === undefined ? undefined : `card-${card}`];
  return list.filter((name) => name !== undefined).join(" ") || undefined;
}

/** A click in a row, but not on something of its own and not to select text, opens what its link does. */
function openByRow(event: MouseEvent<HTMLTableRowElement>): void {
  const own = event.target instanceof Element ? event.target.closest("a, button, input, label") : null;
  if (own !== null || document.getSelection()?.isCollapsed === false) return;
  event.currentTarget.querySelector<HTMLElement>(".row-link")?.click();
}

/** Moves the focus to the next or former row, from the one that has it, else from the one that is open. */
function move(body: HTMLTableSectionElement | null, by: number): void {
  if (body === null) return;
  const rows = [...body.rows];
  const at = rows.findIndex((row) => row.contains(document.activeElement));
  const from = at === -1 ? rows.findIndex((row) => row.ariaCurrent === "true") : at;
  const row = rows[from === -1 ? 0 : Math.min(Math.max(from + by, 0), rows.length - 1)];
  row?.querySelector<HTMLElement>(".row-link")?.focus();
}

/** Gives the focus back to the row that was open. */
export function focusRow(key: string): void {
  document.querySelector<HTMLElement>(`tr[data-key="${CSS.escape(key)}"] .row-link`)?.focus();
}
