const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const CLOCKS_DIFFER = 5_000;

const relative = new Intl.RelativeTimeFormat("en", { numeric: "always" });

/** "3 minutes ago", "in 2 hours"; within 45 seconds "just now" or, beyond what two clocks may differ by, "in a moment", beyond 30 days the date. Milliseconds since the Unix epoch. */
export function relativeTime(time: number, now: number, timeZone?: string): string {
  const distance = time - now;
  const size = Math.abs(distance);
  if (size < 45_000) return distance <= CLOCKS_DIFFER ? "just now" : "in a moment";
  if (size < 59.5 * MINUTE) return relative.format(Math.round(distance / MINUTE), "minute");
  if (size < 23.5 * HOUR) return relative.format(Math.round(distance / HOUR), "hour");
  if (size < 30 * DAY) return relative.format(Math.round(distance / DAY), "day");
  return new Intl.DateTimeFormat("en", { dateStyle: "medium", timeZone }).format(time);
}

/** How long something has lasted: "4 minutes", "2 hours", "3 days". */
export function lasted(ms: number): string {
  if (ms < MINUTE) return "under a minute";
  for (const [unit, size] of [
    ["day", DAY],
    ["hour", HOUR],
    ["minute", MINUTE],
  ] as const) {
    const count = Math.floor(ms / size);
    if (count > 0) return `${count} ${unit}${count === 1 ? "" : "s"}`;
  }
  return "under a minute";
}

/** The exact time with its zone, to the second. */
export function exactTime(time: number, timeZone?: string): string {
  return new Intl.DateTimeFormat("en-GB", {
    day: "numeric",
    month: "short",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    timeZoneName: "short",
    timeZone,
  }).format(time);
}

/** The hour of the day: "09:00". */
export function hourOf(time: number, timeZone?: string): string {
  return new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone }).format(time);
}

/** A duration of a request: "0.4 ms", "12 ms", "1.2 s", "4 min". */
export function duration(ms: number): string {
  if (ms < 1) return `${ms.toFixed(1)} ms`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < MINUTE) return `${(ms / 1000).toFixed(1)} s`;
  return `${Math.round(ms / MINUTE)} min`;
}
