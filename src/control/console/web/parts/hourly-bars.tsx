import { countScale } from "../text/scale.ts";
import { hourOf } from "../text/time.ts";
import "./hourly-bars.css";

interface Hour {
  readonly from: number;
  readonly allowed: number;
  readonly denied: number;
}

const WIDTH = 720;
const HEIGHT = 180;
const LEFT = 44;
const RIGHT = 4;
const TOP = 10;
const BOTTOM = 22;

/** Decisions by the hour: what was denied stands on what was allowed. The table behind has the same numbers. */
export function HourlyBars({ hours }: { readonly hours: readonly Hour[] }) {
  const scale = countScale(Math.max(0, ...hours.map(({ allowed, denied }) => allowed + denied)));
  const allowed = hours.reduce((sum, hour) => sum + hour.allowed, 0);
  const denied = hours.reduce((sum, hour) => sum + hour.denied, 0);
  const slot = (WIDTH - LEFT - RIGHT) / Math.max(1, hours.length);
  const floor = HEIGHT - BOTTOM;
  const y = (count: number): number => floor - (count / scale.top) * (floor - TOP);
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
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        role="img"
        aria-label={`${allowed} decisions allowed and ${denied} denied in the last 24 hours, by hour; the table below has the numbers`}
      >
        {scale.ticks.map((tick) => (
          <g key={tick}>
            <line
              className={tick === 0 ? "base" : "tick"}
              x1={LEFT}
              x2={WIDTH - RIGHT}
              y1={y(tick)}
              y2={y(tick)}
            />
            <text x={LEFT - 8} y={y(tick) + 4} textAnchor="end">
              {tick.toLocaleString("en")}
            </text>
          </g>
        ))}
        {hours.map((hour, index) => {
          const x = LEFT + index * slot + slot * 0.15;
          const width = slot * 0.7;
          const top = y(hour.allowed);
          return (
            <g key={hour.from}>
              <title>{`${hourOf(hour.from)}: ${hour.allowed} allowed, ${hour.denied} denied`}</title>
              <rect className="slot" x={LEFT + index * slot} y={TOP} width={slot} height={floor - TOP} />
              <rect className="allow" x={x} y={top} width={width} height={floor - top} />
              <rect
                className="deny"
                x={x}
                y={y(hour.allowed + hour.denied)}
                width={width}
                height={top - y(hour.allowed + hour.denied)}
              />
              {(hours.length - 1 - index) % 6 === 0 && (
                <text
                  x={x + width / 2}
                  y={HEIGHT - 6}
                  textAnchor={index === hours.length - 1 ? "end" : "middle"}
                >
                  {hourOf(hour.from)}
                </text>
              )}
            </g>
          );
        })}
      </svg>
      <details>
        <summary>Show as a table</summary>
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
            {hours.map((hour) => (
              <tr key={hour.from}>
                <th scope="row">{hourOf(hour.from)}</th>
                <td>{hour.allowed.toLocaleString("en")}</td>
                <td>{hour.denied.toLocaleString("en")}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </div>
  );
}
