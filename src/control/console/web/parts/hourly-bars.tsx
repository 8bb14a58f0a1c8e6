import { useLayoutEffect, useRef, useState } from "react";
import { countScale } from "../text/scale.ts";
import { hourOf } from "../text/time.ts";
import "./hourly-bars.css";

interface Hour {
  readonly from: number;
  readonly allowed: number;
  readonly denied: number;
}
interface Hours {
  readonly hours: readonly Hour[];
}

const HEIGHT = 190;
const LEFT = 44;
const RIGHT = 4;
const TOP = 10;
const FLOOR = HEIGHT - 24;

/** Decisions by the hour: what was denied stands on what was allowed. The table behind has the same numbers. */
export function HourlyBars({ hours }: Hours) {
  const allowed = sum(hours.map((hour) => hour.allowed));
  const denied = sum(hours.map((hour) => hour.denied));
  const frame = useRef<HTMLDivElement>(null);
  const width = useWidth(frame);
  return (
    <div className="chart">
      <p className="row chart-key">
        <span>
          <span className="swatch allow" aria-hidden="true" /> ✓ {allowed.toLocaleString("en")} allowed
        </span>
        <span>
          <span className="swatch deny" aria-hidden="true" /> ✕ {denied.toLocaleString("en")} denied
        </span>
        <span className="muted">decisions per hour</span>
      </p>
      <div ref={frame} className="chart-frame">
        <svg
          width={width}
          height={HEIGHT}
          role="img"
          aria-label={`${allowed} decisions allowed and ${denied} denied in the last 24 hours, by hour; the table below has the numbers`}
        >
          <Bars hours={hours} width={width} />
        </svg>
      </div>
      <details>
        <summary>Show as a table</summary>
        <HourTable hours={hours} />
      </details>
    </div>
  );
}

function Bars({ hours, width }: Hours & { readonly width: number }) {
  const scale = countScale(Math.max(0, ...hours.map(({ allowed, denied }) => allowed + denied)));
  const slot = Math.max(0, width - LEFT - RIGHT) / Math.max(1, hours.length);
  const y = (count: number): number => FLOOR - (count / scale.top) * (FLOOR - TOP);
  return (
    <>
      {scale.ticks.map((tick) => (
        <g key={tick}>
          <line
            className={tick === 0 ? "base" : "tick"}
            x1={LEFT}
            x2={width - RIGHT}
            y1={y(tick)}
            y2={y(tick)}
          />
          <text x={LEFT - 8} y={y(tick) + 4} textAnchor="end">
            {tick.toLocaleString("en")}
          </text>
        </g>
      ))}
      {hours.map(({ from, allowed, denied }, index) => {
        const x = LEFT + index * slot;
        const last = index === hours.length - 1;
        const [top, middle] = [y(allowed + denied), y(allowed)];
        return (
          <g key={from}>
            <title>{`${hourOf(from)}: ${allowed} allowed, ${denied} denied`}</title>
            <rect className="slot" x={x} y={TOP} width={slot} height={FLOOR - TOP} />
            <rect
              className="allow"
              x={x + slot * 0.15}
              y={middle}
              width={slot * 0.7}
              height={FLOOR - middle}
            />
            <rect className="deny" x={x + slot * 0.15} y={top} width={slot * 0.7} height={middle - top} />
            {(hours.length - 1 - index) % 6 === 0 && (
              <text x={last ? x + slot : x + slot / 2} y={HEIGHT - 6} textAnchor={last ? "end" : "middle"}>
                {hourOf(from)}
              </text>
            )}
          </g>
        );
      })}
    </>
  );
}

function HourTable({ hours }: Hours) {
  return (
    <table className="chart-table">
      <caption className="visually-hidden">Decisions by hour</caption>
      <thead>
        <tr>
          <th scope="col">Hour from</th>
          <th scope="col">Allowed</th>
          <th scope="col">Denied</th>
        </tr>
      </thead>
      <tbody>
        {hours.map(({ from, allowed, denied }) => (
          <tr key={from}>
            <th scope="row">{hourOf(from)}</th>
            <td>{allowed.toLocaleString("en")}</td>
            <td>{denied.toLocaleString("en")}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

/** The width that an element has, so that text in a drawing keeps its size on every screen. */
function useWidth(element: { readonly current: HTMLElement | null }): number {
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    if (element.current === null) return;
    const observer = new ResizeObserver(([entry]) => setWidth(entry?.contentRect.width ?? 0));
    observer.observe(element.current);
    setWidth(element.current.clientWidth);
    return () => observer.disconnect();
  }, [element]);
  return width;
}
